"""A database of any earlier version becomes today's, with what is in it, while processes of the version before go on."""

import re
import threading
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.host.store import Store
from twilio_connector.host.store.database import SCHEMA, connect, prepare, read_meta
from twilio_connector.host.store.schema import VERSION, executions, metadata

OLD = Path(__file__).with_name("old")
TIME = "2026-11-21T09:47:06.123Z"
ROW = {
    "id": "x1",
    "endpoint_id": "e",
    "instance_id": "i",
    "version_id": "v",
    "flow": "Inbound",
    "status": "accepted",
    "attempt": 1,
    "available_at": TIME,
    "created_at": TIME,
    "payload": "{}",
}
PLACES = ", ".join(f":{name}" for name in ROW)
INSERT = f"INSERT INTO executions ({', '.join(ROW)}) VALUES ({PLACES})"  # noqa: S608  names of this file


@pytest.fixture
def old(settings):
    """Make a database of that version with one accepted execution, and open it as a process of that version would."""
    settings.data.mkdir(parents=True)
    engine = connect(settings)

    def make(version: int) -> sa.Engine:
        with engine.begin() as connection:
            if settings.is_postgres:
                connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
                connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
            for statement in (OLD / f"version_{version}.sql").read_text().split(";\n"):
                connection.exec_driver_sql(of_dialect(statement.rstrip(";\n"), settings))
            connection.execute(sa.text(INSERT), ROW)
            kept = sa.text("INSERT INTO meta (key, value) VALUES ('schema_version', :version)")
            connection.execute(kept, {"version": str(version)})
        return engine

    yield make
    engine.dispose()


def of_dialect(statement: str, settings) -> str:
    return (
        re.sub(" WITHOUT ROWID|BLOB", lambda m: {"BLOB": "BYTEA"}.get(m[0], ""), statement)
        if settings.is_postgres
        else statement
    )


def shape(engine: sa.Engine, settings) -> dict:
    """Of each table its columns and indexes."""
    schema = SCHEMA if settings.is_postgres else None
    there = sa.inspect(engine)
    return {
        name: (
            {(c["name"], str(c["type"]), c["nullable"]) for c in there.get_columns(name, schema)},
            {(i["name"], tuple(i["column_names"]), bool(i["unique"])) for i in there.get_indexes(name, schema)},
        )
        for name in metadata.tables
    }


VERSIONS = sorted(int(path.stem.removeprefix("version_")) for path in OLD.glob("*.sql"))


def test_there_is_a_database_of_each_version_before_this():
    assert list(range(1, VERSION)) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_an_old_version_becomes_as_a_new_one_and_keeps_what_it_holds(
    old, settings, version, tmp_path, request
):
    engine = old(version)
    prepare(engine)
    prepare(engine)  # twice is once
    store = Store(engine)
    assert (store.executions.get("x1").status, store.executions.get("x1").run_as) == ("accepted", "")
    assert [claim.execution_id for claim in store.executions.claim("me", store.executions.get("x1").created_at, 9)] == [
        "x1"
    ]
    with engine.begin() as connection:
        assert read_meta(connection, "schema_version") == str(VERSION)
    fresh = new_database(settings, tmp_path, request)
    old_shape, new_shape = shape(engine, settings), shape(fresh, settings)
    for name, (columns, indexes) in new_shape.items():
        assert old_shape[name][0] == columns
        assert old_shape[name][1] >= indexes  # one that is not declared any more stays: older processes may use it
    fresh.dispose()


def new_database(settings, tmp_path, request) -> sa.Engine:
    if settings.is_postgres:
        engine = sa.create_engine(request.getfixturevalue("new_database")())
        engine = engine.execution_options(schema_translate_map={None: SCHEMA})
    else:
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    prepare(engine)
    return engine


@pytest.mark.parametrize("version", VERSIONS[-1:])
def test_a_process_of_the_version_before_goes_on_beside_a_new_one(old, settings, version):
    engine = old(version)
    prepare(engine)
    with engine.begin() as connection:
        if settings.is_postgres:
            connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
        connection.execute(sa.text(INSERT), ROW | {"id": "x2"})
    assert Store(engine).executions.get("x2").status == "accepted"


HELD = {
    "customers": {"id": "c", "external_id": "acme", "name": "Acme", "created_at": TIME},
    "integrations": {"id": "g", "name": "Nightly", "created_at": TIME},
    "versions": {"id": "v", "integration_id": "g", "number": 1, "file_name": "f.yaml", "created_at": TIME},
}
INSTANCE = {"integration_id": "g", "version_id": "v", "customer_id": "c", "config": "{}", "connections": "{}"}
SCHEDULE = {"plan": "CRON_TZ=UTC 0 3 * * *", "polling": False, "failures": 0}


def test_a_schedule_that_a_deployment_left_behind_follows_its_instance_again(old, settings):
    engine = old(4)
    with engine.begin() as connection:
        if settings.is_postgres:
            connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
        for name, row in HELD.items():
            insert(connection, name, row)
        for name, enabled, next_at in (
            ("on", True, TIME),
            ("dead", True, None),
            ("off", False, None),
            ("late", False, TIME),
        ):
            made = {"id": name, "name": name, "enabled": enabled, "created_at": TIME, "updated_at": TIME}
            insert(connection, "instances", INSTANCE | made)
            insert(connection, "endpoints", {"id": name, "instance_id": name, "flow": "Tick", "created_at": TIME})
            insert(connection, "schedules", SCHEDULE | {"endpoint_id": name, "next_at": next_at})
    prepare(engine)
    found = {name: Store(engine).schedules.get(name).next_at for name in ("on", "dead", "off", "late")}
    assert (found["on"], found["off"], found["late"]) == (datetime.fromisoformat(TIME), None, None)
    assert found["dead"] > utc_now()
    assert (found["dead"].hour, found["dead"].minute) == (3, 0)


def insert(connection, name, row):
    places = ", ".join(f":{column}" for column in row)
    connection.execute(sa.text(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({places})"), row)  # noqa: S608


def test_processes_that_start_together_migrate_once(old):
    engine, failed = old(1), []

    def start() -> None:
        try:
            prepare(engine)
        except Exception as error:  # noqa: BLE001  the test tells of any
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(executions)) == 1


def test_a_migration_that_fails_leaves_the_database_as_it_was(old, monkeypatch):
    engine = old(1)

    def broken(connection: sa.Connection) -> None:
        connection.execute(sa.update(executions).values(status="failed"))
        raise RuntimeError("the step broke")

    monkeypatch.setattr("twilio_connector.host.store.migrations.STEPS", {2: broken})
    with pytest.raises(RuntimeError):
        prepare(engine)
    monkeypatch.undo()
    with engine.begin() as connection:
        assert read_meta(connection, "schema_version") == "1"
    prepare(engine)
    assert Store(engine).executions.get("x1").status == "accepted"
