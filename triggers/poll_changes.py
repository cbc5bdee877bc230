"""New and changed messages: the platform's own polling trigger, whose ``updated`` is filled here."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from ..actions.messages import EXAMPLE as MESSAGE
from ..connector.context import ActionContext
from ..connector.inputs import Hint
from ..connector.payload import Payload, TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.fields import Address
from ..connector.twilio.parameters import NOT_SENT
from .polling import Watching, poll, result
from .watch_messages import WATCHED as MESSAGES

WATCHED = replace(MESSAGES, key="pollChangesTrigger")
LIMIT = 1000
"""How many new and how many changed ones a poll gives at most; the platform has no input for it."""
EXAMPLE: dict[str, Any] = Payload(query_parameters={}, body={"created": [MESSAGE], "updated": []}).to_json()


class PollChanges(Watching):
    """Which messages to watch."""

    from_: Annotated[
        Address | None,
        Field(
            alias="from",
            title="From Filter",
            description="Only messages from this sender, in E.164 format. Leave blank to include all senders.",
            examples=["+15557654321"],
        ),
        Hint(placeholder="Enter sender phone number"),
    ] = None
    to: Annotated[
        Address | None,
        Field(
            title="To Filter",
            description="Only messages to this recipient, in E.164 format. Leave blank to include all recipients.",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter recipient phone number"),
    ] = None
    show_new_records: Annotated[
        bool, NOT_SENT, Field(title="Show New Records", description="Give messages that were not there before.")
    ] = True
    show_updated_records: Annotated[
        bool,
        NOT_SENT,
        Field(
            title="Show Updated Records",
            description="Give messages whose status has changed. A message is watched until its status is final, "
            "12 hours at most.",
        ),
    ] = True


def poll_changes(
    context: ActionContext, request: WebhookRequest, inputs: PollChanges
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Give what is new and what changed since the poll before. The first poll gives nothing: it only looks."""
    del request  # a poll asks, nobody asks it
    found, state = poll(context, inputs, replace(WATCHED, tracks=inputs.show_updated_records), limit=LIMIT)
    body = {"created": found.new if inputs.show_new_records else [], "updated": found.changed}
    return result(context, body, state)
