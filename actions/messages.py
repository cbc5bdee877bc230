"""Messages: send, read, list. https://www.twilio.com/docs/messaging/api/message-resource."""

import re
from collections.abc import Iterator
from typing import Annotated, TypedDict

from pydantic import AfterValidator, Field

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.inputs import Hint, Inputs
from ..connector.result import Example
from ..connector.twilio.fields import Address, MessageSid, Moment
from ..connector.twilio.once import send_once
from ..connector.twilio.resources.messages import MESSAGES

MAX_CHARACTERS = 1600
CHOICES = 50

_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")

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


def _fits(text: str) -> str:
    if len(text) > MAX_CHARACTERS:  # error 21617, found before anything is sent
        message = f"has {len(text)} characters; a message holds at most {MAX_CHARACTERS}: shorten or split it"
        raise ValueError(message)
    return text


class SendSMS(Inputs):
    """What to send, from where, to whom."""

    twilio_connection: TwilioConnection
    to: Annotated[
        Address,
        Field(
            title="To",
            description="The recipient: a phone number in E.164 format, or an address such as whatsapp:+15551234567.",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter recipient phone number"),
    ]
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
        str,
        AfterValidator(_fits),
        Field(
            title="Message",
            description="The text content of the message to send, at most 1600 characters.",
            examples=["Your table is ready."],
        ),
        Hint(placeholder="Enter message body"),
    ]


def send_sms(context: ActionContext, inputs: SendSMS) -> Annotated[Message, Example(EXAMPLE)]:
    """Send a message, never twice. Raises OutcomeUnknown where it cannot be told whether Twilio took it."""
    sender = "MessagingServiceSid" if _SERVICE.fullmatch(inputs.from_) else "From"
    values = {"To": inputs.to, sender: inputs.from_, "Body": inputs.message}
    sent: Message = send_once(inputs.twilio_connection.client(context), context, MESSAGES, values)
    return sent


class GetSMS(Inputs):
    """Which message to read."""

    twilio_connection: TwilioConnection
    sid: Annotated[
        MessageSid,
        Field(
            title="Message SID",
            description="The unique identifier of the message (starts with SM or MM).",
            examples=[_SID],
        ),
        Hint(placeholder="Enter message SID", data_source="selectMessage"),
    ]


def get_sms(context: ActionContext, inputs: GetSMS) -> Annotated[Message, Example(EXAMPLE)]:
    """Read a message."""
    found: Message = inputs.twilio_connection.client(context).fetch(MESSAGES, inputs.sid)
    return found


class ListMessages(Inputs):
    """Which messages to read, and how many."""

    twilio_connection: TwilioConnection
    to: Annotated[
        Address | None,
        Field(title="To", description="Only messages to this number or address.", examples=["+15551234567"]),
        Hint(placeholder="Enter recipient phone number"),
    ] = None
    from_: Annotated[
        Address | None,
        Field(alias="from", title="From", description="Only messages from this sender.", examples=["+15557654321"]),
        Hint(placeholder="Enter sender phone number"),
    ] = None
    date_sent: Annotated[
        Moment | None,
        Field(title="Date Sent", description="Only messages sent on this day (UTC).", examples=["2026-03-15"]),
    ] = None
    before: Annotated[
        Moment | None,
        Field(
            title="Before", description="Only messages sent at this time or before.", examples=["2026-03-16T00:00:00Z"]
        ),
    ] = None
    after: Annotated[
        Moment | None,
        Field(
            title="After", description="Only messages sent at this time or after.", examples=["2026-03-15T00:00:00Z"]
        ),
    ] = None
    limit: Annotated[
        int,
        Field(
            title="Limit",
            description="How many messages to read at most, the newest first. An account may hold millions.",
            ge=1,
            examples=["100"],
        ),
    ] = 100  # a flow keeps what a step gives: what it never asked for should not fill it
    page_size: Annotated[
        int | None,
        Field(
            title="Page Size",
            description="How many messages to ask Twilio for at once, at most 1000. Blank: as many as the limit needs.",
            ge=1,
            le=1000,
            examples=["1000"],
        ),
        Hint(advanced=True),
    ] = None


def list_messages(context: ActionContext, inputs: ListMessages) -> Iterator[Annotated[Message, Example(EXAMPLE)]]:
    """Read the newest messages, a page at a time as they are taken."""
    filters = {
        "To": inputs.to,
        "From": inputs.from_,
        "DateSent": inputs.date_sent,
        "DateSent<": inputs.before,
        "DateSent>": inputs.after,
    }
    client = inputs.twilio_connection.client(context)
    yield from client.list(MESSAGES, filters, limit=inputs.limit, page_size=inputs.page_size)


class SelectMessage(Inputs):
    """From which account to choose."""

    connection: TwilioConnection


class Choice(TypedDict):
    """An entry of a picklist."""

    label: str
    key: str


def select_message(
    context: ActionContext, inputs: SelectMessage
) -> Annotated[list[Choice], Example([{"label": "Your table is ready. (+15551234567)", "key": _SID}])]:
    """The newest messages, by how they begin and whom they went to."""
    newest = inputs.connection.client(context).list(MESSAGES, limit=CHOICES)
    return [{"label": _label(message), "key": message["sid"]} for message in newest if "sid" in message]


def _label(message: Message) -> str:
    text = " ".join(str(message.get("body") or "").split())
    return f"{text[:39] + '…' if len(text) > 40 else text or 'No text'} ({message.get('to')})"  # noqa: PLR2004
