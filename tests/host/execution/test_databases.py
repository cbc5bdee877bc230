"""What the code of integrations keeps is the customer's own, and nothing of the host's is in its way."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from twilio_connector.host.execution.databases import Databases
from twilio_connector.host.settings import Settings
from twilio_connector.host.store.database import connect
from twilio_connector.host.store.ids import time_id

texts = sa.Table("texts", sa.MetaData(), sa.Column("id", sa.String(64), primary_key=True))


@pytest.fixture
def databases(settings, store):
    return Databases(settings)


def names(engine):
    with engine.begin() as connection:
        return sa.inspect(connection).get_table_names()


def keep(engine, text):
    with engine.begin() as connection:
        texts.create(connection, checkfirst=True)
        connection.execute(sa.insert(texts).values(id=text))


def kept(engine):
    with engine.begin() as connection:
        return connection.execute(sa.text("SELECT id FROM texts")).scalars().all()


def test_each_customer_has_tables_of_its_own(databases):
    one, two = databases.of(time_id()), databases.of(time_id())
    keep(one, "for one")
    assert names(two) == []
    keep(two, "for two")
    assert (kept(one), kept(two)) == (["for one"], ["for two"])


def test_none_of_the_hosts_tables_is_in_it(databases, settings):
    engine = databases.of(time_id())
    assert names(engine) == []
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(sa.text("SELECT * FROM connections"))
    own = connect(settings)
    assert "texts" not in names(own)
    own.dispose()


def test_it_is_there_again_after_a_restart(databases, settings):
    customer = time_id()
    keep(databases.of(customer), "kept")
    assert databases.of(customer) is databases.of(customer)
    assert kept(Databases(settings).of(customer)) == ["kept"]


def test_many_may_be_the_first_at_once(settings, databases):
    customer = time_id()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: names(Databases(settings).of(customer)), range(8))) == [[]] * 8


@pytest.mark.parametrize("customer", ["", "../host", "a/b", "x; DROP SCHEMA twilio_connector", "A" * 36, "0" * 37])
def test_only_an_id_of_a_customer_names_one(databases, customer):
    with pytest.raises(ValueError, match="is not the id of a customer"):
        databases.of(customer)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_nothing_is_made_before_it_is_asked_for_and_then_for_its_owner_only(databases, settings):
    folder = settings.data / "customers"
    engine = databases.of(time_id())
    assert not folder.exists()
    keep(engine, "x")
    (file,) = folder.glob("*.sqlite")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_folder_that_cannot_be_is_an_error_of_the_database(databases, settings):
    (settings.data / "customers").write_text("in the way")
    with pytest.raises(sa.exc.OperationalError, match="unable to open database file"):
        keep(databases.of(time_id()), "x")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_long_write_of_an_integration_holds_up_no_write_of_the_host(databases, store):
    engine = databases.of(time_id())
    with engine.begin() as connection:
        texts.create(connection)
        assert store.customers.ensure("acme").external_id == "acme"


def test_its_password_is_shown_to_nobody(tmp_path):
    url = SecretStr("postgresql://user:s3cret@127.0.0.1:1/database")
    engine = Databases(Settings(data=tmp_path, database_url=url)).of(time_id())
    with pytest.raises(sa.exc.OperationalError) as caught:
        names(engine)
    assert "s3cret" not in f"{engine!r} {caught.value}"
