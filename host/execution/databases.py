"""Where the code of integrations keeps what is its own: a database for each customer, apart from the host's tables.

On SQLite it is a file, ``customers/<customer>.sqlite`` in the data directory, so that a long write of an integration never
holds up the inbox; on Postgres a schema ``customer_<customer>`` of the same database. Code of one customer's flows is handed
no other customer's; since it runs in the host's process, that keeps apart what is well meant, it is no prison.
"""

import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..settings import Settings
from ..store.database import like_a_server, private

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Databases:
    """One a host. Nothing is made or opened before the code of an integration asks for a connection."""

    settings: Settings
    _engines: dict[str, sa.Engine] = field(default_factory=dict, repr=False)

    def of(self, customer_id: str) -> sa.Engine:
        """The customer's. It keeps no connection open, so there may be as many as there are customers."""
        known = self._engines.get(customer_id)
        return known or self._engines.setdefault(customer_id, self._engine(customer_id))

    def _engine(self, customer_id: str) -> sa.Engine:
        if not _ID.fullmatch(customer_id):
            raise ValueError(f"{customer_id!r} is not the id of a customer")
        return self._postgres(customer_id) if self.settings.is_postgres else self._sqlite(customer_id)

    def _sqlite(self, customer_id: str) -> sa.Engine:
        path = self.settings.data / "customers" / f"{customer_id}.sqlite"
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
        sa.event.listen(engine, "do_connect", lambda *_: _make(path))
        return like_a_server(engine)

    def _postgres(self, customer_id: str) -> sa.Engine:
        """Found by the search path, so that plain SQL reaches the customer's tables too, and no other's by mistake."""
        schema = f"customer_{customer_id.replace('-', '')}"
        engine = sa.create_engine(
            self.settings.database_url.get_secret_value(),
            poolclass=sa.NullPool,
            connect_args={"options": f"-csearch_path={schema}"},
        )
        sa.event.listen(engine, "first_connect", lambda connection, _: _make_schema(connection, schema))
        return engine


def _make(path: Path) -> None:
    """The file, for its owner only. What keeps it from being made is an error of the database, which the code expects."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        private(path)
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file: {error.strerror}") from error


def _make_schema(connection: Any, schema: str) -> None:
    """Two processes may be first at once: the loser of that race finds it made."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock(hashtext('{schema}'))")
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    connection.commit()
