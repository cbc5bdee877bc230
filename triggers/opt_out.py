"""Who wants no more messages, and who wants them again.

Twilio answers the keywords itself and keeps the list. Where the number is in a messaging service with advanced opt-out it says
``OptOutType``, whatever the language; elsewhere the message is only the keyword, which must then be all that it says.
https://help.twilio.com/articles/223134027
"""

from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from .events import identities
from .inbound_message import REQUIRED
from .parameters import Parameters, form_of
from .signed import EMPTY_TWIML, example, hear
from .targets import RegistersMessages

KEYWORDS = dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "STOP") | (
    dict.fromkeys(("START", "YES", "UNSTOP"), "START")
)
CHANGES = frozenset(KEYWORDS.values())


def body_of(said: Parameters) -> dict[str, Any]:
    """An opt-out or opt-in: ``from`` is the person, ``to`` the number or sender that it is about."""
    kind = type_of(said)
    return {
        "optOutType": kind,
        "isOptedOut": kind == "STOP",
        "messageSid": said.text("MessageSid"),
        "accountSid": said.text("AccountSid"),
        "messagingServiceSid": said.text("MessagingServiceSid"),
        "channel": said.channel("From", "To", usual="sms"),
        "from": said.address("From"),
        "to": said.address("To"),
        "body": said.said["Body"],
        "parameters": said.said,
    }


def type_of(said: Parameters) -> str | None:
    """STOP, START or HELP as Twilio says it, else by the keyword; None for any other message."""
    told = said.text("OptOutType")
    return told.strip().upper() if told else KEYWORDS.get(said.said["Body"].strip().upper())


SAID = {
    "Body": "STOP",
    "From": "+15558675309",
    "To": "+18057166646",
    "OptOutType": "STOP",
    "MessageSid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "MessagingServiceSid": "MG1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsStatus": "received",
    "ApiVersion": "2010-04-01",
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class OptOutChanged(RegistersMessages):
    """Whose opt-outs to hear of, and where to register for it."""


def opt_out_changed(
    context: ActionContext, request: WebhookRequest, inputs: OptOutChanged
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept the messages that a number gets; those that change no opt-out start no flow. Raises WebhookRejected."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "an inbound message", *REQUIRED)
    return TriggerResult(
        payload=heard.payload(context, body_of(said)),
        response=EMPTY_TWIML,
        wait=False,
        dedupe=identities(request, said.said, "MessageSid"),
        sequence=f"{said.text('From')} {said.text('To')}",
        polled_no_changes=type_of(said) not in CHANGES,
    )
