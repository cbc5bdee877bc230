"""What the local Twilio knows: frozen records, named as Twilio's resources are.

The fields of a `Record` have the names of Twilio's JSON; those that Twilio does not show are `hidden()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Direction = Literal["inbound", "outbound-api", "outbound-reply"]
KeyKind = Literal["main", "standard", "restricted"]
Keyword = Literal["", "stop", "start"]
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
    parameters: Pairs = ()  # every parameter of the request that made it, as given
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


@dataclass(frozen=True, slots=True)
class Program:
    """What a call says and does: TwiML, or where it is fetched. A new one takes the place of the old."""

    twiml: str = ""
    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCall(Record):
    to: str
    from_: str
    status: str = "queued"
    direction: str = "outbound-api"
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: str | None = None
    price: str | None = None
    answered_by: str | None = None
    phone_number_sid: str | None = None
    caller_name: str | None = None
    forwarded_from: str | None = None
    group_sid: str | None = None
    parent_call_sid: str | None = None
    queue_time: str = "0"
    trunk_sid: str | None = None
    program: Program = hidden(Program())
    talk: int = hidden(0)  # seconds that its TwiML has taken
    recorded: str = hidden("")  # the recording that was asked for with the call
    asked: tuple[tuple[str, tuple[str, ...]], ...] = hidden(())  # the parameters of the request that made it

    @property
    def form(self) -> dict[str, tuple[str, ...]]:
        return dict(self.asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording(Record):
    call_sid: str
    start_time: datetime
    status: str = "in-progress"
    source: str = "OutboundAPI"
    channels: int = 1
    track: str = "both"
    duration: str | None = None
    price: str | None = None
    price_unit: str | None = None
    error_code: int | None = None
    conference_sid: str | None = None
    encryption_details: None = None
    callback: tuple[str, str, frozenset[str]] = hidden(("", "POST", frozenset()))  # URL, method, events


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription(Record):
    recording_sid: str
    transcription_text: str
    status: str = "completed"
    duration: str = "1"
    price: str = "-0.05000"
    price_unit: str = "USD"
    type: str = "fast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Record):
    friendly_name: str = ""
    message_status_callback: str | None = None
    sms_fallback_method: Method = "POST"
    sms_fallback_url: str | None = None
    sms_method: Method = "POST"
    sms_status_callback: str | None = None
    sms_url: str | None = None
    status_callback: str | None = None
    status_callback_method: Method = "POST"
    voice_caller_id_lookup: bool = False
    voice_fallback_method: Method = "POST"
    voice_fallback_url: str | None = None
    voice_method: Method = "POST"
    voice_url: str | None = None
    public_application_connect_enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Record):
    """A messaging service."""

    friendly_name: str
    inbound_request_url: str | None = None
    inbound_method: Method = "POST"
    fallback_url: str | None = None
    fallback_method: Method = "POST"
    status_callback: str | None = None
    sticky_sender: bool = True
    mms_converter: bool = True
    smart_encoding: bool = True
    scan_message_content: Literal["inherit", "enable", "disable"] = "inherit"
    fallback_to_long_code: bool = True
    area_code_geomatch: bool = True
    synchronous_validation: bool = False
    validity_period: int = 36_000  # seconds
    usecase: str = "undeclared"
    us_app_to_person_registered: bool = False
    use_inbound_webhook_on_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender(Record):
    """A sender in the pool of a messaging service: a phone number, a short code or a name."""

    service_sid: str
    kind: str = hidden("")  # phone_number, short_code or alpha_sender
    address: str = hidden("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content(Record):
    """A template of messages; `types` holds its form for each channel, `variables` samples of what is filled in."""

    friendly_name: str
    language: str
    variables: Mapping[str, str]
    types: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyService(Record):
    friendly_name: str
    code_length: int = 6
    lookup_enabled: bool = False
    psd2_enabled: bool = False
    skip_sms_to_landlines: bool = False
    dtmf_input_required: bool = True
    tts_name: str | None = None
    do_not_share_warning_enabled: bool = False
    custom_code_enabled: bool = False
    default_template_sid: str | None = None
    verify_event_subscription_enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Record):
    service_sid: str
    to: str
    channel: str
    status: str = "pending"
    valid: bool = False
    amount: str | None = None
    payee: str | None = None
    send_code_attempts: tuple[Mapping[str, str], ...] = ()
    code: str = hidden("")
    checks: int = hidden(0)
