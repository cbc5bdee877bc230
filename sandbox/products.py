"""The records of what came after messages: calls, recordings, applications, services, templates, verifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .records import Method, Record, hidden


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

    def asked_for(self, name: str) -> str:
        """Return what the request said of this parameter, blank if nothing."""
        values = self.form.get(name)
        return values[-1] if values else ""

    @property
    def events(self) -> frozenset[str]:
        """The events that its status callback is to hear of; none without a callback."""
        wanted = [name for text in self.form.get("StatusCallbackEvent", ()) for name in text.split()]
        return frozenset(wanted or ["completed"]) if self.asked_for("StatusCallback") else frozenset()


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

    @property
    def drops_inbound(self) -> bool:
        """Whether a text to one of its senders is neither logged nor told to anybody, as `inbound_request_url` says."""
        return not self.inbound_request_url and not self.use_inbound_webhook_on_number


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink(Record):
    """Where Event Streams delivers to; only those of type webhook are delivered to here."""

    description: str
    sink_configuration: Mapping[str, Any]
    sink_type: str
    status: str = "active"
    test_id: str = hidden("")  # of the test event that was sent last


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Record):
    """The events that go to a sink: which, its subscribed events say."""

    description: str
    sink_sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribedEvent(Record):
    """One type of event in a subscription. Twilio knows it by its type, this local one by both together."""

    subscription_sid: str
    type: str
    schema_version: int = 1
