"""Engines and the schema: SQLite as a server would run it, or Postgres in a schema of its own."""

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ...connector.errors import ConnectorError
from ..settings import Settings
from . import turns
from .migrations import migrate
from .schema import VERSION, meta, metadata

Write = Callable[[sa.Connection], Any]  # one change, made in a transaction of others

SCHEMA = "twilio_connector"
PATIENCE = 30  # seconds that one connection waits for what another has locked, on SQLite
_LINE = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_BESIDE = 10  # connections that who accepts, shows and looks after things needs at most, beside the pool's own ten
# A process that is frozen in a transaction holds what it locked. It is let go before others take the process for dead.
_IDLE = "-c idle_in_transaction_session_timeout=8s"


class DatabaseUnusable(ConnectorError):
    """The database cannot be used as it is; the message says what to do."""

    kind = "database"
    exit_status = 3


def connect(settings: Settings) -> sa.Engine:
    """An engine for the host's own tables; nothing is opened yet."""
    if settings.is_postgres:
        url = watched(settings.database_url.get_secret_value())
        engine = sa.create_engine(url, pool_size=10, max_overflow=settings.limits.workers + _BESIDE, pool_pre_ping=True)
        return engine.execution_options(schema_translate_map={None: SCHEMA})
    return sqlite_engine(private(settings.data / "host.sqlite"))


def watched(url: str) -> sa.URL:
    """The URL of a Postgres, with a line whose breaking is noticed in seconds on both ends; what the URL says itself stays.

    Without it a call over a line that is cut without a word waits a quarter of an hour, and the server for two hours.
    """
    made = sa.make_url(url)
    query: dict[str, Any] = _LINE | dict(made.query)
    return made.set(query=query | {"options": f"{_IDLE} {query.get('options', '')}".strip()})


def is_away(error: Exception) -> bool:
    """Whether the database or the line to it was lost, so that the same may succeed when it is there again.

    While connecting takes until its timeout, whoever waits for a connection meanwhile is told of the pool's.
    """
    lost = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
    return isinstance(error, lost) or (isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated)


def lost(error: Exception) -> DatabaseUnusable | None:
    """What to tell of an error that says that the database is away; None of any other."""
    if not is_away(error):
        return None
    return DatabaseUnusable(
        f"the database went away: {_reason(error)}. What was written stays: check that it runs, and start the command again"
    )


def name_of(error: Exception) -> str:
    """What the driver calls it, for the log; where it is none of the driver's, its own name."""
    return type(error.orig if isinstance(error, sa.exc.DBAPIError) else error).__name__


def log_failure(log: logging.Logger, what: str, error: Exception) -> None:
    """Log that a loop failed, which goes on. Of a database that is away a line is enough: it comes again until it is there."""
    if is_away(error):
        log.warning("%s: the database does not answer: %s", what, _reason(error))
    else:
        log.error("%s", what, exc_info=error)


def sqlite_engine(path: Path) -> sa.Engine:
    """One for the file, with connections kept."""
    return like_a_server(sa.create_engine(f"sqlite:///{path}", pool_size=10, max_overflow=20))


def like_a_server(engine: sa.Engine) -> sa.Engine:
    """WAL, synced at each commit, transactions that take the write lock first so that none fails half-way for it."""
    sa.event.listen(engine, "connect", _on_sqlite_connect)
    sa.event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def private(path: Path) -> Path:
    """The file, made for its owner only if it is not there; SQLite gives its companions the same mode."""
    path.touch(mode=0o600)
    return path


def storable(text: str) -> bool:
    """Whether every database takes the text: Postgres has no NUL, and no UTF-8 has lone surrogates."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def made_storable(text: str) -> str:
    """With a question mark for each character that is not."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _on_sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (f"busy_timeout={PATIENCE * 1000}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Of those who are the first in a file at once, one is refused without being made to wait: it tries again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.001)
        else:
            return


def _on_sqlite_begin(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def close(engine: sa.Engine) -> None:
    """For good. What a thread still has out is closed when it comes back: ``dispose`` alone leaves it open in the old pool."""
    sa.event.listen(engine, "checkin", lambda _connection, record: record.invalidate())
    engine.dispose()


def reading(engine: sa.Engine) -> sa.Engine:
    """The same pool, for transactions that only read and so wait for no writer."""
    return engine.execution_options(reads=True)


def prepare(engine: sa.Engine) -> None:
    """Create what is missing, migrate what is old. Raises DatabaseUnusable for an unreachable database or a newer one's."""
    try:
        with engine.begin() as connection:
            _prepare(connection)
    except sa.exc.DBAPIError as error:
        raise DatabaseUnusable(_unreachable(engine, error)) from None


def _prepare(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        turns.take(connection, turns.Turn.PREPARING)
        connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
    metadata.create_all(connection)  # tables that are missing, in whatever version
    found = read_meta(connection, "schema_version")
    if found is None:
        write_meta(connection, "schema_version", str(VERSION))
    elif int(found) < VERSION:
        migrate(connection, int(found), VERSION)
        connection.execute(sa.update(meta).where(meta.c.key == "schema_version").values(value=str(VERSION)))
    elif int(found) > VERSION:
        raise DatabaseUnusable(
            f"the database has schema version {found} and this program knows {VERSION}: "
            "upgrade twilio-connector, or give it another data directory or DATABASE_URL"
        )


def _unreachable(engine: sa.Engine, error: sa.exc.DBAPIError) -> str:
    place = engine.url.render_as_string(hide_password=True)
    return f"cannot open the database {place}: {_reason(error)}. Check that it runs and that DATABASE_URL is right"


def _reason(error: Exception) -> str:
    """The first line of what the driver says; its own words where it is none of the driver's."""
    said = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error).strip()
    return said.splitlines()[0] if said else name_of(error)


def read_meta(connection: sa.Connection, key: str) -> str | None:
    value: str | None = connection.scalar(sa.select(meta.c.value).where(meta.c.key == key))
    return value


def write_meta(connection: sa.Connection, key: str, value: str) -> None:
    """Set once: the first writer's value stays."""
    connection.execute(insert(connection, meta).values(key=key, value=value).on_conflict_do_nothing())


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: sa.Table) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)
