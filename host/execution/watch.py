"""Whether an execution was cancelled, by whichever process: what only waits or computes has nothing else to tell it."""

import time
from dataclasses import dataclass, field

from ..store.executions import CANCELLED
from .runtime import BrokenOff, Runtime

LOOK = 0.5  # seconds between looks


@dataclass
class Watch:
    """One for an attempt."""

    runtime: Runtime
    execution_id: str
    _looked: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """To be asked as often as one likes. Raises BrokenOff for an execution that was cancelled."""
        if time.monotonic() - self._looked < LOOK:
            return
        if self.runtime.patiently(lambda: self.runtime.store.executions.cancelled(self.execution_id)):
            raise BrokenOff(CANCELLED)
        self._looked = time.monotonic()
