"""Identifiers: those of rows sort by time, those in URLs cannot be guessed."""

import random
import secrets
import time
from datetime import datetime
from uuid import UUID


def time_id() -> str:
    """A UUID version 7 (RFC 9562); ``rand_a`` holds the part of a millisecond, so ids made one after another sort."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    unique = random.getrandbits(62)
    value = milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | unique
    return str(UUID(int=value))


def first_id(moment: datetime) -> str:
    """What every ``time_id`` made at that moment or later is not less than."""
    return str(UUID(int=int(moment.timestamp() * 1000) << 80))


def opaque_id() -> str:
    """192 random bits as URL-safe text, for addresses that are themselves the permission."""
    return secrets.token_urlsafe(24)
