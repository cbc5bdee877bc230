"""What the local Twilio knows: frozen records, named as Twilio's resources are.

The fields of a `Record` have the names of Twilio's JSON; those that Twilio does not show are `hidden()`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Direction = Literal["inbound", "outbound-api", "outbound-reply"]
KeyKind = Literal["main", "standard", "restricted"]
Keyword = Literal["", "stop", "start", "help"]
Pairs = tuple[tuple[str, str], ...]

Method = Literal["GET", "POST"]
Answering = Literal["human", "machine", "busy", "no-answer", "failed"]  # what becomes of a call to a handset

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
    debugger_url: str = ""  # is told of each alert
    order: int = 0


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
    sms_application_sid: str = ""
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_application_sid: str = ""
    voice_caller_id_lookup: bool = False
    voice_receive_mode: str = "voice"
    status_callback: str = ""
    status_callback_method: str = "POST"
    address_sid: str | None = None
    bundle_sid: str | None = None
    emergency_address_sid: str | None = None
    emergency_status: str = "Inactive"
    identity_sid: str | None = None
    trunk_sid: str | None = None
    kind: str = "local"  # local, mobile or toll-free
    order: int = 0


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
    parameters: Pairs = ()  # of the request that made it, as given; inbound: what its webhook gets besides
    order: int = 0  # the place in the account's history, given by the state


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


def hidden(default: Any) -> Any:
    return field(default=default, repr=False, metadata={"hidden": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    sid: str
    account_sid: str
    created: datetime
    updated: datetime
    order: int = hidden(0)  # its place in history, given by the shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Record):
    """An entry of Twilio's debugger: an alert of Monitor, and a notification of the 2010 API."""

    error_code: int
    text: str
    resource_sid: str = ""
    url: str = ""
    method: str = ""
    variables: str = ""  # of the request, form-encoded
    status: int | None = None
    response: str = ""
    level: str = "error"
