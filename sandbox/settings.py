"""What a local Twilio is started with. Credentials are fakes, new for each run unless they are given."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


def new_sid(prefix: str) -> str:
    """A SID as Twilio writes it: two letters and 32 lower-case hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _sid(prefix: str) -> Callable[[], str]:
    return lambda: new_sid(prefix)


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds a message or a call rests in a state before it takes the next one."""

    queued: float = 0.02
    sending: float = 0.05
    sent: float = 0.15
    ringing: float = 0.05
    second: float = 0.05  # what a second of talk takes here


@dataclass(frozen=True, slots=True)
class Settings:
    account_sid: str = field(default_factory=_sid("AC"))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    api_key: str = field(default_factory=_sid("SK"))
    api_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    numbers: tuple[str, ...] = ("+14155550100", "+447700900123", "72975")
    handsets: tuple[str, ...] = ("+14155550123", "+447700900456")
    url: str = "http://127.0.0.1"  # where this local Twilio is reached; the server fills in its port
    delays: Delays = Delays()
    webhook_timeout: float = 15.0  # seconds, connect to last byte
    connect_timeout: float = 5.0
    callers: int = 32  # webhooks that are called at once
    max_messages: int = 20_000
    max_records: int = 200  # of requests and of alerts, each
    max_body: int = 1_048_576  # bytes of a request
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    clock: Callable[[], datetime] = utc_now
