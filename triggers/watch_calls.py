"""Calls as they begin, or as they end. https://www.twilio.com/docs/voice/api/call-resource."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from ..actions.calls import CallsFrom, CallsOfCall, CallStatus, CallsTo
from ..actions.rules import wrong
from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resources.calls import CALLS, FINAL
from .polling import Starting, Watching, example, watch
from .watching import CREATED, Watched

WATCHED = Watched(
    key="watchCalls",
    resource=CALLS,
    since="StartTime>",
    dated=("startTime", CREATED),
    final=FINAL,
    patience=timedelta(hours=25),  # a call lasts 24 at most
)


class CallsWatched(Watching):
    """Which calls."""

    to: CallsTo = None
    from_: CallsFrom = None
    parent_call_sid: CallsOfCall = ""
    status: Annotated[CallStatus, NOT_SENT] = None
    wait_for_end: Annotated[
        bool,
        NOT_SENT,
        Field(
            title="Wait for End",
            description="Give a call when it has ended, with its duration. Otherwise it comes when it has begun. "
            "A call of which no end is told comes as it is after 25 hours.",
        ),
    ] = False

    @model_validator(mode="after")
    def _one_moment(self) -> Self:
        if self.wait_for_end and self.status not in {None, *FINAL}:
            raise wrong(self, "wait_for_end", f"cannot be, since status is {self.status}: leave one of them out")
        return self


class WatchCalls(Starting, CallsWatched):
    """Which calls to give, and from when on."""


def watch_calls(
    context: ActionContext, request: WebhookRequest, inputs: WatchCalls
) -> Annotated[TriggerResult, Example(example(CALLS))]:
    """Give the calls that began since the poll before, or that came to the status that is asked for; each once."""
    del request  # a poll asks, nobody asks it
    return watch(context, inputs, _watched(inputs))


def _watched(inputs: WatchCalls) -> Watched:
    """What to watch for a status.

    One at the end comes long after the call's date, so Twilio is not asked for it: calls must be seen before they have it. The
    few calls in a status that passes are asked for by it, and are new when they were not in it before.
    """
    if inputs.status is None:
        return replace(WATCHED, waits=inputs.wait_for_end)
    if inputs.status in FINAL:
        return replace(WATCHED, waits=True, wanted=frozenset({inputs.status}))
    return replace(WATCHED, since="", dated=(), final=frozenset(), asked={"Status": inputs.status})
