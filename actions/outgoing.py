"""What a message to be sent may say: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.alias_generators import to_camel, to_snake

from ..connector.inputs import Conflict, Hint, Trimmed, Values, sid
from ..connector.twilio.fields import (
    SERVICE_SID,
    WHATSAPP,
    Address,
    ContentSid,
    MessageText,
    Moment,
    ServiceSid,
    Variables,
    WebAddress,
    WebAddresses,
    WhatsAppAddress,
)
from ..connector.twilio.parameters import NOT_SENT
from .callbacks import StatusCallbackFlow, ToldToFlow
from .fields import Recipient
from .operations import AdditionalParameters
from .rules import at_most_one

MAX_MEDIA = 10
NEEDS = (
    ("ContentVariables", "ContentSid"),
    ("SendAt", "MessagingServiceSid"),  # without one Twilio drops the schedule and sends at once
    ("ShortenUrls", "MessagingServiceSid"),
    ("FallbackFrom", "MessagingServiceSid"),
)
"""Parameters that mean something only beside another."""


def _few(urls: tuple[str, ...]) -> tuple[str, ...]:
    if len(urls) > MAX_MEDIA:  # error 21623
        message = f"has {len(urls)} addresses; a message holds at most {MAX_MEDIA}"
        raise ValueError(message)
    return urls


DryRun = Annotated[
    bool,
    NOT_SENT,
    Field(
        title="Dry Run",
        description="Send nothing; give what would be sent, and for an SMS its segments, its encoding and the character "
        "that forces UCS-2.",
    ),
]


class Outgoing(ToldToFlow):
    """What every kind of message may have, and what goes together."""

    to: Recipient
    from_: Annotated[
        Address | None,
        Field(
            alias="from",
            title="From",
            description="The sender: a number of the account in E.164 format, a short code, an alphanumeric sender or an "
            "address such as whatsapp:+15557654321. Blank: the messaging service chooses.",
            examples=["+15557654321"],
        ),
        Hint(placeholder="Enter sender phone number"),
    ] = None
    messaging_service_sid: Annotated[
        ServiceSid | None,
        Field(
            title="Messaging Service SID",
            description="The messaging service that sends (starts with MG). Give it, or From, or both for one of its senders.",
            examples=["MG1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"],
        ),
        Hint(data_source="selectMessagingService"),
    ] = None
    body: Annotated[
        MessageText | None,
        Field(title="Body", description="The text, at most 1600 characters.", examples=["Your table is ready."]),
        Hint(placeholder="Enter message body", type="text"),
    ] = None
    media_url: Annotated[
        WebAddresses,
        AfterValidator(_few),
        Field(
            title="Media URL",
            description="Up to 10 public addresses of pictures, sound, video or documents to send.",
            examples=['["https://example.com/table.jpg"]'],
        ),
    ] = ()
    content_sid: Annotated[
        ContentSid | None,
        Field(
            title="Content SID",
            description="The content template to send (starts with HX).",
            examples=["HX1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"],
        ),
        Hint(data_source="selectContentTemplate"),
    ] = None
    content_variables: Annotated[
        Variables | None,
        Field(
            title="Content Variables",
            description="What to put in the template's places, by their names: an object of texts.",
            examples=['{"1": "Ada", "2": "1042"}'],
        ),
    ] = None
    send_at: Annotated[
        Moment | None,
        Field(
            title="Send At",
            description="When to send, in ISO 8601: 300 seconds to 35 days ahead. Needs a messaging service.",
            examples=["2026-12-01T09:00:00Z"],
        ),
    ] = None
    status_callback: Annotated[
        WebAddress | None,
        Field(
            title="Status Callback",
            description="The URL that Twilio tells of each change of the message's status, such as a flow's webhook.",
            examples=["https://example.com/status"],
        ),
    ] = None
    status_callback_flow: StatusCallbackFlow = None
    persistent_action: Annotated[
        Values,
        Field(
            title="Persistent Action",
            description="What the channel offers beside the text, such as a place: geo:37.787890,-122.391664|375 Beale St.",
            examples=['["geo:37.787890,-122.391664|375 Beale St"]'],
        ),
        Hint(advanced=True),
    ] = ()
    validity_period: Annotated[
        int | None,
        Field(
            title="Validity Period",
            description="Seconds that the message may wait to be sent, 1 to 36000; it fails after that. Best more than 5.",
            ge=1,
            le=36000,
            examples=["14400"],
        ),
        Hint(advanced=True),
    ] = None
    content_retention: Annotated[
        Literal["retain", "discard"] | None,
        Field(
            title="Content Retention", description="Whether Twilio keeps the text and the media.", examples=["retain"]
        ),
        Hint(advanced=True),
    ] = None
    address_retention: Annotated[
        Literal["retain", "obfuscate"] | None,
        Field(
            title="Address Retention", description="Whether Twilio keeps the recipient's number.", examples=["retain"]
        ),
        Hint(advanced=True),
    ] = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        at_most_one(self, "status_callback", "status_callback_flow")
        if self.messaging_service_sid and self.from_ and SERVICE_SID.fullmatch(self.from_):
            raise Conflict("from", "is a messaging service, and messagingServiceSid names one too: give one of them")
        for parameter, problem in _conflicts(dict(self.parameters())):
            raise Conflict(_field(parameter), problem)
        return self

    def parameters(self, *, additional: bool = True) -> Iterator[tuple[str, Any]]:
        """What is sent, by Twilio's names. A messaging service is recognised as a sender too."""
        for name, value in super().parameters(additional=additional):
            is_service = name == "From" and isinstance(value, str) and SERVICE_SID.fullmatch(value)
            yield ("MessagingServiceSid" if is_service else name), value
        if self.send_at:
            yield "ScheduleType", "fixed"


