"""How much runs and how much fails, counted so that a large table makes no slow page."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from .database import reading
from .ids import first_id
from .schema import ENDED, OPEN, executions, status_in

MOST_OPEN = 10_000
MOST_FAILED = 1_000
_MOST_COUNTS = 1000  # of which a page wants fewer than a hundred
_FRESH, _KEPT = 2.0, 60.0  # seconds that a count of what is still going on, and of what is past, is believed


Key = tuple[str, str, str]  # a status, and the ids between which


@dataclass(frozen=True, slots=True)
class Part:
    """What was accepted in a part of the time, and has ended."""

    start: datetime
    succeeded: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A flow of an instance with failures, of which ``newest`` is the last."""

    instance_id: str
    flow: str
    count: int
    newest: str


@dataclass(frozen=True)
class Rates:
    engine: sa.Engine
    clock: Callable[[], float] = time.monotonic
    _counts: dict[Key, tuple[float, int]] = field(default_factory=dict, repr=False)

    def queue(self) -> Mapping[str, int]:
        """How many are accepted, waiting and running, counted up to ``MOST_OPEN`` together."""
        some = sa.select(executions.c.status).where(status_in(executions, *OPEN)).limit(MOST_OPEN).subquery()
        query = sa.select(some.c.status, sa.func.count().label("many")).group_by(some.c.status)
        with reading(self.engine).begin() as connection:
            found = {row.status: int(row.many) for row in connection.execute(query)}
        return {status: found.get(status, 0) for status in OPEN}

    def oldest_waiting(self) -> datetime | None:
        """Since when the longest waiting one could have begun."""
        ready = status_in(executions, *OPEN) & status_in(executions, "accepted")
        query = sa.select(executions.c.available_at).where(ready).order_by(executions.c.available_at, executions.c.id)
        with reading(self.engine).begin() as connection:
            found: datetime | None = connection.scalar(query.limit(1))
        return found

    def parts(self, now: datetime, width: timedelta, count: int) -> list[Part]:
        """The last ``count`` parts of that width, the present one at the end."""
        step = width.total_seconds()
        last = datetime.fromtimestamp(now.timestamp() // step * step, now.tzinfo)
        starts = [last - width * (count - 1 - index) for index in range(count)]
        keys = [(status, first_id(at), first_id(at + width)) for at in starts for status in ("succeeded", "failed")]
        counts = self._count_all(keys, first_id(now))
        return [Part(at, *counts[2 * index : 2 * index + 2]) for index, at in enumerate(starts)]

    def failing(self, since: datetime) -> Sequence[Failing]:
        """The flows with the most failures among the last ``MOST_FAILED`` since then."""
        failed = status_in(executions, *ENDED) & (executions.c.status == sa.literal_column("'failed'"))
        some = sa.select(executions.c.id, executions.c.instance_id, executions.c.flow).where(
            failed, executions.c.id >= first_id(since)
        )
        last = some.order_by(executions.c.id.desc()).limit(MOST_FAILED).subquery()
        many = sa.func.count().label("many")
        query = sa.select(last.c.instance_id, last.c.flow, many, sa.func.max(last.c.id))
        grouped = query.group_by(last.c.instance_id, last.c.flow).order_by(many.desc(), last.c.flow).limit(5)
        with reading(self.engine).begin() as connection:
            return [Failing(*row) for row in connection.execute(grouped)]

    def _count_all(self, keys: Sequence[Key], now: str) -> Sequence[int]:
        """What is not known yet is counted in one statement."""
        moment = self.clock()
        missing = [key for key in keys if key not in self._counts or self._counts[key][0] <= moment]
        if missing:
            with reading(self.engine).begin() as connection:
                found = connection.execute(sa.select(*map(_count, missing))).one()
            while len(self._counts) + len(missing) > _MOST_COUNTS:
                del self._counts[next(iter(self._counts))]
            for key, count in zip(missing, found, strict=True):
                self._counts[key] = (moment + (_KEPT if key[2] < now else _FRESH), count)
        return [self._counts[key][1] for key in keys]


def _count(key: Key) -> sa.ScalarSelect[int]:
    status, start, end = key
    same = executions.c.status == sa.literal_column(f"'{status}'")
    between = (executions.c.id >= start, executions.c.id < end)
    query = sa.select(sa.func.count()).select_from(executions)
    return query.where(same, status_in(executions, *ENDED), *between).scalar_subquery()
