"""What is to happen later, and in which order: one clock thread and a few lanes.

Work of one lane runs one after the other, in the order in which it was due, so that the events of one message
reach a webhook in their order while a slow webhook holds up nobody else's.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable
from functools import partial
from itertools import count
from queue import SimpleQueue
from threading import Condition, Thread
from time import monotonic

Job = Callable[[], None]
log = logging.getLogger(__name__)


class Agenda:
    """Threads are daemons: a webhook that never answers does not keep the process alive."""

    def __init__(self, lanes: int = 8) -> None:
        self._due: list[tuple[float, int, str, Job]] = []
        self._places = count()
        self._changed = Condition()
        self._open = True
        self._lanes: list[SimpleQueue[Job | None]] = [SimpleQueue() for _ in range(lanes)]
        self._start(self._watch)
        for lane in self._lanes:
            self._start(partial(self._work, lane))

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
        for lane in self._lanes:
            lane.put(None)

    def _start(self, loop: Callable[[], None]) -> None:
        Thread(target=loop, name="local-twilio", daemon=True).start()

    def _watch(self) -> None:
        with self._changed:
            while self._open:
                wait = self._due[0][0] - monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                else:
                    _, _, lane, job = heapq.heappop(self._due)
                    self._lanes[hash(lane) % len(self._lanes)].put(job)

    def _work(self, lane: SimpleQueue[Job | None]) -> None:
        while (job := lane.get()) is not None:
            try:
                job()
            except Exception:
                log.exception("the local Twilio failed at a job; this is a fault of its own")