def _conflicts(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The parameter to mend, and how."""
    if "From" not in given and "MessagingServiceSid" not in given:  # error 21603
        yield "From", "is required: give a sender (from) or a messaging service (messagingServiceSid)"
    if given.keys().isdisjoint({"Body", "MediaUrl", "ContentSid"}):  # error 21619
        yield "Body", "is required: give a text (body), media (mediaUrl) or a template (contentSid)"
    channels = {_channel(given[name]): name for name in ("From", "To") if name in given}
    if channels.keys() == {"", WHATSAPP}:  # error 21910
        other = _field(channels[""])
        yield channels[WHATSAPP], f"is on WhatsApp, and {other} is not: write {WHATSAPP} before both, or before none"
    for name, needed in NEEDS:
        if given.get(name) and needed not in given:
            yield name, f"needs {_field(needed)} beside it"


def _channel(address: Any) -> str:
    """What stands before a number, such as ``whatsapp:``; nothing for a plain number or name."""
    channel, colon, _ = str(address).partition(":")
    return channel + colon if colon else ""


def _field(parameter: str) -> str:
    return to_camel(to_snake(parameter))


class SendMessage(Outgoing):
    """A message on any channel, with all that Twilio's Create Message knows."""

    application_sid: Annotated[
        Annotated[Trimmed, sid("AP")] | None,
        Field(
            title="Application SID",
            description="The TwiML application that is told of the message's status (starts with AP). "
            "A status callback comes before it.",
            examples=["AP1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"],
        ),
        Hint(data_source="selectApplication", advanced=True),
    ] = None
    provide_feedback: Annotated[
        bool | None,
        Field(
            title="Provide Feedback",
            description="Whether you will tell Twilio that the message had its effect (Send Message Feedback).",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    smart_encoded: Annotated[
        bool | None,
        Field(
            title="Smart Encoded",
            description="Whether Twilio replaces characters by look-alikes of GSM-7, which take fewer segments.",
            examples=["true"],
        ),
    ] = None
    shorten_urls: Annotated[
        bool | None,
        Field(
            title="Shorten URLs",
            description="Whether Twilio shortens links in the text. Needs a messaging service with link shortening.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    send_as_mms: Annotated[
        bool | None,
        Field(
            title="Send As MMS",
            description="Whether a long text goes out as one MMS instead of several SMS segments.",
            examples=["false"],
        ),
        Hint(advanced=True),
    ] = None
    fallback_from: Annotated[
        Address | None,
        Field(
            title="Fallback From",
            description="The SMS sender for recipients that RCS does not reach. Needs a messaging service with an RCS sender.",
            examples=["+15557654321"],
        ),
        Hint(advanced=True),
    ] = None
    risk_check: Annotated[
        Literal["enable", "disable"] | None,
        Field(
            title="Risk Check",
            description="Whether Twilio's protection against SMS pumping looks at the message.",
            examples=["enable"],
        ),
        Hint(advanced=True),
    ] = None
    attempt: Annotated[
        int | None,
        Field(
            title="Attempt",
            description="How many times this message was tried to be sent, whoever carried it, this time included.",
            ge=1,
            examples=["1"],
        ),
        Hint(advanced=True),
    ] = None
    max_price: Annotated[
        Decimal | None,
        Field(
            title="Max Price",
            description="US dollars that the message may cost, with at most 4 decimal places. "
            "Twilio takes it still; since June 2024 it has no effect.",
            ge=0,
            le=10_000,
            decimal_places=4,
            examples=["0.05"],
        ),
        Hint(advanced=True),
    ] = None
    dry_run: DryRun = False
    additional_parameters: AdditionalParameters = ()


class SendWhatsApp(Outgoing):
    """A message on WhatsApp."""

    to: Annotated[
        WhatsAppAddress,
        Field(
            title="To",
            description="The recipient: a phone number in E.164 format, with whatsapp: before it or without.",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter recipient phone number"),
    ]
    from_: Annotated[
        WhatsAppAddress | None,
        Field(
            alias="from",
            title="From",
            description="The sender: a WhatsApp number of the account in E.164 format, with whatsapp: before it or without. "
            "Blank: the messaging service chooses.",
            examples=["+15557654321"],
        ),
        Hint(placeholder="Enter sender phone number"),
    ] = None
    dry_run: DryRun = False
    additional_parameters: AdditionalParameters = ()
