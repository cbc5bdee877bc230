"""Calls: make, change, read, list, delete. https://www.twilio.com/docs/voice/api/call-resource."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.result import Example
from ..connector.twilio.fields import Address, Moment
from ..connector.twilio.once import send_once
from ..connector.twilio.parameters import Parameter
from ..connector.twilio.resources.calls import CALLS
from .callbacks import told_to_flow
from .fields import CallSid, since, until
from .operations import ActionInputs, AdditionalParameters, deleting, getting, listing
from .outgoing_call import CreateCall, Instructions
from .rules import at_most_one, wrong

Call = Annotated[dict[str, Any], Example(dict(CALLS.example))]


class OneCall(ActionInputs):
    """Which call."""

    sid: CallSid


def create_call(context: ActionContext, inputs: CreateCall) -> Call:
    """Make a call. Raises OutcomeUnknown if Twilio may have made it: nobody is called twice."""
    made: dict[str, Any] = send_once(inputs.client(context), context, CALLS, told_to_flow(context, inputs).parameters())
    return made


class UpdateCall(Instructions, OneCall):
    """What to do with a call that is queued, ringing or in progress."""

    status: Annotated[
        Literal["canceled", "completed"] | None,
        Field(
            title="Status",
            description="canceled ends a call that is queued or ringing, completed also one in progress. "
            "Give either this or new instructions.",
        ),
    ] = None
    time_limit: Annotated[
        int | None,
        Field(title="Time Limit", description="How many seconds the call may last.", ge=1, examples=["3600"]),
        Hint(advanced=True),
    ] = None
    additional_parameters: AdditionalParameters = ()

    @model_validator(mode="after")
    def _one_change(self) -> "UpdateCall":
        at_most_one(self, "url", "twiml", "say", "status")
        if not any(True for _ in self.parameters()):
            raise wrong(self, "status", "nothing is to be changed: give a status, instructions or a time limit")
        return self


def update_call(context: ActionContext, inputs: UpdateCall) -> Call:
    """End a call, or give it new instructions."""
    changed: dict[str, Any] = inputs.client(context).update(CALLS, inputs.sid, inputs.parameters())
    return changed


CallsTo = Annotated[
    Address | None,
    Field(title="To", description="Only calls to this number, SIP address or client.", examples=["+15551234567"]),
]
CallsFrom = Annotated[
    Address | None,
    Field(
        alias="from",
        title="From",
        description="Only calls from this number, SIP address or client.",
        examples=["+15557654321"],
    ),
    Hint(data_source="selectPhoneNumber"),
]
CallsOfCall = Annotated[
    Trimmed,
    sid("CA"),
    Field(
        title="Parent Call SID",
        description="Only calls that this call (starts with CA) made.",
        examples=[CALLS.example["sid"]],
    ),
]
CallStatus = Annotated[
    Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"] | None,
    Field(title="Status", description="Only calls with this status.", examples=["completed"]),
]


class CallFilters(ActionInputs):
    """Which calls."""

    to: CallsTo = None
    from_: CallsFrom = None
    parent_call_sid: CallsOfCall = ""
    status: CallStatus = None
    start_time: Annotated[
        Moment | None,
        Field(title="Start Time", description="Only calls that started on this day (UTC).", examples=["2026-03-15"]),
    ] = None
    start_time_before: Annotated[
        Moment | None,
        Parameter("StartTime<"),
        until("Started Before", "calls that started"),
    ] = None
    start_time_after: Annotated[
        Moment | None,
        Parameter("StartTime>"),
        since("Started After", "calls that started"),
    ] = None
    end_time: Annotated[
        Moment | None,
        Field(title="End Time", description="Only calls that ended on this day (UTC).", examples=["2026-03-15"]),
        Hint(advanced=True),
    ] = None
    end_time_before: Annotated[
        Moment | None,
        Parameter("EndTime<"),
        until("Ended Before", "calls that ended"),
        Hint(advanced=True),
    ] = None
    end_time_after: Annotated[
        Moment | None,
        Parameter("EndTime>"),
        since("Ended After", "calls that ended"),
        Hint(advanced=True),
    ] = None


get_call = getting(CALLS, OneCall)
list_calls = listing(CALLS, CallFilters)
delete_call = deleting(CALLS, OneCall)
