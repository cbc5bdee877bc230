"""Recordings as they become complete. https://www.twilio.com/docs/voice/api/recording."""

from datetime import timedelta
from typing import Annotated

from ..actions.recordings import RecordingsOfCall, RecordingsOfConference
from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.resources.recordings import RECORDINGS
from .polling import Starting, Watching, example, watch
from .watching import Watched

WATCHED = Watched(
    key="watchRecordings",
    resource=RECORDINGS,
    since="DateCreated>",
    final=frozenset({"completed", "absent", "deleted"}),
    waits=True,
    patience=timedelta(hours=25),  # it is dated when it begins, and a call lasts 24 at most
)


class RecordingsWatched(Watching):
    """Which recordings."""

    call_sid: RecordingsOfCall = ""
    conference_sid: RecordingsOfConference = ""


class WatchRecordings(Starting, RecordingsWatched):
    """Which recordings to give, and from when on."""


def watch_recordings(
    context: ActionContext, request: WebhookRequest, inputs: WatchRecordings
) -> Annotated[TriggerResult, Example(example(RECORDINGS))]:
    """Give the recordings that were finished since the poll before; one that is not after 25 hours comes as it is."""
    del request  # a poll asks, nobody asks it
    return watch(context, inputs, WATCHED)
