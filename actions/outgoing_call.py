"""What a call to be made may say: https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from xml.etree.ElementTree import ParseError, fromstring

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ..connector.errors import InvalidInput
from ..connector.inputs import Hint, Trimmed, Values, sid
from ..connector.twilio.fields import Address, WebAddress
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.twiml import Element, document
from .callbacks import StatusCallbackFlow, ToldToFlow
from .fields import (
    ApplicationSid,
    Method,
    RecordingChannels,
    RecordingStatusCallback,
    RecordingStatusCallbackEvent,
    RecordingStatusCallbackMethod,
    RecordingTrack,
    StatusCallback,
    StatusCallbackMethod,
    Trim,
    among,
)
from .operations import ActionInputs, AdditionalParameters
from .rules import at_most_one, exactly_one, excludes, needs

MAX_TWIML = 4000
"""Characters of TwiML in a request; more goes behind a URL."""


def _short(text: str) -> str:
    if len(text) > MAX_TWIML:
        message = f"has {len(text)} characters; at most {MAX_TWIML} go with a call: put it behind a URL"
        raise ValueError(message)
    return text


def _twiml(text: str) -> str:
    """Errors 12100 and 12102, which Twilio finds only when the call is answered."""
    if "<!DOCTYPE" in text:
        message = "must hold no document type: TwiML needs none"
        raise ValueError(message)
    try:
        root = fromstring(_short(text))  # noqa: S314  without a document type there are no entities to expand
    except ParseError as error:
        message = f"is not well-formed XML: {error}; it is written like <Response><Say>Hello</Say></Response>"
        raise ValueError(message) from None
    if root.tag != "Response":
        message = f"must be a <Response>, and is a <{root.tag}>"
        raise ValueError(message)
    return text


class Instructions(ActionInputs):
    """What to do in the call: fetch it from a URL, take it from here, or say something."""

    url: Annotated[
        WebAddress,
        Field(
            title="URL",
            description="The URL where Twilio fetches the TwiML instructions. "
            "Give one: URL, TwiML, text to say or, for a new call, an application.",
            examples=["https://example.com/voice"],
        ),
    ] = ""
    method: Annotated[
        Method | None,
        Field(title="Method", description="How Twilio calls the URL. Blank: POST.", examples=["POST"]),
        Hint(advanced=True),
    ] = None
    twiml: Annotated[
        str,
        AfterValidator(_twiml),
        Field(title="TwiML", description="The TwiML instructions themselves, at most 4000 characters."),
        Hint(placeholder="<Response><Say>Hello</Say></Response>", type="code", language="xml"),
    ] = ""
    say: Annotated[
        str,
        NOT_SENT,
        Field(title="Say", description="A text to be spoken; the TwiML is made from it, and the call ends after it."),
        Hint(placeholder="Your table is ready.", type="text"),
    ] = ""
    voice: Annotated[
        Trimmed,
        NOT_SENT,
        Field(title="Voice", description="The voice that speaks the text to say, such as Polly.Joanna or alice."),
        Hint(placeholder="Polly.Joanna", advanced=True),
    ] = ""
    language: Annotated[
        Trimmed,
        NOT_SENT,
        Field(title="Language", description="The language of the text to say, such as en-GB or de-DE."),
        Hint(placeholder="en-GB", advanced=True),
    ] = ""
    fallback_url: Annotated[
        WebAddress,
        Field(
            title="Fallback URL",
            description="The URL that Twilio calls if the URL or its TwiML fails.",
            examples=["https://example.com/fallback"],
        ),
        Hint(advanced=True),
    ] = ""
    fallback_method: Annotated[
        Method | None,
        Field(
            title="Fallback Method", description="How Twilio calls the fallback URL. Blank: POST.", examples=["POST"]
        ),
        Hint(advanced=True),
    ] = None
    status_callback: StatusCallback = ""
    status_callback_method: StatusCallbackMethod = None

    @model_validator(mode="after")
    def _consistent(self) -> "Instructions":
        needs(self, ["method"], "url")
        needs(self, ["voice", "language"], "say")
        needs(self, ["fallback_method"], "fallback_url")
        needs(self, ["status_callback_method"], "status_callback")
        return self

    def parameters(self, *, additional: bool = True) -> Iterator[tuple[str, Any]]:
        """What is sent, the text to say as TwiML."""
        yield from super().parameters(additional=additional)
        if self.say:
            yield "Twiml", self._spoken()

    def _spoken(self) -> str:
        details = {name: value for name in ("voice", "language") if (value := getattr(self, name))}
        try:
            return _short(document([Element("Say", details, self.say)]))
        except ValueError as error:
            raise InvalidInput(f"say: {error}", field="say") from None


class CallParties(ActionInputs):
    """Who calls whom."""

    to: Annotated[
        Address,
        Field(
            title="To",
            description="Whom to call: a phone number in E.164 format, a SIP address (sip:…) or a client (client:…).",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter number to call"),
    ]
    from_: Annotated[
        Address,
        Field(
            alias="from",
            title="From",
            description="The caller: a number of the account, a verified caller ID in E.164 format, or a client (client:…).",
            examples=["+15557654321"],
        ),
        Hint(placeholder="Enter caller", data_source="selectPhoneNumber"),
    ]


_RECORDING = (
    "recording_channels",
    "recording_track",
    "recording_status_callback",
    "recording_status_callback_method",
    "recording_status_callback_event",
    "trim",
)
_DETECTION = (
    "async_amd",
    "machine_detection_timeout",
    "machine_detection_speech_threshold",
    "machine_detection_speech_end_threshold",
    "machine_detection_silence_timeout",
)
_OF_APPLICATION = (
    "method",
    "fallback_url",
    "fallback_method",
    "status_callback",
    "status_callback_flow",
    "status_callback_event",
    "status_callback_method",
)


class CreateCall(ToldToFlow, Instructions, CallParties):
    """The call to make."""

    application_sid: Annotated[
        ApplicationSid,
        Field(title="Application SID", description="The application (starts with AP) that handles the call."),
    ] = ""
    status_callback_flow: StatusCallbackFlow = None
    status_callback_event: Annotated[
        Values,
        among(("initiated", "ringing", "answered", "completed")),
        Field(
            title="Status Callback Events",
            description="Which events to be told of: initiated, ringing, answered, completed. Blank: completed.",
            examples=["completed"],
        ),
    ] = ()
    send_digits: Annotated[
        Trimmed,
        Field(
            title="Send Digits",
            description="Keys to press once connected: at most 32 of 0-9, A-D, # and *; w waits half a second, W a second.",
            pattern="^[0-9A-D#*wW]{1,32}$",
        ),
        Hint(placeholder="W1234#"),
    ] = ""
    timeout: Annotated[
        int | None,
        Field(title="Timeout", description="How many seconds it may ring. Blank: 60.", ge=1, le=600, examples=["30"]),
    ] = None
    time_limit: Annotated[
        int | None,
        Field(title="Time Limit", description="How many seconds the call may last.", ge=1, examples=["3600"]),
        Hint(advanced=True),
    ] = None
    record: Annotated[
        bool | None, Field(title="Record", description="Whether to record the call.", examples=["true"])
    ] = None
    recording_channels: RecordingChannels = None
    recording_track: RecordingTrack = None
    recording_status_callback: RecordingStatusCallback = ""
    recording_status_callback_method: RecordingStatusCallbackMethod = None
    recording_status_callback_event: RecordingStatusCallbackEvent = ()
    trim: Trim = None
    machine_detection: Annotated[
        Literal["Enable", "DetectMessageEnd"] | None,
        Field(
            title="Machine Detection",
            description="Find out whether a person, an answering machine or a fax answers. Enable: say so at once; "
            "DetectMessageEnd: wait until the machine listens. Not together with digits to send.",
            examples=["Enable"],
        ),
    ] = None
    machine_detection_timeout: Annotated[
        int | None,
        Field(title="Machine Detection Timeout", description="Seconds to detect in. Blank: 30.", ge=1, examples=["30"]),
        Hint(advanced=True),
    ] = None
    machine_detection_speech_threshold: Annotated[
        int | None,
        Field(
            title="Machine Detection Speech Threshold",
            description="Milliseconds of speech beyond which it is a machine. Blank: 2400.",
            ge=1000,
            le=6000,
            examples=["2400"],
        ),
        Hint(advanced=True),
    ] = None
    machine_detection_speech_end_threshold: Annotated[
        int | None,
        Field(
            title="Machine Detection Speech End Threshold",
            description="Milliseconds of silence that end the speech. Blank: 1200.",
            ge=500,
            le=5000,
            examples=["1200"],
        ),
        Hint(advanced=True),
    ] = None
    machine_detection_silence_timeout: Annotated[
        int | None,
        Field(
            title="Machine Detection Silence Timeout",
            description="Milliseconds of silence at first after which the answer is unknown. Blank: 5000.",
            ge=2000,
            le=10000,
            examples=["5000"],
        ),
        Hint(advanced=True),
    ] = None
    async_amd: Annotated[
        bool | None,
        Field(
            title="Asynchronous Machine Detection",
            description="Detect in the background while the call goes on. Otherwise the call waits for the detection.",
            examples=["true"],
        ),
    ] = None
    async_amd_status_callback: Annotated[
        WebAddress,
        Field(
            title="Machine Detection Callback",
            description="The URL that Twilio tells what was detected in the background.",
            examples=["https://example.com/answered-by"],
        ),
        Hint(advanced=True),
    ] = ""
    async_amd_status_callback_method: Annotated[
        Method | None,
        Field(
            title="Machine Detection Callback Method",
            description="How Twilio calls the machine detection callback. Blank: POST.",
            examples=["POST"],
        ),
        Hint(advanced=True),
    ] = None
    caller_id: Annotated[
        Address | None,
        Field(
            title="Caller ID",
            description="The number, SIP address or client that is shown as the caller.",
            examples=["+15557654321"],
        ),
        Hint(advanced=True),
    ] = None
    sip_auth_username: Annotated[
        str,
        Field(title="SIP User Name", description="The user name for a call to a SIP address.", examples=["ada"]),
        Hint(advanced=True),
    ] = ""
    sip_auth_password: Annotated[
        SecretStr | None,
        Field(title="SIP Password", description="The password of the SIP user."),
        Hint(advanced=True),
    ] = None
    byoc: Annotated[
        Trimmed,
        sid("BY"),
        Field(
            title="BYOC Trunk SID",
            description="The trunk (starts with BY) of your own carrier that routes the call to a phone number.",
            examples=["BY1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"],
        ),
        Hint(advanced=True),
    ] = ""
    call_reason: Annotated[
        str,
        Field(
            title="Call Reason",
            description="What the call is about, as shown on the recipient's phone (branded calls).",
            examples=["Your table is ready"],
        ),
        Hint(advanced=True),
    ] = ""
    call_token: Annotated[
        Trimmed,
        Field(title="Call Token", description="The token of an incoming call whose caller ID a forwarded call shows."),
        Hint(advanced=True),
    ] = ""
    client_notification_url: Annotated[
        WebAddress,
        Field(
            title="Client Notification URL",
            description="The URL that Twilio uses to push a notification of the call to a client.",
            examples=["https://example.com/push"],
        ),
        Hint(advanced=True),
    ] = ""
    additional_parameters: AdditionalParameters = ()

    @model_validator(mode="after")
    def _callable(self) -> "CreateCall":
        exactly_one(self, "url", "twiml", "application_sid", "say")
        excludes(self, "application_sid", _OF_APPLICATION, "set it on the application")
        at_most_one(self, "status_callback", "status_callback_flow")
        if not self.status_callback_flow:
            needs(self, ["status_callback_event"], "status_callback")
        needs(self, _RECORDING, "record")
        excludes(self, "send_digits", ["machine_detection"], "Twilio does not detect machines when it sends digits")
        needs(self, _DETECTION, "machine_detection")
        needs(self, ["async_amd_status_callback"], "async_amd")
        needs(self, ["async_amd_status_callback_method"], "async_amd_status_callback")
        needs(self, ["sip_auth_username"], "sip_auth_password")
        needs(self, ["sip_auth_password"], "sip_auth_username")
        return self
