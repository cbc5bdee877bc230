"""What the durable engine (DBOS) runs on: its own database beside ours, set up so that its clock and its locks are right."""

import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from dbos._dbos import _get_dbos_instance
from dbos._utils import GlobalParams

from ..execution.outcome import SEALED
from ..settings import Settings
from ..store.database import private, watched

_TOKEN = re.compile(f"{SEALED}([\\w=-]+)")
ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
APPLICATION_VERSION = "1"  # constant: the default, a hash of the source, strands running work after an edit


def configuration(settings: Settings, executor: str) -> DBOSConfig:
    """For ``DBOS(config=…)``."""
    common = DBOSConfig(
        name="twilio-connector",
        application_version=APPLICATION_VERSION,
        executor_id=executor,
        serializer=DBOSPortableJSONSerializer(),
        log_level="WARNING",
        max_executor_threads=4 * settings.limits.workers + 8,
        notification_listener_polling_interval_sec=0.2,  # what a stop waits for
    )
    if settings.is_postgres:
        made = postgres_engine(watched(settings.database_url.get_secret_value()))
        url = made.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return DBOSConfig(**common, system_database_url=url, system_database_engine=made)
    return DBOSConfig(**common, system_database_engine=sqlite_engine(private(settings.data / "engine.sqlite")))


def rename(executor: str) -> None:
    """What the engine starts in this process from now on is that executor's."""
    GlobalParams.executor_id = executor


def owner(workflow_id: str) -> str | None:
    """Which executor the engine has given a workflow to. Asked beside it: ``DBOS.get_workflow_status`` would be a step."""
    status = _get_dbos_instance()._sys_db.get_workflow_status(workflow_id)  # noqa: SLF001
    return status["executor_id"] if status else None


def recover(alive: Callable[[], Iterable[str]]) -> None:
    """Let the living run what was the dead's. The engine gives each workflow to one of them."""
    pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    owners = {workflow.executor_id for workflow in pending if workflow.executor_id}
    dead = owners.difference(alive())  # asked for last: whoever began meanwhile is among them
    if dead:
        DBOS._recover_pending_workflows(sorted(dead))  # noqa: SLF001 (the engine's only way to take over)


def sealed_checkpoints(settings: Settings) -> list[str]:
    """The ciphertexts among the checkpoints of executions that have not ended."""
    path = settings.data / "engine.sqlite"
    if settings.is_postgres:
        engine, schema = sa.create_engine(settings.database_url.get_secret_value()), "dbos"
    elif path.exists():
        engine, schema = sqlite_engine(path), None
    else:
        return []
    try:
        return [match[1] for text in _open_checkpoints(engine, schema) for match in _TOKEN.finditer(text)]
    finally:
        engine.dispose()


def _open_checkpoints(engine: sa.Engine, schema: str | None) -> list[str]:
    if not sa.inspect(engine).has_table("operation_outputs", schema):
        return []
    steps = sa.table("operation_outputs", sa.column("workflow_uuid"), sa.column("output"), schema=schema)
    flows = sa.table("workflow_status", sa.column("workflow_uuid"), sa.column("status"), schema=schema)
    query = sa.select(steps.c.output).join(flows, flows.c.workflow_uuid == steps.c.workflow_uuid)
    with engine.connect() as connection:
        return list(connection.scalars(query.where(flows.c.status.not_in(ENDED), steps.c.output.contains(SEALED))))


def share_the_log() -> None:
    """Let the engine's log go where the host's goes; by itself it writes to a console of its own."""
    logger = logging.getLogger("dbos")
    for handler in [*logger.handlers]:
        logger.removeHandler(handler)
    logger.addHandler(logging.NullHandler())  # with none it makes its own again
    logger.propagate = True


def postgres_engine(url: sa.URL) -> sa.Engine:
    """One as the engine underneath makes it by itself, that knows when its database is away."""
    engine = sa.create_engine(url, pool_size=10, max_overflow=0, pool_pre_ping=True)
    sa.event.listen(engine, "handle_error", _on_error)
    return engine


def _on_error(context: sa.engine.ExceptionContext) -> None:
    """What is called a disconnect the engine underneath waits out; of itself it knows some messages only, and fails the flow.

    A connection that cannot be made is one, and a disk that is full or does not answer.
    """
    error = context.original_exception
    code = getattr(error, "sqlite_errorcode", None)
    could_not_connect = context.connection is None and isinstance(error, psycopg.OperationalError)
    if could_not_connect or (code is not None and code & 0xFF in _DISK):
        context.is_disconnect = True


def sqlite_engine(path: Path) -> sa.Engine:
    """WAL with a sync at each commit, transactions that lock at once, and a clock in milliseconds.

    Before Python 3.12 the engine asks SQLite for ``strftime('%s')``, whole seconds, after it for ``unixepoch('subsec')``, which
    SQLite knows since 3.42: with the first, rate limits and order are wrong, without the second nothing starts.
    """
    engine = sa.create_engine(f"sqlite:///{path}", pool_size=10, max_overflow=50)
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "handle_error", _on_error)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("strftime", -1, _strftime)
    connection.create_function("unixepoch", -1, lambda *_: seconds(time.time_ns()))


def _strftime(layout: str, *moment: str) -> float:
    if (layout, *moment) != ("%s", "now"):
        raise ValueError(f"the engine asked for strftime({layout!r}), which is not its clock")
    return seconds(time.time_ns())


def seconds(nanoseconds: int) -> float:
    """Seconds that times 1000 are whole milliseconds exactly, so that a column of integers keeps integers."""
    near = (milliseconds / 1000 for milliseconds in count(nanoseconds // 1_000_000, -1))
    return next(value for value in near if (value * 1000).is_integer())
