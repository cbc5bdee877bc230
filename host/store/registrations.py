"""Registrations: what is to be done about a webhook at its service, what is done, and what went wrong.

deployed ──▶ pending ──▶ registered ──▶ removing ──▶ no row
                │ ▲           │             │
                ▼ │ again     │             └─ tried again until it is done
              failed ◀────────┘ deployed again
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ...connector.context import utc_now
from . import schedules
from .database import insert, reading
from .schema import endpoints, instances
from .schema import registrations as table
from .states import forget_instance

if TYPE_CHECKING:
    from .instances import InstanceRecord

_DONE_WITH = ("version_id", "config", "connections")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRecord:
    """``status`` is pending, registered, failed or removing; ``changes`` are what a :class:`Change` holds. See the schema."""

    endpoint_id: str
    instance_id: str
    flow: str
    version_id: str
    config: Mapping[str, Any]
    connections: Mapping[str, str]
    status: str
    leaving: bool
    ledger: str
    changes: Sequence[Mapping[str, str]]
    error: str | None
    attempts: int
    due_at: datetime
    registered_at: datetime | None
    updated_at: datetime

    def __repr__(self) -> str:
        return f"RegistrationRecord(endpoint_id={self.endpoint_id!r}, flow={self.flow!r}, status={self.status!r})"


@dataclass(frozen=True, slots=True)
class Registrations:
    engine: sa.Engine

    def get(self, endpoint_id: str) -> RegistrationRecord | None:
        found = self._all(table.c.endpoint_id == endpoint_id)
        return found[0] if found else None

    def of(self, instance_id: str) -> list[RegistrationRecord]:
        """Those of an instance, by flow."""
        return self._all(table.c.instance_id == instance_id)

    def due(self, now: datetime) -> list[RegistrationRecord]:
        """What a process has begun, or is to try again."""
        return self._all(table.c.status.in_(["pending", "removing"]), table.c.due_at <= now)

    def save(self, endpoint_id: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            where = table.c.endpoint_id == endpoint_id
            connection.execute(sa.update(table).where(where).values(**values, updated_at=utc_now()))

    def intend(self, instance: "InstanceRecord", flows: Collection[str]) -> None:
        """Write down that these flows are to be registered as the instance is now, and all others to be put back."""
        with self.engine.begin() as connection:
            intend(connection, instance.id, flows, {name: getattr(instance, name) for name in _DONE_WITH})

    def leave(self, instance_id: str) -> bool:
        """Switch the instance off, to go once its webhooks are put back; False where it has none."""
        mine, now = table.c.instance_id == instance_id, utc_now()
        with self.engine.begin() as connection:
            schedules.switch(connection, instance_id, on=False, now=now)
            going = {"status": "removing", "leaving": True, "attempts": 0, "due_at": now, "updated_at": now}
            return connection.execute(sa.update(table).where(mine).values(going)).rowcount > 0

    def is_leaving(self, instance_id: str) -> bool:
        """Whether the instance goes once its webhooks are put back."""
        return any(record.leaving for record in self.of(instance_id))

    def leaving(self) -> frozenset[str]:
        """All such instances."""
        with reading(self.engine).begin() as connection:
            return frozenset(connection.execute(sa.select(table.c.instance_id).where(table.c.leaving)).scalars())

    def end(self, record: RegistrationRecord) -> None:
        """Its webhook is put back. The last of an instance that is leaving takes the instance with it."""
        mine = table.c.instance_id == record.instance_id
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.endpoint_id == record.endpoint_id))
            left = connection.execute(sa.select(table.c.endpoint_id).where(mine).limit(1)).first()
            if record.leaving and left is None:
                forget_instance(connection, record.instance_id)
                connection.execute(sa.delete(instances).where(instances.c.id == record.instance_id))

    def forget(self, instance_id: str) -> None:
        """Remove the instance, and what is known of its webhooks. Its endpoints go with it; its executions stay as a record."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.instance_id == instance_id))
            forget_instance(connection, instance_id)
            connection.execute(sa.delete(instances).where(instances.c.id == instance_id))

    def _all(self, *conditions: sa.ColumnElement[bool]) -> list[RegistrationRecord]:
        with reading(self.engine).begin() as connection:
            rows = connection.execute(sa.select(table).where(*conditions).order_by(table.c.instance_id, table.c.flow))
            return [RegistrationRecord(**row) for row in rows.mappings()]


def intend(connection: sa.Connection, instance_id: str, flows: Collection[str], done_with: Mapping[str, Any]) -> None:
    """Write down that these flows of the instance are to be registered, and all others to be put back.

    What a registration that is there was ``done_with`` stays: putting it back may need that.
    """
    mine, now = endpoints.c.instance_id == instance_id, utc_now()
    rows = connection.execute(
        sa.select(endpoints.c.id, endpoints.c.flow).where(mine, endpoints.c.flow.in_(flows))
    ).all()
    state = {"leaving": False, "error": None, "attempts": 0, "due_at": now, "updated_at": now}
    here = table.c.instance_id == instance_id
    if connection.execute(sa.select(table.c.endpoint_id).where(here, table.c.leaving).limit(1)).first():
        schedules.switch(connection, instance_id, on=True, now=now)
    connection.execute(sa.update(table).where(here).values(**state, status="removing"))
    for row in rows:
        new = {"endpoint_id": row.id, "instance_id": instance_id, "flow": row.flow, "ledger": "", "changes": []}
        new |= {name: done_with[name] for name in _DONE_WITH}
        pending = state | {"status": "pending"}
        statement = insert(connection, table).values(**new, **pending)
        connection.execute(statement.on_conflict_do_update(index_elements=["endpoint_id"], set_=pending))
