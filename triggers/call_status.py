"""What becomes of a call, in the order of its life, each status once.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
"""

from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.resources.calls import FINAL
from .callbacks import told
from .calls import REQUIRED, call_of
from .calls import SAID as CALL
from .parameters import Parameters, form_of
from .signed import example, hear
from .targets import RegistersCallStatus

ORDER = ("queued", "initiated", "ringing", "in-progress", "canceled", "no-answer", "busy", "failed", "completed")
"""Of the statuses of a call whose callbacks are not numbered; a status is too late after any that stands behind it."""
NUMBERS = tuple(map(str, range(100)))
"""Of callbacks: a call has five of them."""


def body_of(said: Parameters) -> dict[str, Any]:
    """A call's status; durations in seconds, where it has ended."""
    status = said.text("CallStatus")
    return {
        **call_of(said),
        "isFinal": status in FINAL,
        "sequenceNumber": said.integer("SequenceNumber"),
        "callbackSource": said.text("CallbackSource"),
        "timestamp": said.moment("Timestamp"),
        "callDuration": said.integer("CallDuration"),
        "billedMinutes": said.integer("Duration"),
        "sipResponseCode": said.integer("SipResponseCode"),
        "recording": said.group(sid="RecordingSid", url="RecordingUrl"),
        "recordingDuration": said.integer("RecordingDuration"),
        "parameters": said.said,
    }


SAID = CALL | {
    "CallStatus": "completed",
    "Direction": "outbound-api",
    "CallbackSource": "call-progress-events",
    "SequenceNumber": "3",
    "Timestamp": "Thu, 26 Nov 2026 10:09:00 +0000",
    "Duration": "1",
    "CallDuration": "42",
    "SipResponseCode": "200",
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class CallStatus(RegistersCallStatus):
    """Whose calls to hear of, and where to register for it."""


def call_status(
    context: ActionContext, request: WebhookRequest, inputs: CallStatus
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept a status callback of a call that Twilio signed. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "a call's status callback", *REQUIRED)
    names, order = _named(said)
    return told(heard, said, heard.payload(context, body_of(said)), names, order)


def _named(said: Parameters) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What names the callback, and the order of the last of them: Twilio's number, or the status where it has none."""
    if said.text("SequenceNumber") is None:
        return ("CallSid", "CallStatus"), ORDER
    if said.text("CallbackSource") is None:
        return ("CallSid", "SequenceNumber"), NUMBERS
    return ("CallSid", "CallbackSource", "SequenceNumber"), NUMBERS
