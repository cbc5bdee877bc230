"""Transcriptions as they become complete. https://www.twilio.com/docs/voice/api/recording-transcription."""

from datetime import timedelta
from typing import Annotated

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.resources.recordings import TRANSCRIPTIONS
from .polling import Starting, example, watch
from .watching import Watched

WATCHED = Watched(
    key="watchTranscriptions",
    resource=TRANSCRIPTIONS,
    final=frozenset({"completed", "failed"}),
    waits=True,
    patience=timedelta(hours=24),  # Twilio takes minutes; a day is out of the question
)
"""Twilio has no filter by date here. The list is read until a page of it is older than what can still come."""


class WatchTranscriptions(Starting):
    """Of the account, from when on."""


def watch_transcriptions(
    context: ActionContext, request: WebhookRequest, inputs: WatchTranscriptions
) -> Annotated[TriggerResult, Example(example(TRANSCRIPTIONS))]:
    """Give the transcriptions that were finished since the poll before; one that is not after a day comes as it is."""
    del request  # a poll asks, nobody asks it
    return watch(context, inputs, WATCHED)
