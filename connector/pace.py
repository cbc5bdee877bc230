"""Not faster than so many a second, whatever takes part."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock


@dataclass(slots=True)
class Pace:
    """A bucket of one token: ``rate`` a second, evenly; None for as fast as it goes. Time that was idle is not made up for."""

    rate: float | None
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    _next: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def keep(self) -> None:
        """Wait for the next turn."""
        if self.rate is None:
            return
        with self._lock:
            now = self.clock()
            turn = max(now, self._next or now)
            self._next = turn + timedelta(seconds=1 / self.rate)
        if (wait := (turn - now).total_seconds()) > 0:
            self.sleep(wait)
