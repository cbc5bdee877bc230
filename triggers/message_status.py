"""What becomes of a message that was sent, in the order of its life, each status once.

https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from datetime import datetime
from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.delivery import FAILED, FINAL, meaning
from .callbacks import told
from .parameters import Parameters, form_of
from .signed import example, hear
from .targets import RegistersMessageStatus

NAMES = ("MessageSid", "MessageStatus")
ORDER = (
    *("scheduled", "accepted", "queued", "sending", "sent"),
    *("canceled", "failed", "undelivered", "partially_delivered", "delivered", "read"),
)
"""Twilio calls in any order; a status is too late after any that stands behind it here. A carrier that takes back a failure
is believed, one that takes back a success is not."""


def body_of(said: Parameters) -> dict[str, Any]:
    """A message's status. ``isFinal``: nothing but ``read``, or a carrier's correction, comes after it."""
    status, code = said.text("MessageStatus"), said.integer("ErrorCode") or None
    return {
        "messageSid": said.text("MessageSid"),
        "accountSid": said.text("AccountSid"),
        "messagingServiceSid": said.text("MessagingServiceSid"),
        "channel": said.channel("To", "From", usual="sms"),
        "from": said.address("From"),
        "to": said.address("To"),
        "status": status,
        "isFinal": status in FINAL,
        "isFailure": status in FAILED,
        "errorCode": code,
        "errorMeaning": meaning(code),
        "channelStatusMessage": said.text("ChannelStatusMessage"),
        "channelInstallSid": said.text("ChannelInstallSid"),
        "rawDlrDoneDate": _receipt(said.text("RawDlrDoneDate")),
        "parameters": said.said,
    }


def _receipt(text: str | None) -> str | None:
    """The carrier's YYMMDDhhmm as ISO 8601; in which time zone, no carrier says."""
    try:
        return datetime.strptime(text or "", "%y%m%d%H%M").isoformat()  # noqa: DTZ007
    except ValueError:
        return None


SAID = {
    "MessageSid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "MessageStatus": "undelivered",
    "ErrorCode": "30003",
    "From": "+15557654321",
    "To": "+15551234567",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "RawDlrDoneDate": "2611261009",
    "SmsSid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "SmsStatus": "undelivered",
    "ApiVersion": "2010-04-01",
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class MessageStatus(RegistersMessageStatus):
    """Whose messages to hear of, and where to register for it."""


def message_status(
    context: ActionContext, request: WebhookRequest, inputs: MessageStatus
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept a status callback of a message that Twilio signed. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "a message's status callback", *NAMES)
    return told(heard, said, heard.payload(context, body_of(said)), NAMES, ORDER)
