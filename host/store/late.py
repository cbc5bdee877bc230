"""What nobody waits for and could not be written: it is kept while the database is away, as far as there is room."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ..loggers import logger
from .database import is_away, name_of

MOST = 1000
LONGEST = 600.0  # seconds that each is kept
AGAIN = 1.0  # seconds between tries

log = logger("engine")

Item = TypeVar("Item")

_LOST = "%s records of what executions did could not be written and are lost: %s"


class Late(Generic[Item]):
    """``write`` gives for each item an exception where it was not written. Used by one thread."""

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[object]]) -> None:
        self._write = write
        self._kept: deque[tuple[Item, float]] = deque()
        self._again_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._kept)

    def keep(self, items: Sequence[Item], outcomes: Sequence[object]) -> None:
        """Those of them that could not be written, as their outcomes tell. What is not kept is told in the log."""
        latest = time.monotonic() + LONGEST
        self._keep([(item, latest) for item in items], outcomes)

    def retry(self) -> None:
        """Now and then. The first one tells whether the database is there."""
        if self._kept and time.monotonic() >= self._again_at:
            self._again_at = time.monotonic() + AGAIN
            if self._try(1) and self._kept:
                self._try(len(self._kept))

    def end(self) -> None:
        """Try a last time, and tell what is lost."""
        self._again_at = 0.0
        self.retry()
        if self._kept:
            log.warning(_LOST, len(self._kept), "the host stopped while the database was away")

    def _try(self, most: int) -> bool:
        """Whether the database was there."""
        late = [self._kept.popleft() for _ in range(most)]
        outcomes = self._write([item for item, _ in late])
        self._keep(late, outcomes)
        return not any(isinstance(outcome, Exception) and is_away(outcome) for outcome in outcomes)

    def _keep(self, late: Sequence[tuple[Item, float]], outcomes: Sequence[object]) -> None:
        lost = []
        for one, error in zip(late, outcomes, strict=True):
            if isinstance(error, Exception):
                if is_away(error) and len(self._kept) < MOST and time.monotonic() < one[1]:
                    self._kept.append(one)
                else:
                    lost.append(error)
        _tell(lost)


def _tell(lost: Sequence[Exception]) -> None:
    if lost:
        log.warning(_LOST, len(lost), ", ".join(sorted(set(map(name_of, lost)))))
