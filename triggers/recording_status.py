"""What becomes of a recording. https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback."""

from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from .callbacks import told
from .parameters import Parameters, form_of
from .signed import example, hear
from .typed import Typed

NAMES = ("RecordingSid", "RecordingStatus")
ORDER = ("in-progress", "absent", "failed", "completed")
FINAL = frozenset({"absent", "failed", "completed"})


def body_of(said: Parameters) -> dict[str, Any]:
    """A recording's status; the duration in seconds. The URL, with .wav or .mp3 behind it, needs the credentials."""
    status = said.text("RecordingStatus")
    return {
        "recordingSid": said.text("RecordingSid"),
        "accountSid": said.text("AccountSid"),
        "callSid": said.text("CallSid"),
        "conferenceSid": said.text("ConferenceSid"),
        "status": status,
        "isFinal": status in FINAL,
        "url": said.text("RecordingUrl"),
        "duration": said.integer("RecordingDuration"),
        "channels": said.integer("RecordingChannels"),
        "source": said.text("RecordingSource"),
        "track": said.text("RecordingTrack"),
        "startTime": said.moment("RecordingStartTime"),
        "errorCode": said.integer("ErrorCode") or None,
        "parameters": said.said,
    }


SAID = {
    "RecordingSid": "RE1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "RecordingStatus": "completed",
    "RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Recordings/"
    "RE1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "RecordingDuration": "17",
    "RecordingChannels": "1",
    "RecordingSource": "RecordVerb",
    "RecordingTrack": "both",
    "RecordingStartTime": "Thu, 26 Nov 2026 10:09:00 +0000",
    "CallSid": "CA1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "ErrorCode": "0",
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class RecordingStatus(Typed):
    """Whose recordings to hear of."""


def recording_status(
    context: ActionContext, request: WebhookRequest, inputs: RecordingStatus
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept a status callback of a recording that Twilio signed. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "a recording's status callback", *NAMES)
    return told(heard, said, heard.payload(context, body_of(said)), NAMES, ORDER)
