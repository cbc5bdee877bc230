"""The line to the database: whoever breaks off in the middle of a transaction is let go."""

import logging
import sqlite3
from contextlib import ExitStack
from dataclasses import replace

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from twilio_connector.host.engine.durable import configuration
from twilio_connector.host.store.database import (
    close,
    connect,
    is_away,
    like_a_server,
    log_failure,
    prepare,
    sqlite_engine,
    watched,
)
from twilio_connector.host.store.executors import Executors

ON_POSTGRES = pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
TIMEOUT = "idle_in_transaction_session_timeout"


@ON_POSTGRES
def test_a_process_that_freezes_in_a_transaction_is_let_go_before_others_take_it_for_dead(settings):
    url = configuration(settings, "e")["system_database_url"]
    for engine in (connect(settings), sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))):
        with engine.begin() as connection:
            assert connection.exec_driver_sql(f"SHOW {TIMEOUT}").scalar() == "8s"
        engine.dispose()
    assert settings.limits.acts >= 8.0


@ON_POSTGRES
def test_one_that_froze_while_it_wrote_its_heartbeat_is_buried(settings):
    url = f"{settings.database_url.get_secret_value()}&options=-c {TIMEOUT}=300ms"
    frozen, living = connect(replace(settings, database_url=SecretStr(url))), connect(settings)
    prepare(living)
    Executors(frozen).begin("frozen.1")
    with frozen.connect() as connection:
        connection.execute(sa.text("UPDATE twilio_connector.executors SET seen_at = '2020-01-01T00:00:00.000Z'"))
        assert Executors(living).bury(silent_for=0.0, but="living.1") == ["frozen.1"]
        with pytest.raises(sa.exc.DBAPIError) as broken:
            connection.commit()
    assert is_away(broken.value)
    frozen.dispose()
    living.dispose()


def test_what_the_url_says_itself_stays():
    url = watched("postgresql+psycopg://me@db.example/texts?connect_timeout=60&options=-c%20search_path%3Dmine")
    assert url.query["connect_timeout"] == "60"
    assert url.query["options"].endswith("-c search_path=mine")


@ON_POSTGRES
def test_what_a_thread_has_out_when_it_is_closed_is_closed_when_it_comes_back(settings):
    engine = connect(settings)
    kept, late = engine.connect(), engine.connect()
    kept_line, late_line = (connection.connection.dbapi_connection for connection in (kept, late))
    kept.close()
    assert not kept_line.closed
    close(engine)
    assert (kept_line.closed, late_line.closed) == (True, False)
    late.close()
    assert late_line.closed


@ON_POSTGRES
def test_each_worker_has_a_connection_and_some_are_left(settings):
    engine = connect(replace(settings, limits=replace(settings.limits, workers=25)))
    with ExitStack() as stack:
        for _ in range(25 + 15):
            stack.enter_context(engine.connect())
    engine.dispose()


def test_who_waited_in_vain_for_a_connection_takes_the_database_for_away():
    engine = sa.create_engine("sqlite://", poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(sa.exc.TimeoutError) as waited:
        engine.connect()
    assert is_away(waited.value)
    engine.dispose()


class Contested(sqlite3.Connection):
    """Another one is the first in the file at the same moment, as often as ``times`` says."""

    times = 0

    def execute(self, statement, *parameters):
        if "journal_mode" in statement and Contested.times:
            Contested.times -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(statement, *parameters)


def test_those_who_are_the_first_in_a_file_at_once_all_get_in(tmp_path):
    engine = like_a_server(
        sa.create_engine(f"sqlite:///{tmp_path / 'new.sqlite'}", connect_args={"factory": Contested})
    )
    Contested.times = 3
    with engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert Contested.times == 0
    engine.dispose()


def test_a_file_that_is_no_database_is_told_at_once(tmp_path):
    file = tmp_path / "notes.sqlite"
    file.write_text("no database" * 100)
    with pytest.raises(sa.exc.DatabaseError, match="not a database"), sqlite_engine(file).begin():
        pass


def test_a_database_that_is_away_is_one_line_of_the_log_and_any_other_failure_is_told_whole(caplog):
    log = logging.getLogger("test")
    away = sa.exc.OperationalError("SELECT 1", {}, sqlite3.OperationalError("connection refused\nIs it running?"))
    log_failure(log, "the loop failed", away)
    log_failure(log, "the loop failed", KeyError("rows"))
    line, whole = caplog.records
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert line.getMessage() == "the loop failed: the database does not answer: connection refused"
    assert whole.levelname == "ERROR"
    assert isinstance(whole.exc_info[1], KeyError)
