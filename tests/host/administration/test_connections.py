"""Connections: checked before they are kept, tried for real, and their secrets sent nowhere else."""

import pytest
import sqlalchemy as sa
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput
from twilio_connector.host.store.schema import metadata

FIELDS = {"account": "A1", "token": "hunter2-hunter2"}


def add(host, name="mine", **fields):
    return host.connections.add(name=name, component="probe", key="token", fields=FIELDS | fields)


def test_a_connection_is_checked_by_its_component_before_it_is_kept(host):
    with pytest.raises(ConnectionFailed) as caught:
        host.connections.add(name="mine", component="probe", key="token", fields={"token": "hunter2-hunter2"})
    assert caught.value.field == "account"
    assert host.store.connections.all() == []


def test_a_page_sees_which_secrets_are_set_but_never_their_values(host):
    shown, secret = host.connections.form(add(host).id)
    assert (shown, secret) == ({"account": "A1"}, {"token"})


def test_a_secret_left_empty_keeps_its_value(host):
    made = add(host)
    host.connections.update(made.id, name="ours", fields={"account": "A2", "token": ""})
    record = host.store.connections.require(made.id)
    assert record.name == "ours"
    assert host.vault.unseal(made.id, record.secret) == {"account": "A2", "token": "hunter2-hunter2"}


def test_a_test_is_written_down_whether_good_or_bad(host):
    good, bad = add(host), add(host, "bad", token="wrong-token")
    assert (host.connections.test(good.id).healthy, host.connections.test(good.id).verdict) == (True, "reaches A1")
    tested = host.connections.test(bad.id)
    assert (tested.healthy, tested.verdict) == (False, "the token [secret] is wrong")


@pytest.mark.parametrize(
    "unknown", [{"component": "nothing", "key": "token"}, {"component": "probe", "key": "nothing"}]
)
def test_a_connection_of_no_component_is_refused(host, unknown):
    with pytest.raises(InvalidInput, match="no installed component"):
        host.connections.add(name="mine", fields=FIELDS, **unknown)


def test_no_table_holds_a_secret_in_plain(host):
    add(host)
    with host.store.engine.begin() as connection:
        everything = [connection.execute(sa.select(table)).all() for table in metadata.sorted_tables]
    assert "hunter2" not in repr(everything)


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "\ud800"])
def test_names_that_a_database_does_not_take_are_refused(host, name):
    with pytest.raises(InvalidInput, match="printable"):
        add(host, name)
    with pytest.raises(InvalidInput, match="printable"):
        host.store.customers.ensure(name.strip())


def test_stored_secrets_are_not_sent_to_another_address(host):
    fields = {"username": "AC" + "1" * 32, "password": "the-auth-token"}
    made = host.connections.add(name="Twilio", component="twilio", key="basic", fields=fields)
    theirs = {"username": fields["username"], "baseUrl": "https://theirs.example/{product}"}
    with pytest.raises(InvalidInput, match=r"baseUrl: .*enter them again \(password\)"):
        host.connections.update(made.id, name="Twilio", fields=theirs)
    with pytest.raises(InvalidInput, match="baseUrl"):
        host.connections.update(made.id, name="Twilio", fields=theirs, tested=True)
    assert host.connections.form(made.id)[0] == {"username": fields["username"]}
    same = {"username": fields["username"], "baseUrl": "https://{product}.twilio.com", "timeout": "5"}
    host.connections.update(made.id, name="Twilio", fields=same)
    host.connections.update(made.id, name="Twilio", fields=theirs | {"password": "the-auth-token"})
    assert host.connections.form(made.id)[0]["baseUrl"] == theirs["baseUrl"]


def test_a_named_secret_is_not_sent_to_an_address_that_whoever_chose_it_gave(host):
    host.custody.set_secret("one", "the-auth-token")
    host.custody.set_secret("two", "another-token")
    theirs = {"username": "AC" + "1" * 32, "baseUrl": "https://theirs.example/{product}"}
    call, other = {"password": {"$secret": "one"}}, {"password": {"$secret": "two"}}
    kind = {"component": "twilio", "key": "basic"}
    with pytest.raises(InvalidInput, match="baseUrl: a secret that is called by its name"):
        host.connections.add(name="New", **kind, fields=theirs | call)
    usual = host.connections.add(name="Usual", **kind, fields={"username": theirs["username"]} | call)
    for change in ({}, call, other):
        with pytest.raises(InvalidInput, match="baseUrl: "):
            host.connections.update(usual.id, name="Usual", fields=theirs | change)
    own = host.connections.add(name="Own", **kind, fields=theirs | {"password": "entered"})
    with pytest.raises(InvalidInput, match="baseUrl: a secret"):
        host.connections.update(own.id, name="Own", fields=theirs | call, tested=True)
    declared = host.connections.add(name="Declared", **kind, fields=theirs | call, elsewhere=True)
    host.connections.update(declared.id, name="Renamed", fields=theirs | call)
    with pytest.raises(InvalidInput, match="baseUrl: a secret"):
        host.connections.update(declared.id, name="Renamed", fields=theirs | other)
    assert [record.name for record in host.store.connections.all()] == ["Own", "Renamed", "Usual"]
