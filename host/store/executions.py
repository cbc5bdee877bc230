"""Executions. An execution in status ``accepted`` or ``waiting`` is the inbox: work to be claimed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from ...connector.context import utc_now
from .claiming import CLAIM, Claim, take
from .database import reading, storable
from .executors import require_alive
from .schema import ENDED as _ENDED
from .schema import OPEN, End, Instant, executions, status_in
from .steps import cancel_steps

Status = Literal["accepted", "running", "waiting", "succeeded", "failed", "cancelled"]
StartedBy = Literal["webhook", "schedule", "flow", "replay"]
ENDED: frozenset[Status] = frozenset(_ENDED)
CANCELLED = {"kind": "cancelled", "message": "it was cancelled"}
REPLACED = {"kind": "replaced", "message": "the same request came again, and its own execution does what is left to do"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRecord:
    """One run of a flow. ``attempt`` counts from 1; ``waiting`` is between two attempts, until ``available_at``.

    ``run_as`` is the id of the user on whose behalf it runs, or ``system`` where that was decided; empty until then.
    ``payload`` and ``result`` are portable JSON text, or None where the query left them out. A replay has the payload of
    ``replay_of``, and takes over the results of the steps before the path ``from_step``. With ``cancelled_at`` it stops before
    its next step.
    """

    id: str
    endpoint_id: str
    instance_id: str
    version_id: str
    flow: str
    subject: str
    replay_of: str | None
    from_step: str | None
    cancelled_at: datetime | None
    sequence: str | None
    concurrency: int | None
    request_id: str | None
    parent_id: str | None
    depth: int
    run_as: str
    status: Status
    attempt: int
    executor: str | None
    available_at: datetime
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    payload: str | None = None
    result: str | None = None
    error: dict[str, Any] | None = None
    planned_at: datetime | None = None

    @property
    def started_by(self) -> StartedBy:
        """A schedule's executions have the time that they were ``planned_at``; polls too."""
        if self.replay_of:
            return "replay"
        if self.parent_id:
            return "flow"
        return "schedule" if self.planned_at else "webhook"


def is_started_by(what: StartedBy) -> sa.ColumnElement[bool]:
    """The same as a condition."""
    by = executions.c
    first = {
        "replay": by.replay_of.is_not(None),
        "flow": by.parent_id.is_not(None),
        "schedule": by.planned_at.is_not(None),
    }
    before = list(first.values())[: list(first).index(what)] if what in first else list(first.values())
    return sa.and_(first.get(what, sa.true()), *map(sa.not_, before))


class NotOurs(Exception):
    """The execution is another executor's by now, or has ended."""


_TICK = timedelta(milliseconds=1)  # as exact as instants are kept
_LARGE = {"payload", "result"}
BRIEF = [column for column in executions.c if column.name not in _LARGE]

# Statements of the hot path are made once: SQLAlchemy takes longer to put them together than SQLite to run them.
_ONE = sa.select(executions).where(executions.c.id == sa.bindparam("id_"))
_STATUS = sa.select(executions.c.status).where(executions.c.id == sa.bindparam("id_"))
_IS_RUNNING = (
    executions.c.id == sa.bindparam("id_"),
    executions.c.attempt == sa.bindparam("attempt_"),
    executions.c.status == "running",
)
_IS_OURS = (*_IS_RUNNING, executions.c.executor == sa.bindparam("executor_"))
_ADOPT = sa.update(executions).where(*_IS_RUNNING).values(executor=sa.bindparam("executor_"))
_OURS = sa.select(executions.c.cancelled_at).where(*_IS_OURS).with_for_update(read=True)
_CANCELLED = sa.select(executions.c.cancelled_at).where(executions.c.id == sa.bindparam("id_"))


@dataclass(frozen=True, slots=True)
class Executions:
    engine: sa.Engine

    def get(self, execution_id: str) -> ExecutionRecord | None:
        if not storable(execution_id):
            return None
        with reading(self.engine).begin() as connection:
            row = connection.execute(_ONE, {"id_": execution_id}).mappings().one_or_none()
        return None if row is None else ExecutionRecord(**row)

    def recent(
        self, *, instance_id: str | None = None, status: Status | None = None, limit: int = 50
    ) -> list[ExecutionRecord]:
        """The newest first, without payloads and results."""
        query = sa.select(*BRIEF).order_by(executions.c.id.desc()).limit(limit)
        given = ((executions.c.instance_id, instance_id), (executions.c.status, status))
        query = query.where(*[column == value for column, value in given if value is not None])
        with reading(self.engine).begin() as connection:
            return [ExecutionRecord(**row) for row in connection.execute(query).mappings()]

    def status(self, execution_id: str) -> Status | None:
        with reading(self.engine).begin() as connection:
            found: Status | None = connection.scalar(_STATUS, {"id_": execution_id})
        return found

    def cancelled(self, execution_id: str) -> bool:
        """Whether it is to stop."""
        with reading(self.engine).begin() as connection:
            return connection.scalar(_CANCELLED, {"id_": execution_id}) is not None

    def replays(self, execution_id: str) -> list[ExecutionRecord]:
        """The executions that replay it, the newest first."""
        query = sa.select(*BRIEF).where(executions.c.replay_of == execution_id).order_by(executions.c.id.desc())
        with reading(self.engine).begin() as connection:
            return [ExecutionRecord(**row) for row in connection.execute(query.limit(20)).mappings()]

    def claim(self, executor: str, now: datetime, limit: int) -> list[Claim]:
        """Take up to ``limit`` executions that are due, the oldest first, for ``executor``; two never get the same.

        One of a sequence is due when all before it have ended, one of an endpoint with a limit when fewer than that run. None
        are taken where another process was first with a sequence: the next claim sees it.
        """
        try:
            with self.engine.begin() as connection:
                return sorted(take(connection, executor, now, limit))
        except sa.exc.IntegrityError:
            return []

    def is_replaced(self, execution_id: str) -> bool:
        """Whether the same request has come again since."""
        mine = sa.select(executions.c.request_id).where(executions.c.id == execution_id).scalar_subquery()
        later = sa.select(executions.c.id).where(executions.c.request_id == mine, executions.c.id > execution_id)
        with reading(self.engine).begin() as connection:
            return connection.execute(later.limit(1)).first() is not None

    def any_open(self, instance_id: str) -> bool:
        # Not by the index of the instance's: most of those have ended.
        mine = status_in(executions, *OPEN) & (sa.func.coalesce(executions.c.instance_id, "") == instance_id)
        with reading(self.engine).begin() as connection:
            return connection.execute(sa.select(executions.c.id).where(mine).limit(1)).first() is not None

    def running(self, executor: str) -> list[Claim]:
        """What ``executor`` has claimed and not ended."""
        mine = status_in(executions, *OPEN) & status_in(executions, "running") & (executions.c.executor == executor)
        with reading(self.engine).begin() as connection:
            return [Claim(*row) for row in connection.execute(sa.select(*CLAIM).where(mine))]


