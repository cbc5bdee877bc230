"""Inputs that the forms of several actions share: identifiers, URLs of webhooks, times, JSON."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from ..connector.inputs import Hint, Trimmed, Values, sid
from ..connector.twilio.fields import Address, WebAddress
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resource import example_sid


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        message = "must be a day such as 2026-11-21"
        raise ValueError(message) from None


def _json_object(value: Any) -> Any:
    """The text of a JSON object, from that text or from the object."""
    if value is None:
        return None
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        valid = isinstance(json.loads(text), dict)
    except (TypeError, ValueError, RecursionError):
        valid = False
    if not valid:
        message = 'must be a JSON object such as {"name": "Ada"}'
        raise ValueError(message)
    return text


def among(known: Iterable[str]) -> AfterValidator:
    """Check that each value of a list is one of these."""
    allowed = tuple(known)

    def check(values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if value not in allowed:
                message = f"{value!r} is none of {', '.join(allowed)}"
                raise ValueError(message)
        return values

    return AfterValidator(check)


def until(title: str, what: str, when: str = "at this time", *, example: str = "2026-03-16T00:00:00Z") -> Any:
    """The form's field of a filter that ends with a time, or with a day."""
    return Field(title=title, description=f"Only {what} {when} or before.", examples=[example])


def since(title: str, what: str, when: str = "at this time", *, example: str = "2026-03-15T00:00:00Z") -> Any:
    """The form's field of a filter that begins with a time, or with a day."""
    return Field(title=title, description=f"Only {what} {when} or after.", examples=[example])


def megabytes(*, most: int, example: str) -> Any:
    """The form's field of how large a download may be."""
    return Field(
        title="Max Megabytes",
        description="Refuse a file that is larger than so many megabytes (1,048,576 bytes each).",
        ge=1,
        le=most,
        examples=[example],
    )


Recipient = Annotated[
    Address,
    Field(
        title="To",
        description="The recipient: a phone number in E.164 format, or an address such as whatsapp:+15551234567.",
        examples=["+15551234567"],
    ),
    Hint(placeholder="Enter recipient phone number"),
]
Method: TypeAlias = Annotated[Literal["GET", "POST"], BeforeValidator(_upper)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
JsonObject: TypeAlias = Annotated[str, BeforeValidator(_json_object), Hint(type="code", language="json")]
Country: TypeAlias = Annotated[Trimmed, BeforeValidator(_upper)]

StatusCallback: TypeAlias = Annotated[
    WebAddress,
    Field(
        title="Status Callback",
        description="The URL that Twilio calls when the status changes.",
        examples=["https://example.com/status"],
    ),
]
StatusCallbackMethod: TypeAlias = Annotated[
    Method | None,
    Field(
        title="Status Callback Method",
        description="How Twilio calls the status callback. Blank: POST.",
        examples=["POST"],
    ),
    Hint(advanced=True),
]
RecordingStatusCallback: TypeAlias = Annotated[
    WebAddress,
    Field(
        title="Recording Status Callback",
        description="The URL that Twilio calls when the recording is available.",
        examples=["https://example.com/recorded"],
    ),
]
RecordingStatusCallbackMethod: TypeAlias = Annotated[
    Method | None,
    Field(
        title="Recording Status Callback Method",
        description="How Twilio calls the recording status callback. Blank: POST.",
        examples=["POST"],
    ),
    Hint(advanced=True),
]
RecordingStatusCallbackEvent: TypeAlias = Annotated[
    Values,
    among(("in-progress", "completed", "absent")),
    Field(
        title="Recording Status Callback Events",
        description="Which events to be told of: in-progress, completed, absent. Blank: completed.",
        examples=["completed"],
    ),
    Hint(advanced=True),
]
RecordingChannels: TypeAlias = Annotated[
    Literal["mono", "dual"] | None,
    Field(
        title="Recording Channels",
        description="mono keeps both parties in one channel, dual each in its own. Blank: mono.",
        examples=["dual"],
    ),
]
RecordingTrack: TypeAlias = Annotated[
    Literal["inbound", "outbound", "both"] | None,
    Field(
        title="Recording Track",
        description="Which audio to record: what Twilio receives (inbound), generates (outbound), or both.",
        examples=["both"],
    ),
    Hint(advanced=True),
]
Trim: TypeAlias = Annotated[
    Literal["trim-silence", "do-not-trim"] | None,
    Field(
        title="Trim", description="Whether to cut the silence at both ends of the recording.", examples=["trim-silence"]
    ),
    Hint(advanced=True),
]

CallSid: TypeAlias = Annotated[
    Trimmed,
    sid("CA"),
    NOT_SENT,
    Field(
        title="Call SID",
        description="The unique identifier of the call (starts with CA).",
        examples=[example_sid("CA")],
    ),
    Hint(placeholder="Enter call SID"),
]
RecordingSid: TypeAlias = Annotated[
    Trimmed,
    sid("RE"),
    NOT_SENT,
    Field(
        title="Recording SID",
        description="The unique identifier of the recording (starts with RE).",
        examples=[example_sid("RE")],
    ),
    Hint(placeholder="Enter recording SID"),
]
TranscriptionSid: TypeAlias = Annotated[
    Trimmed,
    sid("TR"),
    NOT_SENT,
    Field(
        title="Transcription SID",
        description="The unique identifier of the transcription (starts with TR).",
        examples=[example_sid("TR")],
    ),
    Hint(placeholder="Enter transcription SID"),
]
AlertSid: TypeAlias = Annotated[
    Trimmed,
    sid("NO"),
    NOT_SENT,
    Field(
        title="SID",
        description="The unique identifier of the alert or notification (starts with NO).",
        examples=[example_sid("NO")],
    ),
    Hint(placeholder="Enter SID"),
]
PhoneNumberSid: TypeAlias = Annotated[
    Trimmed,
    sid("PN"),
    NOT_SENT,
    Field(
        title="Phone Number SID",
        description="The unique identifier of the phone number (starts with PN).",
        examples=[example_sid("PN")],
    ),
    Hint(placeholder="Enter phone number SID", data_source="selectPhoneNumberSid"),
]
MessagingServiceSid: TypeAlias = Annotated[
    Trimmed,
    sid("MG"),
    NOT_SENT,
    Field(
        title="Messaging Service SID",
        description="The unique identifier of the messaging service (starts with MG).",
        examples=[example_sid("MG")],
    ),
    Hint(placeholder="Enter messaging service SID", data_source="selectMessagingService"),
]
VerifyServiceSid: TypeAlias = Annotated[
    Trimmed,
    sid("VA"),
    NOT_SENT,
    Field(
        title="Verify Service SID",
        description="The unique identifier of the Verify service (starts with VA).",
        examples=[example_sid("VA")],
    ),
    Hint(placeholder="Enter Verify service SID", data_source="selectVerifyService"),
]
ApplicationSid: TypeAlias = Annotated[
    Trimmed, sid("AP"), Hint(placeholder="Enter application SID", data_source="selectApplication")
]
