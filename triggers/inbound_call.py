"""Calls that ask what to do: when they come in, and again whenever their TwiML says so."""

from typing import Annotated, Any, ClassVar

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from .answers import SAY, Answering, Spoken, answered
from .calls import REQUIRED, SAID, call_of
from .events import identities
from .parameters import Parameters, form_of
from .signed import example, hear
from .targets import RegistersCalls


def body_of(said: Parameters) -> dict[str, Any]:
    """A call, and what the verb before gave: digits or speech gathered, a recording, the end of a dialled call."""
    return {
        **call_of(said),
        "digits": said.text("Digits"),
        "speechResult": said.text("SpeechResult"),
        "confidence": said.number("Confidence"),
        "recording": said.group(sid="RecordingSid", url="RecordingUrl"),
        "recordingDuration": said.integer("RecordingDuration"),
        "dialCallSid": said.text("DialCallSid"),
        "dialCallStatus": said.text("DialCallStatus"),
        "dialCallDuration": said.integer("DialCallDuration"),
        "addOns": said.json("AddOns"),
        "parameters": said.said,
    }


EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class InboundCall(RegistersCalls, Answering):
    """Whose calls to accept, where to register for them, and how to answer them."""

    spoken: ClassVar[Spoken] = SAY


def inbound_call(
    context: ActionContext, request: WebhookRequest, inputs: InboundCall
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept a call that Twilio signed. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "a call", *REQUIRED)
    result = TriggerResult(payload=heard.payload(context, body_of(said)), dedupe=identities(request, said.said))
    return answered(result, inputs, said)
