"""The steps of executions: each attempt, written down when it begins and again when it has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from .database import insert_for, reading
from .executors import CLOCKS
from .schema import steps


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One attempt at one step. ``inputs`` and ``output`` are portable JSON text with secrets struck out."""

    execution_id: str
    flow_attempt: int
    path: str
    attempt: int
    name: str
    component: str
    action: str
    status: str
    inputs: str | None = None
    output: str | None = None
    error: dict[str, Any] | None = None
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    engine: sa.Engine

    def of(self, execution_id: str) -> Sequence[StepRow]:
        """In the order they began."""
        query = sa.select(steps).where(steps.c.execution_id == execution_id)
        with reading(self.engine).begin() as connection:
            rows = connection.execute(query.order_by(steps.c.flow_attempt, steps.c.started_at)).mappings()
            return [StepRow(**row) for row in rows]

    def last_of(self, execution_id: str, path: str) -> StepRow | None:
        """The last attempt at that step."""
        query = sa.select(steps).where(steps.c.execution_id == execution_id, steps.c.path == path)
        with reading(self.engine).begin() as connection:
            newest = query.order_by(steps.c.flow_attempt.desc(), steps.c.attempt.desc()).limit(1)
            row = connection.execute(newest).mappings().one_or_none()
        return None if row is None else StepRow(**row)


def begin_step(connection: sa.Connection, row: StepRow) -> datetime | None:
    """Write down that a step is about to happen; when it was written down before, when that was, by the database's clock.

    Whoever asks may be another process, on a machine whose clock is another.
    """
    if connection.execute(_begin_step(connection.dialect.name), _values(row)).first() is not None:
        return None
    key = [column == getattr(row, column.name) for column in steps.primary_key]
    began: datetime = connection.execute(sa.select(steps.c.started_at).where(*key)).scalar_one()
    return began


def end_step(connection: sa.Connection, row: StepRow) -> None:
    """Write down how a step ended; a replay does not overwrite what the first run wrote."""
    connection.execute(_end_step(connection.dialect.name), _values(row))


def cancel_steps(connection: sa.Connection, execution_id: str, now: datetime) -> None:
    """Steps that were broken off, such as a sleep."""
    begun = (steps.c.execution_id == execution_id, steps.c.status.in_(["running", "looping"]))
    connection.execute(sa.update(steps).where(*begun).values(status="cancelled", ended_at=now))


@cache
def _begin_step(dialect: str) -> sa.Executable:
    row: dict[str, Any] = {it.name: sa.bindparam(it.name, type_=it.type) for it in steps.c}
    row["started_at"] = sa.literal_column(CLOCKS[dialect])
    statement: sa.Executable = insert_for(dialect, steps).values(row).on_conflict_do_nothing().returning(steps.c.path)
    return statement


@cache
def _end_step(dialect: str) -> sa.Executable:
    inserted = insert_for(dialect, steps)
    changes = {name: inserted.excluded[name] for name in ("status", "inputs", "output", "error", "ended_at")}
    unless_ended = steps.c.status.in_(["running", "looping"])
    key = list(steps.primary_key)
    statement: sa.Executable = inserted.on_conflict_do_update(index_elements=key, set_=changes, where=unless_ended)
    return statement


def _values(row: StepRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in StepRow.__slots__}
