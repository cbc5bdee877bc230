"""What lets a process act: it lives while its heartbeat is written, and does nothing that could be another's to do.

    a beat every 2 seconds ──▶ this life's row in ``executors``
    none for 8 seconds         nothing is begun any more, and no request leaves, until a beat is written again
    none for 15 seconds        any other process takes the row away: this life is over, what it held is another's

Who takes rows away has beaten for 8 seconds without a break: after an outage of the database all are silent, and those that
live need as long to be heard again.

A life has a name that no other ever had, so a row that is gone stays gone: whoever was taken for dead finds that out at its
next beat, drops what it held, and goes on under a new name. The 8 seconds are counted here, by a clock that runs on while
the process is frozen or its machine asleep; the 15 by the database. What lies between is the margin (see settings.Limits).
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...connector.http import HttpRequest, Transport

if TYPE_CHECKING:
    import requests

_LOOK = 0.05  # seconds between looks at whether a beat was written


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Stopping(BaseException):
    """The host is stopping, or the execution is another's.

    No error of the flow: nothing is recorded, and whoever runs it next goes on from the last checkpoint.
    """


@dataclass(slots=True)
class Life:
    """One executor, from its first beat until it is over."""

    name: str
    acts: float
    clock: Callable[[], float] = _since_boot
    _over: threading.Event = field(default_factory=threading.Event)
    _acts_until: float = 0.0
    _steady_since: float = 0.0

    def beaten(self, began: float) -> None:
        """A beat that began then, by this life's clock, is on disk."""
        if self.clock() >= self._acts_until:
            self._steady_since = self.clock()
        self._acts_until = began + self.acts

    def end(self) -> None:
        self._over.set()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    @property
    def may_act(self) -> bool:
        return not self.is_over and self.clock() < self._acts_until

    @property
    def may_bury(self) -> bool:
        """Whether it has acted for so long that whoever lives was heard since."""
        return self.may_act and self.clock() - self._steady_since >= self.acts


@dataclass(slots=True, frozen=True)
class Hold:
    """What one run of an attempt has of its execution. ``lost``: the engine gave the attempt to another run."""

    life: Life
    stopping: threading.Event
    lost: threading.Event = field(default_factory=threading.Event)

    def require(self) -> None:
        """Return when this run may act: at once, or when the next beat is written. Raises Stopping when it is another's."""
        while not self.life.may_act:
            if self.life.is_over or self.lost.is_set() or self.stopping.wait(_LOOK):
                raise Stopping
        if self.lost.is_set():
            raise Stopping


class HeldTransport(Transport):
    """A transport whose every request first asks whether its sender may still act."""

    def __init__(self, inner: Transport, require: Callable[[], None]) -> None:
        super().__init__()
        self._inner, self._require = inner, require

    def send(self, request: HttpRequest) -> "requests.Response":
        self._require()
        return self._inner.send(request)
