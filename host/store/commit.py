"""Group commit: many small writes, one transaction. What is answered before the commit could be lost, so nothing is."""

import asyncio
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

import sqlalchemy as sa

from ...connector.errors import TryLater
from . import late
from .database import is_away

Item = TypeVar("Item")
Result = TypeVar("Result")
Waiter = Future[Result] | asyncio.Future[Result]
Entry = tuple[Item, Waiter[Result] | None]

RIDE = 0.02  # seconds that what nobody waits for is kept for others to be written with

_RACES = 3  # how often a batch that lost a race with another process is tried again


class Busy(TryLater):
    """More is waiting to be written than the host takes on. Nothing was accepted; repeat it later."""


class Raced(Exception):
    """Another process wrote first what this batch was about to write. Tried again, the batch sees it."""


class GroupCommit(Generic[Item, Result]):
    """One thread that writes what many callers bring: ``apply(connection, items)`` gives a result for each, in order.

    A batch that fails is written again one by one, so that a bad item fails alone. What nobody waits for is kept while the
    database is away, see :mod:`.late`. ``depth`` is how many may wait, 0 for all.
    It keeps one connection of the engine's as long as all goes well: to get one and give it back costs as much as a commit.
    """

    def __init__(
        self,
        engine: sa.Engine,
        apply: Callable[[sa.Connection, Sequence[Item]], Sequence[Result]],
        *,
        depth: int,
        batch: int,
    ) -> None:
        self._engine = engine
        self._apply = apply
        self._batch = batch
        self._depth = depth
        self._queue: queue.SimpleQueue[Entry[Item, Result] | None] = queue.SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[tuple[Item, Waiter[Result]]]] = defaultdict(list)
        self._turn, self._is_closing = threading.Lock(), False
        self._kept: sa.Connection | None = None
        self._late = late.Late(self._write)
        self._thread = threading.Thread(target=self._drain, name="group-commit", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        return 0 < self._depth <= self._queue.qsize()

    def put(self, item: Item) -> Future[Result]:
        """For threads; the future resolves after the commit. Raises Busy."""
        future = Future[Result]()
        self._enqueue(item, future)
        return future

    def put_later(self, item: Item) -> None:
        """For what nobody waits for: written with the next that somebody does, or a moment later by itself. Raises Busy."""
        self._enqueue(item, None)

    async def write(self, item: Item) -> Result:
        """For coroutines; returns after the commit. Raises Busy, or what kept it from being written."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        gathered = self._gathered[loop]
        if not gathered:
            loop.call_soon(self._hand_over, loop)
        gathered.append((item, future))
        return await future

    def close(self) -> None:
        """Write what is waiting, then end."""
        with self._turn:
            self._is_closing = True
            self._queue.put(None)
        self._thread.join()

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """What one turn of the loop brought, together: it is one batch then, and the loop is not held up by its writing."""
        for item, future in self._gathered.pop(loop):
            try:
                self._enqueue(item, future)
            except Busy as busy:
                _tell(future, busy)

    def _enqueue(self, item: Item, waiter: Waiter[Result] | None) -> None:
        with self._turn:
            if self._is_closing:
                raise Busy("the host is stopping and takes no more work; repeat it in a moment", retry_after=5)
            if self.full:
                raise Busy("more is waiting than the host takes on; repeat it in a moment", retry_after=1)
            self._queue.put((item, waiter))

    def _drain(self) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                self._finish(batch)
            self._late.retry()
        self._late.end()
        if self._kept is not None:
            self._kept.close()

    def _finish(self, batch: Sequence[Entry[Item, Result]]) -> None:
        outcomes = self._write([item for item, _ in batch])
        _settle([waiter for _, waiter in batch], outcomes)
        alone = [number for number, (_, waiter) in enumerate(batch) if waiter is None]
        self._late.keep([batch[number][0] for number in alone], [outcomes[number] for number in alone])

    def _next_batch(self) -> list[Entry[Item, Result]] | None:
        """What is waiting, at least one; none while something is late, None at the end.

        While nobody waits for any of it, others are given a moment.
        """
        batch: list[Entry[Item, Result]] = []
        try:
            entry = self._queue.get(timeout=late.AGAIN if self._late else None)
        except queue.Empty:
            return batch
        is_urgent, until = False, time.monotonic() + RIDE
        while entry is not None:
            batch.append(entry)
            is_urgent = is_urgent or entry[1] is not None
            if len(batch) == self._batch or (is_urgent and self._queue.empty()):
                return batch
            try:
                entry = self._queue.get(timeout=None if is_urgent else max(0.0, until - time.monotonic()))
            except queue.Empty:
                return batch
        if not batch:
            return None
        self._queue.put(None)
        return batch

    def _write(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._commit(items)
        except Exception as error:  # noqa: BLE001 (whatever it is, those who wait must hear of it)
            if len(items) == 1 or isinstance(error, sa.exc.TimeoutError):  # no connection for any of them
                return [error] * len(items)
            return [self._write([item])[0] for item in items]

    def _commit(self, items: Sequence[Item]) -> Sequence[Result]:
        for _ in range(_RACES):
            try:
                return self._transact(items)
            except (sa.exc.IntegrityError, Raced) as error:
                lost: Exception = error
            except sa.exc.DBAPIError as error:
                if not is_away(error):
                    raise
                lost = error
        raise lost

    def _transact(self, items: Sequence[Item]) -> Sequence[Result]:
        connection, self._kept = self._kept or self._engine.connect(), None
        try:
            with connection.begin():
                results = self._apply(connection, items)
        except BaseException:
            connection.close()
            raise
        self._kept = connection
        return results


def _settle(waiters: Sequence[Waiter[Result] | None], outcomes: Sequence[Result | Exception]) -> None:
    """Tell each waiter; those of one event loop together, since waking a loop costs more than telling it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], Result | Exception]]] = defaultdict(
        list
    )
    for waiter, outcome in zip(waiters, outcomes, strict=True):
        if isinstance(waiter, asyncio.Future):
            by_loop[waiter.get_loop()].append((waiter, outcome))
        elif waiter is not None:
            _tell(waiter, outcome)
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            loop.call_soon_threadsafe(_tell_all, told)


def _tell_all(told: Sequence[tuple[asyncio.Future[Result], Result | Exception]]) -> None:
    for waiter, outcome in told:
        _tell(waiter, outcome)


def _tell(waiter: Waiter[Result], outcome: Result | Exception) -> None:
    """A waiter that gave up is left alone: what it brought is written all the same."""
    if waiter.done():
        return
    if isinstance(outcome, Exception):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
