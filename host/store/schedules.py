"""When flows start by themselves, and who is making them start just now.

A run that is due is leased to one process. What the run gives is written in one transaction with :func:`settle`, which needs
the lease: a process that lost it, because it was frozen or the schedule was changed meanwhile, writes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from ...connector.errors import InvalidInput
from ..definition.timetable import Timetable
from .database import reading
from .schema import OPEN, Instant, endpoints, executions, instances, status_in
from .schema import schedules as table


class LeaseLost(Exception):
    """The run is not this process's any more; nothing of it was written."""


@dataclass(frozen=True, slots=True)
class Start:
    """That a flow starts by itself, and when; ``polling`` where its trigger asks a service."""

    timetable: Timetable
    polling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord:
    """``plan`` is the file's timetable, ``override`` that of the instance's page; ``next_at`` is None while it is paused.

    ``failures`` counts those since it last went well, ``error`` is the last of them.
    """

    endpoint_id: str
    plan: str
    override: str | None
    polling: bool
    next_at: datetime | None
    regular_at: datetime | None
    lease: str | None
    lease_until: datetime | None
    last_at: datetime | None
    failures: int
    error: dict[str, Any] | None

    @property
    def timetable(self) -> Timetable:
        """The one that holds."""
        return Timetable.parse(self.override or self.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A run to be made, leased to whoever claimed it. ``regular_at`` is the time that it does not stand for, if it is extra."""

    endpoint_id: str
    polling: bool
    plan: str
    time: datetime
    regular_at: datetime | None
    failures: int
    lease: str

    def following(self, now: datetime) -> datetime:
        """When the next run is due, however this one goes."""
        if self.regular_at and self.regular_at > now:
            return self.regular_at
        return Timetable.parse(self.plan).following(self.regular_at or self.time, now)


# The one query of an idle host. A leased run is due again when its lease is over.
_NOW = sa.bindparam("now_", type_=Instant())
_DUE = (
    sa.select(table)
    .where(table.c.next_at <= _NOW, sa.or_(table.c.lease_until.is_(None), table.c.lease_until <= _NOW))
    .order_by(table.c.polling, table.c.next_at)  # a poll may have to wait for a free worker, the others never
    .limit(100)
)
_DUE_NO_POLLS = _DUE.where(sa.not_(table.c.polling))


@dataclass(frozen=True, slots=True)
class Schedules:
    engine: sa.Engine

    def claim(self, now: datetime, until: datetime, polls: int) -> list[Due]:
        """Lease what is due until that time, at most so many polls; two never get the same."""
        query = _DUE if polls > 0 else _DUE_NO_POLLS
        with reading(self.engine).begin() as connection:
            if connection.execute(query.limit(1), {"now_": now}).first() is None:
                return []
        with self.engine.begin() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True), {"now_": now}).mappings()
            found = [ScheduleRecord(**row) for row in rows]
            polled = [record for record in found if record.polling][:polls]
            return [_lease(connection, record, until) for record in found if not record.polling or record in polled]

    def renew(self, leases: Collection[str], until: datetime) -> None:
        """Extend leases; those that were lost stay lost. Whoever settles one is not waited for: it may wait for another."""
        held = sa.select(table.c.endpoint_id).where(table.c.lease.in_(leases)).with_for_update(skip_locked=True)
        with self.engine.begin() as connection:
            ids = connection.execute(held).scalars().all()
            connection.execute(sa.update(table).where(table.c.endpoint_id.in_(ids)).values(lease_until=until))

    def release(self, leases: Collection[str]) -> None:
        """Give leases back: the runs are due as before."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.lease.in_(leases)).values(lease=None, lease_until=None))

    def get(self, endpoint_id: str) -> ScheduleRecord | None:
        with reading(self.engine).begin() as connection:
            query = sa.select(table).where(table.c.endpoint_id == endpoint_id)
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else ScheduleRecord(**row)

    def run_now(self, endpoint_id: str, now: datetime) -> None:
        """Make an extra run due. Raises InvalidInput while the instance is paused, and while a run is being made."""
        with self.engine.begin() as connection:
            record = _require(connection, endpoint_id)
            if record.next_at is None:
                raise InvalidInput("the instance is paused; resume it first", field="schedule")
            if record.lease_until and record.lease_until > now:
                raise InvalidInput("it is running just now; try again in a moment", field="schedule")
            regular = record.regular_at or record.next_at
            values = {"next_at": min(now, record.next_at), "regular_at": None if regular <= now else regular}
            connection.execute(sa.update(table).where(table.c.endpoint_id == endpoint_id).values(values))

    def override(self, endpoint_id: str, timetable: Timetable | None, now: datetime) -> None:
        """Set another timetable than the file's, or None for the file's; what is being made under the old one is dropped."""
        with self.engine.begin() as connection:
            record = _require(connection, endpoint_id)
            valid = timetable or Timetable.parse(record.plan)
            next_at = None if record.next_at is None else valid.after(now)
            changes = {"override": str(timetable) if timetable else None, "next_at": next_at} | _FREE
            connection.execute(sa.update(table).where(table.c.endpoint_id == endpoint_id).values(changes))


_FREE: dict[str, Any] = {"regular_at": None, "lease": None, "lease_until": None}


def settle(
    connection: sa.Connection,
    due: Due,
    *,
    now: datetime,
    next_at: datetime,
    error: Mapping[str, Any] | None = None,
) -> None:
    """End a run as part of a transaction, with the error that it ended with. Raises LeaseLost: then all must be undone."""
    failures = 0 if error is None else due.failures + 1
    where = (table.c.endpoint_id == due.endpoint_id, table.c.lease == due.lease)
    changes = {"next_at": next_at, "last_at": now, "failures": failures, "error": error} | _FREE
    if connection.execute(sa.update(table).where(*where).values(changes)).rowcount != 1:
        raise LeaseLost("another process took the run over, or the schedule was changed while it ran")


def is_open(engine: sa.Engine, endpoint_id: str) -> bool:
    """Whether an execution of the flow has not ended yet."""
    mine = status_in(executions, *OPEN) & (executions.c.endpoint_id == endpoint_id)
    query = sa.select(executions.c.id).where(mine).limit(1)
    with reading(engine).begin() as connection:
        return connection.execute(query).first() is not None


def arrange(connection: sa.Connection, instance_id: str, starts: Mapping[str, Start], now: datetime) -> None:
    """Keep a schedule for each of those flows of the instance, and none for the others.

    One whose times did not change keeps its next one. A poll that is new is due at once: what happens from now on is its.
    """
    enabled = connection.scalar(sa.select(instances.c.enabled).where(instances.c.id == instance_id))
    mine = sa.select(endpoints.c.id, endpoints.c.flow).where(endpoints.c.instance_id == instance_id)
    by_flow = {row.flow: row.id for row in connection.execute(mine)}
    gone = [endpoint_id for flow, endpoint_id in by_flow.items() if flow not in starts]
    connection.execute(sa.delete(table).where(table.c.endpoint_id.in_(gone)))
    known = {record.endpoint_id: record for record in _of(connection, instance_id)}
    for flow, start in starts.items():
        endpoint_id = by_flow[flow]
        if endpoint_id in known:
            _rearrange(connection, known[endpoint_id], start, now)
        else:
            first = now if start.polling else start.timetable.after(now)
            values = {"endpoint_id": endpoint_id, "plan": str(start.timetable), "polling": start.polling, "failures": 0}
            connection.execute(sa.insert(table).values(values | {"next_at": first if enabled else None}))


def _rearrange(connection: sa.Connection, record: ScheduleRecord, start: Start, now: datetime) -> None:
    """What is being made under the version before is dropped: it is still due."""
    plan = str(start.timetable)
    changes: dict[str, Any] = {"plan": plan, "polling": start.polling, "lease": None, "lease_until": None}
    if plan != record.plan and record.override is None and record.next_at is not None:
        changes |= {"next_at": start.timetable.after(now), "regular_at": None}
    connection.execute(sa.update(table).where(table.c.endpoint_id == record.endpoint_id).values(changes))


def switch(connection: sa.Connection, instance_id: str, *, on: bool, now: datetime) -> None:
    """Switch the instance on or off, and its schedules with it. Nothing else does: what is off has no next time.

    What is being made when it goes off is dropped; what was due while it was off is not made up for.
    """
    mine = sa.update(instances).where(instances.c.id == instance_id)
    connection.execute(mine.values(enabled=on, updated_at=now))
    records = _of(connection, instance_id)
    if on:
        paused = [record for record in records if record.next_at is None]
        _update(connection, paused, lambda record: record.timetable.after(now))
    else:
        _update(connection, records, lambda _: None)


def _update(
    connection: sa.Connection, records: Sequence[ScheduleRecord], next_at: Callable[[ScheduleRecord], datetime | None]
) -> None:
    for record in records:
        changes = {"next_at": next_at(record)} | _FREE
        connection.execute(sa.update(table).where(table.c.endpoint_id == record.endpoint_id).values(changes))


def _of(connection: sa.Connection, instance_id: str) -> list[ScheduleRecord]:
    mine = sa.select(endpoints.c.id).where(endpoints.c.instance_id == instance_id)
    rows = connection.execute(sa.select(table).where(table.c.endpoint_id.in_(mine)).with_for_update()).mappings()
    return [ScheduleRecord(**row) for row in rows]


def _require(connection: sa.Connection, endpoint_id: str) -> ScheduleRecord:
    query = sa.select(table).where(table.c.endpoint_id == endpoint_id).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise InvalidInput("the flow has no schedule; give its trigger one in the integration file", field="schedule")
    return ScheduleRecord(**row)


def _lease(connection: sa.Connection, record: ScheduleRecord, until: datetime) -> Due:
    """Take the run. ``next_at`` stays: if this process dies, it is due again when the lease is over."""
    lease = str(uuid4())
    values = {"lease": lease, "lease_until": until}
    connection.execute(sa.update(table).where(table.c.endpoint_id == record.endpoint_id).values(values))
    return Due(
        endpoint_id=record.endpoint_id,
        polling=record.polling,
        plan=record.override or record.plan,
        time=record.next_at or until,
        regular_at=record.regular_at,
        failures=record.failures,
        lease=lease,
    )
