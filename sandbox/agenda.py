"""What is to happen later, and in which order: one clock thread, and some that work.

The jobs of one lane run one after the other, in the order in which they were due, so that the events of one message
reach a webhook in their order. Lanes do not wait for each other, unless more webhooks are slow than there are threads.
"""

from __future__ import annotations

import heapq
import logging
from collections import deque
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue
from threading import Condition, Thread
from time import monotonic

Job = Callable[[], None]
log = logging.getLogger(__name__)


class Agenda:
    """Threads are daemons: a webhook that never answers does not keep the process alive."""

    def __init__(self, threads: int) -> None:
        self._due: list[tuple[float, int, str, Job]] = []
        self._places = count()
        self._changed = Condition()
        self._open = True
        self._lanes: dict[str, deque[Job]] = {}  # those with work; the first job of each waits for a thread, or runs
        self._ready: SimpleQueue[str | None] = SimpleQueue()  # lanes that wait for a thread
        self._threads = threads
        for loop in (self._watch, *[self._work] * threads):
            Thread(target=loop, name="local-twilio", daemon=True).start()

    def after(self, seconds: float, lane: str, job: Job) -> None:
        """Run `job` in `seconds`, in its lane."""
        with self._changed:
            heapq.heappush(self._due, (monotonic() + seconds, next(self._places), lane, job))
            self._changed.notify()

    def close(self) -> None:
        """Forget what is not yet due, and end the threads when they have finished what they do."""
        with self._changed:
            self._open = False
            self._due.clear()
            self._changed.notify()
        for _ in range(self._threads):
            self._ready.put(None)

    def _watch(self) -> None:
        with self._changed:
            while self._open:
                wait = self._due[0][0] - monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                else:
                    _, _, lane, job = heapq.heappop(self._due)
                    self._queue(lane, job)

    def _queue(self, lane: str, job: Job) -> None:
        jobs = self._lanes.setdefault(lane, deque())
        jobs.append(job)
        if len(jobs) == 1:
            self._ready.put(lane)

    def _work(self) -> None:
        while (lane := self._ready.get()) is not None:
            try:
                self._lanes[lane][0]()
            except Exception:
                log.exception("the local Twilio failed at a job; this is a fault of its own")
            self._done(lane)

    def _done(self, lane: str) -> None:
        with self._changed:
            jobs = self._lanes[lane]
            jobs.popleft()
            if jobs:
                self._ready.put(lane)
            else:
                del self._lanes[lane]
