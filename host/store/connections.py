"""Connections: a component's credentials, sealed. What seals and opens them is handed in; see :mod:`..secrets.vault`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from .database import reading, storable
from .ids import time_id
from .names import named
from .schema import connections as table
from .schema import instances, registrations

_BY_ID = sa.select(table).where(table.c.id == sa.bindparam("wanted"))
_BY_NAME = sa.select(table).where(table.c.name == sa.bindparam("wanted"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRecord:
    """``healthy`` is None until a test; ``verdict`` is what the test said. ``secret`` is ciphertext.

    Flows run as one of the users in ``reserved_for`` may use it, by their ids; any flow where there are none.
    """

    id: str
    name: str
    component: str
    key: str
    secret: str
    reserved_for: Sequence[str]
    verdict: str | None
    healthy: bool | None
    tested_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def __repr__(self) -> str:
        return f"ConnectionRecord(id={self.id!r}, name={self.name!r}, component={self.component!r}, key={self.key!r})"


@dataclass(frozen=True, slots=True)
class Connections:
    engine: sa.Engine

    def add(
        self, *, name: str, component: str, key: str, seal: Callable[[str], str], reserved_for: Sequence[str] = ()
    ) -> ConnectionRecord:
        """Store a new one; ``seal(connection_id)`` gives the ciphertext. Raises InvalidInput for a name in use."""
        now, new_id = utc_now(), time_id()
        values: dict[str, Any] = {
            "id": new_id,
            "name": named("name", name),
            "component": component,
            "key": key,
            "secret": seal(new_id),
        }
        values["reserved_for"] = list(reserved_for)
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(table).values(**values, created_at=now, updated_at=now))
        except sa.exc.IntegrityError:
            raise _name_in_use(name) from None
        return self.require(new_id)

    def update(
        self, connection_id: str, *, name: str, secret: str, reserved_for: Sequence[str] | None = None
    ) -> ConnectionRecord:
        """Replace name and values; the last verdict goes, since it was about other values. None keeps ``reserved_for``."""
        changed: dict[str, Any] = {
            "name": named("name", name),
            "secret": secret,
            "verdict": None,
            "healthy": None,
            "tested_at": None,
        }
        if reserved_for is not None:
            changed["reserved_for"] = list(reserved_for)
        try:
            with self.engine.begin() as connection:
                connection.execute(
                    sa.update(table).where(table.c.id == connection_id).values(**changed, updated_at=utc_now())
                )
        except sa.exc.IntegrityError:
            raise _name_in_use(name) from None
        return self.require(connection_id)

    def record_test(self, connection_id: str, *, healthy: bool, verdict: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.id == connection_id)
                .values(healthy=healthy, verdict=verdict, tested_at=utc_now())
            )

    def remove(self, connection_id: str) -> None:
        """Raises InvalidInput while an instance uses it."""
        with self.engine.begin() as connection:
            rows = connection.execute(sa.select(instances.c.name, instances.c.connections))
            users = [row.name for row in rows if connection_id in row.connections.values()]
            if users:
                raise InvalidInput(
                    f"the connection is used by {', '.join(users)}; give those instances another one first",
                    field="connection",
                )
            _check_registrations(connection, connection_id)
            connection.execute(sa.delete(table).where(table.c.id == connection_id))

    def get(self, connection_id: str) -> ConnectionRecord | None:
        return self._one(_BY_ID, connection_id) if storable(connection_id) else None

    def named(self, name: str) -> ConnectionRecord | None:
        return self._one(_BY_NAME, name.strip()) if storable(name) else None

    def require(self, connection_id: str) -> ConnectionRecord:
        """Like get; raises InvalidInput when there is none."""
        record = self.get(connection_id)
        if record is None:
            raise InvalidInput(f"there is no connection {connection_id}; it was removed", field="connection")
        return record

    def all(self, component: str | None = None) -> list[ConnectionRecord]:
        query = sa.select(table).order_by(table.c.name)
        with reading(self.engine).begin() as connection:
            rows = connection.execute(query if component is None else query.where(table.c.component == component))
            return [ConnectionRecord(**row) for row in rows.mappings()]

    def _one(self, query: sa.Select[Any], wanted: str) -> ConnectionRecord | None:
        with reading(self.engine).begin() as connection:
            row = connection.execute(query, {"wanted": wanted}).mappings().one_or_none()
        return None if row is None else ConnectionRecord(**row)


def _check_registrations(connection: sa.Connection, connection_id: str) -> None:
    """Raises InvalidInput while a webhook that was registered with it is still to be put back."""
    rows = connection.execute(
        sa.select(instances.c.name, registrations.c.connections)
        .join(instances, instances.c.id == registrations.c.instance_id)
        .where(registrations.c.ledger != "")
    )
    users = sorted({row.name for row in rows if connection_id in row.connections.values()})
    if users:
        raise InvalidInput(
            f"webhooks of {', '.join(users)} were registered with the connection and are not put back yet; see its page",
            field="connection",
        )


def _name_in_use(name: str) -> InvalidInput:
    return InvalidInput(f"name: another connection is called {name.strip()!r}; choose another name", field="name")
