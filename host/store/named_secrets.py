"""Secrets under their names, sealed. What seals and opens them is handed in; see :mod:`..secrets.named_secrets`."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ...connector.context import utc_now
from .database import insert, reading
from .schema import named_secrets as table


@dataclass(frozen=True, slots=True)
class NamedSecretRows:
    engine: sa.Engine

    def put(self, name: str, sealed: str) -> bool:
        """Store it, in place of the one of that name; whether it is new."""
        now = utc_now()
        values = {"name": name, "secret": sealed, "created_at": now, "updated_at": now}
        changed = {"secret": sealed, "updated_at": now}
        with self.engine.begin() as connection:
            new = connection.execute(sa.select(table.c.name).where(table.c.name == name)).first() is None
            statement = insert(connection, table).values(values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))
        return new

    def get(self, name: str) -> str | None:
        """The ciphertext."""
        with reading(self.engine).begin() as connection:
            found: str | None = connection.scalar(sa.select(table.c.secret).where(table.c.name == name))
        return found

    def remove(self, name: str) -> bool:
        """False when there was none."""
        with self.engine.begin() as connection:
            return bool(connection.execute(sa.delete(table).where(table.c.name == name)).rowcount)

    def all(self) -> dict[str, datetime]:
        """When each was last set, by name."""
        with reading(self.engine).begin() as connection:
            rows = connection.execute(sa.select(table.c.name, table.c.updated_at).order_by(table.c.name))
            return {row.name: row.updated_at for row in rows}
