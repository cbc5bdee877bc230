"""How an attempt waits, and what ends a wait before its time: the host stops, or the execution is cancelled."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from ...connector.component import Action
from ...connector.errors import TryLater
from ..processes.life import Stopping
from .watch import LOOK, Watch


@dataclass(frozen=True)
class Waits:
    stopping: Event
    watch: Watch

    def of_step(self, action: Action) -> Callable[[float], None]:
        """How the step waits: cancelling ends a wait where nothing can be on its way meanwhile."""
        if not action.looks_first:
            return self.between_tries
        return self.until_stop_or_cancel if action.repeatable else self.until_stop

    def until_stop_or_cancel(self, seconds: float) -> None:
        """Of what does nothing else meanwhile. It goes on at the next start."""
        if self._rest(seconds):
            raise Stopping

    def until_stop(self, seconds: float) -> None:
        """Inside a step that looks first. It may be waiting for what it sent, so it goes on at the next start."""
        if self.stopping.wait(seconds):
            raise Stopping

    def between_tries(self, seconds: float) -> None:
        """Inside a step. A stop ends it, and the step says that it may be tried again; cancelling ends it too."""
        if self._rest(seconds):
            raise TryLater("the host stopped while the step waited to try again", retry_after=seconds)

    def _rest(self, seconds: float) -> bool:
        """Wait; true when the host stops first. Raises BrokenOff when the execution is cancelled, by whichever process."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.stopping.wait(min(left, LOOK)):
                return True
            self.watch.look()
        return self.stopping.is_set()
