"""What the local Twilio knows: frozen records, named as Twilio's resources are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Direction = Literal["inbound", "outbound-api", "outbound-reply"]
KeyKind = Literal["main", "standard", "restricted"]
Keyword = Literal["", "stop", "start"]
Pairs = tuple[tuple[str, str], ...]

UNFINISHED = frozenset({"accepted", "scheduled", "queued", "sending", "receiving"})


@dataclass(frozen=True, slots=True)
class Account:
    sid: str
    auth_token: str = field(repr=False)
    friendly_name: str
    owner_sid: str  # its own SID for a main account
    created: datetime
    updated: datetime
    status: str = "active"
    shared_key: tuple[str, str] | None = field(default=None, repr=False)  # SID and secret that sign webhooks instead


@dataclass(frozen=True, slots=True)
class ApiKey:
    sid: str
    secret: str = field(repr=False)
    account_sid: str
    kind: KeyKind = "standard"
    friendly_name: str = ""
    allow: frozenset[str] = frozenset()  # for a restricted key, such as "messages:read"


@dataclass(frozen=True, slots=True)
class Number:
    sid: str
    account_sid: str
    phone_number: str
    friendly_name: str
    created: datetime
    updated: datetime
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    voice_url: str = ""
    voice_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a file of a message: bytes that the local Twilio keeps, or an address elsewhere."""

    sid: str
    content_type: str
    url: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    sid: str
    account_sid: str
    direction: Direction
    to: str
    body: str
    status: str
    created: datetime
    updated: datetime
    from_: str | None = None
    sent: datetime | None = None
    send_at: datetime | None = None
    messaging_service_sid: str | None = None
    num_segments: int = 1
    media: tuple[Media, ...] = ()
    error_code: int | None = None
    price: str | None = None
    status_callback: str = ""
    keyword: Keyword = ""  # inbound: what it said about further texts
    heard: bool = False  # inbound: its webhook answered
    parameters: Pairs = ()  # every parameter of the request that made it, as given
    order: int = 0  # the place in the account's history, given by the state


@dataclass(frozen=True, slots=True)
class Alert:
    """An entry as Twilio's debugger shows it."""

    sid: str
    account_sid: str
    error_code: int
    text: str
    created: datetime
    resource_sid: str = ""
    url: str = ""
    status: int | None = None
    response: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request that was answered ("in") or made ("out")."""

    way: Literal["in", "out"]
    method: str
    url: str
    status: int | None
    seconds: float
    created: datetime
    request_id: str = ""
    note: str = ""
    parameters: Pairs = ()
