"""Who made what at the service. Two steps that send the same text must not both take the one message for theirs."""

import threading
from collections import OrderedDict
from typing import Protocol

REMEMBERED = 10_000
"""How many claims a plain script keeps; only those of the last minutes are ever asked for."""


class Claims(Protocol):
    """What a host keeps for good, and a plain script in memory. ``use`` tells apart what one step makes several of."""

    def take(self, sid: str, use: str = "") -> bool:
        """Write down that this is what made it; False where something else has it already. Durable when it returns."""

    def is_free(self, sid: str, use: str = "") -> bool:
        """True where nothing else has it."""

    def mine(self, use: str = "") -> str | None:
        """What was taken before, by a process that died."""


class ClaimsInMemory:
    """The claims of one process, the newest of them. Each call without a ``use`` is one of its own."""

    def __init__(self) -> None:
        self._uses: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, sid: str, use: str = "") -> bool:
        with self._lock:
            if sid in self._uses:
                return bool(use) and self._uses[sid] == use
            self._uses[sid] = use
            if len(self._uses) > REMEMBERED:
                self._uses.popitem(last=False)
            return True

    def is_free(self, sid: str, use: str = "") -> bool:
        with self._lock:
            return sid not in self._uses or (bool(use) and self._uses[sid] == use)

    def mine(self, use: str = "") -> str | None:
        with self._lock:
            return next((sid for sid, taken in self._uses.items() if use and taken == use), None)
