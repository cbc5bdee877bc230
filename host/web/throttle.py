"""Slows down whoever guesses: each address by itself, and all of them together, in bounded memory.

An attempt counts as wrong until it is told that it was right, so that many at once are no way around it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock
from typing import TypeVar

V = TypeVar("V")

FIRST, LONGEST = 0.25, 30.0  # seconds between two attempts of an address, twice as long each time
FORGOTTEN = 900.0  # seconds after its last attempt
ADDRESSES, KNOWN = 1024, 64
BURST, REFILL = 20.0, 1.0  # wrong attempts that all addresses have together, and how many more a second


@dataclass(slots=True)
class Throttle:
    """``clock`` gives seconds. An address that was right lately is not held up by what others do."""

    clock: Callable[[], float] = time.monotonic
    _tries: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _left: float = BURST
    _filled: float | None = None
    _lock: Lock = field(default_factory=Lock)

    def take(self, address: str) -> float:
        """0.0 where an attempt may be made now, which is counted; else the seconds until one may."""
        with self._lock:
            now, who = self.clock(), _network(address)
            count, last = self._tries.get(who, (0, now))
            if now - last > FORGOTTEN:
                count = 0
            wait = max(last + _pause(count) - now, self._wait_for_all(who, now))
            if wait > 0:
                return wait
            self._left -= who not in self._known
            _keep(self._tries, who, (count + 1, now), ADDRESSES)
            return 0.0

    def right(self, address: str) -> None:
        """The attempt that was taken was right."""
        with self._lock:
            who = _network(address)
            self._tries.pop(who, None)
            self._left = min(BURST, self._left + (who not in self._known))
            _keep(self._known, who, None, KNOWN)

    def _wait_for_all(self, who: str, now: float) -> float:
        since = 0.0 if self._filled is None else now - self._filled
        self._left, self._filled = min(BURST, self._left + REFILL * since), now
        return 0.0 if who in self._known or self._left >= 1 else (1 - self._left) / REFILL


def _pause(count: int) -> float:
    """Seconds to wait after so many wrong attempts."""
    return min(FIRST * 2.0 ** min(count - 1, 20), LONGEST) if count else 0.0


def _network(address: str) -> str:
    """Of IPv6, whose hosts choose their addresses, the /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def _keep(kept: OrderedDict[str, V], key: str, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)
