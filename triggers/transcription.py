"""What was said in a recording, once Twilio has written it down.

https://www.twilio.com/docs/voice/twiml/record#transcribe. Transcriptions of live calls send events of another kind: those are
for the trigger ``webhook``.
"""

from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from .events import identities
from .parameters import Parameters, form_of
from .signed import EMPTY_TWIML, example, hear
from .typed import Typed

NAMES = ("TranscriptionSid", "TranscriptionStatus")


def body_of(said: Parameters) -> dict[str, Any]:
    """A transcription; ``isFailure`` where there is no text."""
    status = said.text("TranscriptionStatus")
    return {
        "transcriptionSid": said.text("TranscriptionSid"),
        "accountSid": said.text("AccountSid"),
        "status": status,
        "isFailure": status == "failed",
        "text": said.text("TranscriptionText"),
        "type": said.text("TranscriptionType"),
        "url": said.text("TranscriptionUrl"),
        "recording": said.group(sid="RecordingSid", url="RecordingUrl"),
        "callSid": said.text("CallSid"),
        "from": said.address("From"),
        "to": said.address("To"),
        "direction": said.text("Direction"),
        "parameters": said.said,
    }


SAID = {
    "TranscriptionSid": "TR1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "TranscriptionStatus": "completed",
    "TranscriptionText": "Please call me back.",
    "TranscriptionType": "fast",
    "TranscriptionUrl": "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Transcriptions/"
    "TR1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "RecordingSid": "RE1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "RecordingUrl": "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Recordings/"
    "RE1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "CallSid": "CA1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "From": "+15551234567",
    "To": "+15557654321",
    "Direction": "inbound",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "ApiVersion": "2010-04-01",
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class TranscriptionCompleted(Typed):
    """Whose transcriptions to hear of."""


def transcription_completed(
    context: ActionContext, request: WebhookRequest, inputs: TranscriptionCompleted
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept the callback of a recording's transcription that Twilio signed. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "a recording's transcription", *NAMES)
    return TriggerResult(
        payload=heard.payload(context, body_of(said)),
        response=EMPTY_TWIML,
        wait=False,
        dedupe=identities(request, said.said, *NAMES),
    )
