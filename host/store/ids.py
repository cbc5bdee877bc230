"""Identifiers: those of rows sort by time, those in URLs cannot be guessed."""

import hashlib
import random
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID


def time_id() -> str:
    """A UUID version 7 (RFC 9562); ``rand_a`` holds the part of a millisecond, so ids made one after another sort."""
    return _uuid(_ticks(time.time_ns()))


def rising_ids(clock: Callable[[], int] = time.time_ns) -> Callable[[], str]:
    """Makes time ids, each greater than the one before, also when two are made at once or the clock is set back."""
    lock, last = threading.Lock(), 0

    def next_id() -> str:
        nonlocal last
        with lock:
            last = max(_ticks(clock()), last + 1)
            return _uuid(last)

    return next_id


def first_id(moment: datetime) -> str:
    """What every ``time_id`` made at that moment or later is not less than."""
    return str(UUID(int=max(0, int(moment.timestamp() * 1000)) << 80))


def _ticks(nanoseconds: int) -> int:
    """Since 1970, 4096 a millisecond."""
    return nanoseconds * 4096 // 1_000_000


def _uuid(ticks: int) -> str:
    milliseconds, fraction = divmod(ticks, 4096)
    text = f"{milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | random.getrandbits(62):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def opaque_id() -> str:
    """192 random bits as URL-safe text, for addresses that are themselves the permission."""
    return secrets.token_urlsafe(24)


def digest(key: str) -> str:
    """By which a key, a token or a session is known: all are random, so SHA-256 is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
