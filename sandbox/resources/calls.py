"""Calls: https://www.twilio.com/docs/voice/api/call-resource."""

from __future__ import annotations

from typing import Any

from .. import calling, dates, shapes
from ..errors import TwilioError
from ..inventory import national
from ..products import PhoneCall, Program
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation, Resource, Test, equal

STATUSES = ("queued", "ringing", "in-progress", "canceled", "completed", "busy", "no-answer", "failed")
SUBRESOURCES = (
    "events",
    "notifications",
    "payments",
    "recordings",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)


def shape(it: PhoneCall, path: str) -> dict[str, Any]:
    return {
        "to_formatted": national(it.to),
        "from_formatted": national(it.from_),
        "price_unit": "USD",
        "subresource_uris": {name: f"{path}/{shapes.camel(name)}.json" for name in SUBRESOURCES},
    }


def _status(wanted: str) -> Test:
    if wanted not in STATUSES:
        raise TwilioError(20001, f"Status must be one of {', '.join(STATUSES)}")
    return lambda it: it.status == wanted


CALLS = Resource(
    product="api",
    path=f"{ACCOUNT}/Calls",
    items="calls",
    element="Call",
    prefix="CA",
    record=PhoneCall,
    shelf=lambda state: state.calls,
    permission="calls",
    shape=shape,
    filters={
        "To": equal("to"),
        "From": equal("from_"),
        "ParentCallSid": equal("parent_call_sid"),
        "Status": _status,
        **dates.filters("StartTime", "start_time"),
        **dates.filters("EndTime", "end_time"),
    },
    may_delete=lambda it: it.status not in ("queued", "ringing", "in-progress"),
)


def create_call(request: ApiRequest) -> ApiResponse:
    account = request.account("calls:create")
    return CALLS.add(request, account, **calling.compose(request.state, account, request.form))


def update_call(request: ApiRequest) -> ApiResponse:
    """End a call with Status, or give it other TwiML. Raises TwilioError 21220 if it is in no state for it."""
    call = CALLS.find(request, "update")
    status, program = request.given("Status"), calling.program(request.state, request.form)
    if status is not None:
        changed = _end(request, call, status)
    elif program != Program():
        changed = request.switchboard.redirect(call, program)
    else:
        changed = call
    if changed is None:
        raise TwilioError(21220)
    return ApiResponse(CALLS.shown(changed, request.state), name="Call")


def _end(request: ApiRequest, call: PhoneCall, status: str) -> PhoneCall | None:
    if status not in ("canceled", "completed"):
        raise TwilioError(20001, "Status must be canceled or completed")
    if status == "canceled" and call.status == "in-progress":
        return call  # Twilio: a call that is in progress is not affected
    return request.switchboard.hang_up(call.sid)


ROUTES: dict[str, dict[str, Operation]] = CALLS.routes(
    list=CALLS.list, create=create_call, fetch=CALLS.fetch, update=update_call, delete=CALLS.delete
)