def next_in_sequence(connection: sa.Connection, sequences: Collection[str], now: datetime) -> dict[str, datetime]:
    """When what is accepted now is dated: now, or after all that is open in its sequence, by whatever clock that was dated."""
    if not sequences:
        return {}
    last = sa.select(executions.c.sequence, sa.func.max(executions.c.created_at, type_=Instant()))
    in_them = (executions.c.sequence.in_(sequences), status_in(executions, *OPEN))
    found = dict(map(tuple, connection.execute(last.where(*in_them).group_by(executions.c.sequence))))
    return {it: max(now, found[it] + _TICK) if it in found else now for it in sequences}


def replace_retries(connection: sa.Connection, request_id: str, now: datetime) -> None:
    """End what waits for its next attempt at that request: it has come again."""
    waiting = status_in(executions, "waiting") & (executions.c.request_id == request_id)
    values = {"status": "failed", "ended_at": now, "error": dict(REPLACED)}
    connection.execute(sa.update(executions).where(waiting).values(values))


def run_as(connection: sa.Connection, execution_id: str, user: str) -> None:
    """Write down on whose behalf it runs."""
    connection.execute(sa.update(executions).where(executions.c.id == execution_id).values(run_as=user))


def adopt(connection: sa.Connection, execution_id: str, attempt: int, executor: str) -> bool:
    """The engine runs that attempt as ``executor`` now. False: it has ended. Raises NotOurs for an executor that is no more."""
    if not require_alive(connection, executor):
        raise NotOurs
    given = {"id_": execution_id, "attempt_": attempt, "executor_": executor}
    return connection.execute(_ADOPT, given).rowcount == 1


def require_ours(connection: sa.Connection, execution_id: str, attempt: int, executor: str) -> bool:
    """Whether it goes on, or is to stop. Raises NotOurs unless ``executor`` runs it, and will until the transaction ends."""
    found = connection.execute(_OURS, {"id_": execution_id, "attempt_": attempt, "executor_": executor}).first()
    if found is None:
        raise NotOurs
    return found.cancelled_at is None


def end(
    connection: sa.Connection,
    execution_id: str,
    attempt: int,
    executor: str,
    *,
    status: End,
    now: datetime,
    result: str | None = None,
    error: dict[str, Any] | None = None,
) -> None:
    """End that attempt, once. Raises NotOurs at a second call, or when another executor runs it."""
    _leave(
        connection,
        execution_id,
        attempt,
        executor,
        {"status": status, "ended_at": now, "result": result, "error": error},
    )
    if status == "cancelled":
        cancel_steps(connection, execution_id, now)


def postpone(
    connection: sa.Connection,
    execution_id: str,
    attempt: int,
    executor: str,
    *,
    until: datetime,
    error: dict[str, Any],
    begun: bool = True,
) -> None:
    """Put it back into the inbox for its next attempt, or the same one if nothing of that was ``begun``.

    One that is to be cancelled ends. Raises as end does.
    """
    following = attempt + 1 if begun else attempt
    values = {"status": "waiting", "attempt": following, "available_at": until, "executor": None, "error": error}
    _leave(connection, execution_id, attempt, executor, values)
    if is_cancelled(connection, execution_id):
        cancel(connection, execution_id, utc_now())


def cancel(connection: sa.Connection, execution_id: str, now: datetime) -> Status | None:
    """End one that waits; mark one that runs: it stops before its next step. Gives its status then, None if there is none."""
    found: Status | None = connection.scalar(_STATUS.with_for_update(), {"id_": execution_id})
    if found is None or found in ENDED:
        return found
    values: dict[str, Any] = {"cancelled_at": now}
    if found != "running":
        found, values = "cancelled", values | {"status": "cancelled", "ended_at": now, "error": dict(CANCELLED)}
    connection.execute(sa.update(executions).where(executions.c.id == execution_id).values(values))
    return found


def is_cancelled(connection: sa.Connection, execution_id: str) -> bool:
    """Whether it is to stop."""
    return connection.scalar(_CANCELLED, {"id_": execution_id}) is not None


def _leave(connection: sa.Connection, execution_id: str, attempt: int, executor: str, values: dict[str, Any]) -> None:
    mine = {"id_": execution_id, "attempt_": attempt, "executor_": executor}
    if connection.execute(_change(*values), mine | values).rowcount != 1:
        raise NotOurs


@cache
def _change(*names: str) -> sa.Update:
    """Of what is ours."""
    return sa.update(executions).where(*_IS_OURS).values({name: sa.bindparam(name) for name in names})
