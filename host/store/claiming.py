"""Which executions are taken from the inbox, and in which order: the oldest first, those that wait for others in their turn.

What has neither a sequence nor a limit is taken from the front of an index. Of the others, those whose sequence runs and those
of endpoints at their limit are passed over without being read, and so are those behind what is at the front and has to wait.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from . import turns
from .schema import FREE, IN_TURN, OPEN, Instant, executions, status_in


class Claim(NamedTuple):
    """An attempt at an execution, to be run by whoever claimed it."""

    execution_id: str
    attempt: int
    instance_id: str


CLAIM = (executions.c.id, executions.c.attempt, executions.c.instance_id)
_WIDER = 4

_NOW = sa.bindparam("now_", type_=Instant())
_LIMIT = sa.bindparam("limit_", type_=sa.Integer())
_TIME = sa.type_coerce(executions.c.available_at, sa.String).label("time")  # it sorts as it is
_ORDER = (_TIME, executions.c.id)
_DUE = (status_in(executions, "accepted", "waiting"), executions.c.available_at <= _NOW)
_TAKEN = {
    "status": "running",
    "executor": sa.bindparam("executor_"),
    "started_at": sa.func.coalesce(executions.c.started_at, _NOW),
}
_FREE = sa.select(*_ORDER).where(*_DUE, FREE).order_by(*_ORDER).limit(_LIMIT).with_for_update(skip_locked=True)
_FREE_IDS = _FREE.with_only_columns(executions.c.id).scalar_subquery()
_TAKE_FREE = sa.update(executions).where(executions.c.id.in_(_FREE_IDS)).values(_TAKEN).returning(*CLAIM)
_TAKE = (
    sa.update(executions)
    .where(_DUE[0], executions.c.id.in_(sa.bindparam("ids_", expanding=True)))
    .values(_TAKEN)
    .returning(*CLAIM)
)
_ANY_IN_TURN = sa.select(executions.c.id).where(*_DUE, IN_TURN).limit(1)
_RUNNING = sa.select(executions.c.sequence, executions.c.concurrency, executions.c.endpoint_id).where(
    status_in(executions, "running"), IN_TURN
)
_other = executions.alias("other")
_HEAD = (  # the first of its sequence that has not ended
    sa.select(_other.c.id)
    .where(_other.c.sequence == executions.c.sequence, status_in(_other, *OPEN))
    .order_by(_other.c.created_at, _other.c.id)
    .limit(1)
    .scalar_subquery()
)
_FRONT = (
    sa.select(*_ORDER, executions.c.sequence, executions.c.concurrency, executions.c.endpoint_id, _HEAD.label("head"))
    .where(*_DUE, IN_TURN)
    .where(sa.tuple_(*_ORDER) > sa.tuple_(sa.bindparam("time_"), sa.bindparam("id_")))
    .where(
        executions.c.sequence.is_(None)
        | executions.c.sequence.not_in(sa.bindparam("blocked_", expanding=True))
        | executions.c.id.in_(sa.bindparam("heads_", expanding=True))
    )
    .where(executions.c.concurrency.is_(None) | executions.c.endpoint_id.not_in(sa.bindparam("full_", expanding=True)))
    .order_by(*_ORDER)
    .limit(_LIMIT)
)
_BEHIND = _FRONT.where(executions.c.sequence.is_(None) | (executions.c.id == _HEAD))


def take(connection: sa.Connection, executor: str, now: datetime, limit: int) -> list[Claim]:
    """Give up to ``limit`` executions that are due to ``executor``.

    Raises IntegrityError where a process that does not count with the others was first with a sequence.
    """
    given = {"executor_": executor, "now_": now, "limit_": limit}
    if connection.execute(_ANY_IN_TURN, given).first() is None:
        return _claims(connection, _TAKE_FREE, given)
    turns.take(connection, turns.Turn.CLAIMING)
    free = [tuple(row) for row in connection.execute(_FREE, given)]
    due = sorted([*free, *_in_turn(connection, now, limit)])[:limit]
    return _claims(connection, _TAKE, given | {"ids_": [execution_id for _, execution_id in due]}) if due else []


def _claims(connection: sa.Connection, statement: sa.Executable, given: Mapping[str, Any]) -> list[Claim]:
    return [
        Claim(execution_id, attempt, instance_id)
        for execution_id, attempt, instance_id in connection.execute(statement, given)
    ]


def _in_turn(connection: sa.Connection, now: datetime, limit: int) -> list[tuple[str, str]]:
    """The oldest whose turn it is: when each was available, and its id."""
    turns = _Turns.now(connection.execute(_RUNNING).all())
    found: list[tuple[str, str]] = []
    query, after, size = _FRONT, ("", ""), _WIDER * limit
    while len(found) < limit:
        given = {"now_": now, "time_": after[0], "id_": after[1], "limit_": size, **turns.passed_over()}
        page = connection.execute(query, given).all()
        found += [(row[0], row[1]) for row in page if turns.takes(row)]
        if len(page) < size:
            break
        query, after, size = _BEHIND, (page[-1][0], page[-1][1]), _WIDER * size
    return found[:limit]


@dataclass(frozen=True)
class _Turns:
    """``busy`` sequences run, ``blocked`` ones wait for the execution that each maps to; ``running`` is counted by endpoint."""

    busy: set[str]
    running: Counter[str]
    blocked: dict[str, str] = field(default_factory=dict)
    full: set[str] = field(default_factory=set)

    @classmethod
    def now(cls, running: Sequence[Any]) -> "_Turns":
        """What was accepted before its flow had a limit is not counted."""
        limited = Counter(row.endpoint_id for row in running if row.concurrency is not None)
        return cls({row.sequence for row in running if row.sequence is not None}, limited)

    def takes(self, row: Any) -> bool:
        """Whether it is this one's turn; it runs from then on."""
        if row.sequence is not None and row.head != row.id:
            self.blocked[row.sequence] = row.head
            return False
        if row.concurrency is None:
            return True
        if row.endpoint_id in self.full or self.running[row.endpoint_id] >= row.concurrency:
            self.full.add(row.endpoint_id)
            return False
        self.running[row.endpoint_id] += 1
        return True

    def passed_over(self) -> dict[str, list[str]]:
        """What a sequence waits for may come later in time than those that wait, after a retry: it is not passed over."""
        blocked = [*self.busy, *self.blocked]
        return {"blocked_": blocked, "heads_": [*self.blocked.values()], "full_": [*self.full]}
