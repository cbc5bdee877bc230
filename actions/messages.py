"""Messages: send a plain one, read, list, change and delete them. https://www.twilio.com/docs/messaging/api/message-resource."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, TypedDict

from pydantic import Field, model_validator

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.inputs import Conflict, Hint, Inputs
from ..connector.result import Example
from ..connector.twilio.client import TwilioClient, Values
from ..connector.twilio.fields import SERVICE_SID, Address, MessageSid, MessageText, Moment
from ..connector.twilio.once import send_once
from ..connector.twilio.parameters import NOT_SENT, Parameter
from ..connector.twilio.resources.media import MEDIA
from ..connector.twilio.resources.messages import FEEDBACK, MESSAGES
from .fields import Recipient, since, until
from .operations import ActionInputs, AdditionalParameters, creating, deleting, getting, listing

Message = TypedDict(
    "Message",
    {
        "accountSid": str,
        "apiVersion": str,
        "body": str | None,
        "dateCreated": str | None,
        "dateSent": str | None,
        "dateUpdated": str | None,
        "direction": str,
        "errorCode": int | None,
        "errorMessage": str | None,
        "from": str | None,
        "messagingServiceSid": str | None,
        "numMedia": str,
        "numSegments": str,
        "price": str | None,
        "priceUnit": str | None,
        "sid": str,
        "status": str,
        "subresourceUris": dict[str, str],
        "to": str,
        "uri": str,
    },
    total=False,
)
"""A message as the platform has it. What Twilio adds later is there too."""

EXAMPLE = MESSAGES.example
_SID = EXAMPLE["sid"]


class SendSMS(Inputs):
    """What to send, from where, to whom."""

    twilio_connection: TwilioConnection
    to: Recipient
    from_: Annotated[
        Address,
        Field(
            alias="from",
            title="From",
            description="The sender: a number of the account in E.164 format, a short code, an alphanumeric sender, "
            "an address such as whatsapp:+15557654321, or the SID of a messaging service (starts with MG).",
            examples=["+15557654321"],
        ),
        Hint(placeholder="Enter sender phone number"),
    ]
    message: Annotated[
        MessageText,
        Field(
            title="Message",
            description="The text content of the message to send, at most 1600 characters.",
            examples=["Your table is ready."],
        ),
        Hint(placeholder="Enter message body"),
    ]


def send_sms(context: ActionContext, inputs: SendSMS) -> Annotated[Message, Example(EXAMPLE)]:
    """Send a message, never twice. Raises OutcomeUnknown where it cannot be told whether Twilio took it."""
    sender = "MessagingServiceSid" if SERVICE_SID.fullmatch(inputs.from_) else "From"
    values = {"To": inputs.to, sender: inputs.from_, "Body": inputs.message}
    return send(context, inputs.twilio_connection.client(context), values)


def send(context: ActionContext, client: TwilioClient, values: Values) -> Message:
    """The one way on which messages go out, never twice."""
    sent: Message = send_once(client, context, MESSAGES, values)
    return sent


class OneMessage(ActionInputs):
    """Which message."""

    sid: Annotated[
        MessageSid,
        NOT_SENT,
        Field(
            title="Message SID",
            description="The unique identifier of the message (starts with SM or MM).",
            examples=[_SID],
        ),
        Hint(placeholder="Enter message SID", data_source="selectMessage"),
    ]


MessagesTo = Annotated[
    Address | None,
    Field(title="To", description="Only messages to this number or address.", examples=["+15551234567"]),
    Hint(placeholder="Enter recipient phone number"),
]
MessagesFrom = Annotated[
    Address | None,
    Field(alias="from", title="From", description="Only messages from this sender.", examples=["+15557654321"]),
    Hint(placeholder="Enter sender phone number"),
]


class Messages(ActionInputs):
    """Which messages to read."""

    to: MessagesTo = None
    from_: MessagesFrom = None
    date_sent: Annotated[
        Moment | None,
        Field(title="Date Sent", description="Only messages sent on this day (UTC).", examples=["2026-03-15"]),
    ] = None
    before: Annotated[
        Moment | None,
        Parameter("DateSent<"),
        until("Before", "messages sent"),
    ] = None
    after: Annotated[
        Moment | None,
        Parameter("DateSent>"),
        since("After", "messages sent"),
    ] = None


class MessageUpdate(OneMessage):
    """What to change: Twilio lets a text be removed, and a scheduled message be canceled."""

    redact: Annotated[
        bool,
        NOT_SENT,
        Field(title="Redact", description="Remove the text and the media; all else of the message stays."),
    ] = False
    status: Annotated[
        Literal["canceled"] | None,
        Field(title="Status", description="canceled: do not send a message that is scheduled.", examples=["canceled"]),
    ] = None
    additional_parameters: AdditionalParameters = ()

    def parameters(self, *, additional: bool = True) -> Iterator[tuple[str, Any]]:
        """What is sent; an empty text for what is to be redacted."""
        if self.redact:
            yield "Body", ""
        yield from super().parameters(additional=additional)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not (self.redact or self.status or self.additional_parameters):
            raise Conflict("status", "is required, or redact: say what to change")
        return self


class Feedback(ActionInputs):
    """What became of a message."""

    message_sid: Annotated[
        MessageSid,
        NOT_SENT,
        Field(
            title="Message SID",
            description="The message, which was sent with Provide Feedback (starts with SM or MM).",
            examples=[_SID],
        ),
        Hint(placeholder="Enter message SID", data_source="selectMessage"),
    ]
    outcome: Annotated[
        Literal["confirmed", "unconfirmed"],
        Field(
            title="Outcome",
            description="Whether the recipient did what the message was for, such as typing a code.",
            examples=["confirmed"],
        ),
    ] = "confirmed"


get_sms = getting(MESSAGES, OneMessage)
list_messages = listing(MESSAGES, Messages)
delete_message = deleting(MESSAGES, OneMessage)
send_message_feedback = creating(FEEDBACK, Feedback)


def update_message(context: ActionContext, inputs: MessageUpdate) -> Annotated[Message, Example(EXAMPLE)]:
    """Redact or cancel a message."""
    change = _redacted if inputs.redact else _updated
    return change(context, inputs, inputs.parameters())


def redact_message(
    context: ActionContext, inputs: OneMessage
) -> Annotated[Message, Example({**EXAMPLE, "body": "", "status": "delivered"})]:
    """Remove the text and the media of a message that has its final status."""
    return _redacted(context, inputs, [("Body", "")])


def cancel_scheduled_message(
    context: ActionContext, inputs: OneMessage
) -> Annotated[Message, Example({**EXAMPLE, "status": "canceled"})]:
    """Cancel a message that is scheduled. Raises Refused once it is being sent."""
    return _updated(context, inputs, [("Status", "canceled")])


def _redacted(context: ActionContext, inputs: OneMessage, values: Values) -> Message:
    """An empty body redacts the text alone: the media, which Twilio keeps, are deleted one by one."""
    client, found = inputs.client(context), _updated(context, inputs, values)
    if found.get("numMedia", "0") != "0":
        for media in list(client.list(MEDIA, message_sid=inputs.sid)):
            client.delete(MEDIA, media["sid"], message_sid=inputs.sid)
    return found


def _updated(context: ActionContext, inputs: OneMessage, values: Values) -> Message:
    found: Message = inputs.client(context).update(MESSAGES, inputs.sid, values)
    return found
