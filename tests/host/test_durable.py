import time

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.durable import seconds, sqlite_engine

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
