import time

import pytest
import sqlalchemy as sa
from dbos._utils import retriable_postgres_exception
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.engine.durable import postgres_engine, seconds, sqlite_engine

YEARS_2025_TO_2037 = st.integers(1_735_689_600_000, 2_114_380_800_000)


@given(YEARS_2025_TO_2037)
def test_the_clock_gives_whole_milliseconds_exactly(milliseconds):
    assert seconds(milliseconds * 1_000_000) * 1000 == milliseconds


@pytest.fixture
def connection(tmp_path):
    engine = sqlite_engine(tmp_path / "engine.sqlite")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_what_finds_no_database_is_waited_out_by_the_engine(tmp_path):
    """Over a socket the driver says it in other words than the engine knows."""
    engine = postgres_engine(sa.make_url(f"postgresql+psycopg://me@/nothing?host={tmp_path}"))
    with pytest.raises(sa.exc.OperationalError) as failed:
        engine.connect()
    assert retriable_postgres_exception(failed.value)


def test_a_full_disk_is_waited_out_by_the_engine_and_a_mistake_is_not(connection):
    connection.exec_driver_sql("CREATE TABLE t (text TEXT)")
    connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(sa.exc.OperationalError, match="full") as full:
        connection.exec_driver_sql("INSERT INTO t VALUES (?)", ("x" * 100_000,))
    assert retriable_postgres_exception(full.value)
    connection.rollback()
    with pytest.raises(sa.exc.OperationalError, match="no such table") as mistaken:
        connection.exec_driver_sql("SELECT * FROM u")
    assert not retriable_postgres_exception(mistaken.value)


@pytest.mark.parametrize("clock", ["strftime('%s', 'now')", "unixepoch('subsec')"])
def test_sqlite_tells_the_engine_milliseconds_as_an_integer(connection, clock):
    before = time.time_ns() // 1_000_000
    connection.exec_driver_sql(f"CREATE TABLE t (at BIGINT DEFAULT ({clock} * 1000), other TEXT)")
    connection.exec_driver_sql("INSERT INTO t (other) VALUES ('x')")
    kind, at = connection.exec_driver_sql("SELECT typeof(at), at FROM t").one()
    assert kind == "integer"
    assert before <= at <= time.time_ns() // 1_000_000


def test_any_other_question_to_the_clock_is_refused(connection):
    with pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql("SELECT strftime('%Y', 'now')")


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 30000), ("foreign_keys", 1)]
)
def test_sqlite_is_set_up_as_a_server_would(connection, pragma, value):
    assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value
