"""TwiML to answer Twilio with, made from a list of steps. Nothing is sent.

https://www.twilio.com/docs/messaging/twiml, https://www.twilio.com/docs/voice/twiml
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.inputs import Inputs, KeyValues
from ..connector.result import ActionResult, Example
from ..connector.twilio.twiml import DECLARATION, MESSAGING, VOICE, Verb, document, elements

CONTENT_TYPE = "text/xml"


class MessagingTwiml(Inputs):
    """What to answer a message with."""

    verbs: Annotated[
        KeyValues,
        Field(
            title="Verbs",
            description="What to answer, in order: message (its text, or an object with body, media, to, from, action), "
            "media (a URL) or redirect (a URL). Leave blank to answer nothing. A text is taken as it stands, also where it "
            "looks like JSON. An object comes from an earlier step, or with the whole list given as JSON, "
            'as in [{"key": "message", "value": {"body": "Hi", "media": "https://example.com/map.png"}}].',
            examples=[
                '[{"key": "message", "value": "Thank you!"}, {"key": "media", "value": "https://example.com/map.png"}]'
            ],
        ),
    ] = ()


class VoiceTwiml(Inputs):
    """What to do in a call."""

    verbs: Annotated[
        KeyValues,
        Field(
            title="Verbs",
            description="What to do, in order: say (text), play (a URL), pause (seconds), gather (the prompt), "
            "dial (a number), record, enqueue (a queue), leave, reject (the reason), redirect (a URL) or hangup. "
            "A text is taken as it stands, also where it looks like JSON. Details are an object instead of a text: from an "
            "earlier step, or with the whole list given as JSON, "
            'as in [{"key": "gather", "value": {"say": "Press 1", "numDigits": 1}}].',
            examples=['[{"key": "say", "value": "Please hold."}, {"key": "dial", "value": "+15551234567"}]'],
        ),
    ] = ()


def build_messaging_twiml(
    context: ActionContext,  # noqa: ARG001
    inputs: MessagingTwiml,
) -> Annotated[ActionResult, Example(f"{DECLARATION}<Response><Message><Body>Thank you!</Body></Message></Response>")]:
    """Make the answer to a message. Raises InvalidInput for a verb or a detail that Twilio does not know."""
    return _answer(MESSAGING, inputs.verbs)


def build_voice_twiml(
    context: ActionContext,  # noqa: ARG001
    inputs: VoiceTwiml,
) -> Annotated[ActionResult, Example(f"{DECLARATION}<Response><Say>Please hold.</Say></Response>")]:
    """Make the instructions for a call. Raises InvalidInput for a verb or a detail that Twilio does not know."""
    return _answer(VOICE, inputs.verbs)


def _answer(verbs: Mapping[str, Verb], steps: KeyValues) -> ActionResult:
    try:
        return ActionResult(data=document(elements(verbs, steps)), content_type=CONTENT_TYPE)
    except ValueError as error:
        raise InvalidInput(f"verbs: {error}", field="verbs") from None
