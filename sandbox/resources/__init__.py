"""Every operation there is, by path and method. A path begins with its product, the first part of Twilio's host."""

from __future__ import annotations

from ..rest import Operation
from . import (
    accounts,
    applications,
    calls,
    contents,
    debugger,
    event_streams,
    lookups,
    messages,
    messaging,
    numbers,
    recordings,
    usage,
    verify,
)

OPERATIONS: dict[str, dict[str, Operation]] = {
    **accounts.ROUTES,
    **applications.ROUTES,
    **calls.ROUTES,
    **contents.ROUTES,
    **debugger.ROUTES,
    **event_streams.ROUTES,
    **lookups.ROUTES,
    **messages.ROUTES,
    **messaging.ROUTES,
    **numbers.ROUTES,
    **recordings.ROUTES,
    **usage.ROUTES,
    **verify.ROUTES,
}
