"""Messages as they are sent and received. https://www.twilio.com/docs/messaging/api/message-resource."""

from datetime import timedelta
from typing import Annotated

from ..actions.messages import MessagesFrom, MessagesTo
from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.delivery import FINAL
from ..connector.twilio.resources.messages import MESSAGES
from .polling import Starting, Watching, example, watch
from .watching import CREATED, Watched

WATCHED = Watched(
    key="watchMessages",
    resource=MESSAGES,
    since="DateSent>",
    dated=("dateSent", CREATED),
    final=FINAL,
    void=frozenset({"canceled"}),
    patience=timedelta(hours=12),  # Twilio queues for up to 10
)
"""A message has no date while it waits to be sent; it comes when it is sent, or when it has failed; canceled before,
it was no message."""


class MessagesWatched(Watching):
    """Which messages."""

    to: MessagesTo = None
    from_: MessagesFrom = None


class WatchMessages(Starting, MessagesWatched):
    """Which messages to give, and from when on."""


def watch_messages(
    context: ActionContext, request: WebhookRequest, inputs: WatchMessages
) -> Annotated[TriggerResult, Example(example(MESSAGES))]:
    """Give the messages that were sent or received since the poll before, each once, whatever its status is by then."""
    del request  # a poll asks, nobody asks it
    return watch(context, inputs, WATCHED)
