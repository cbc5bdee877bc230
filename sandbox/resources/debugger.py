"""What went wrong, as Monitor's alerts and as the 2010 API's notifications: two views of the debugger."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from .. import dates, shapes
from ..errors import TwilioError
from ..records import Alert
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation, Resource, Test
from .calls import CALLS

LEVELS = {"error": "0", "warning": "1"}
HIDDEN = dict.fromkeys(("text", "method", "variables", "status", "response", "level"), shapes.ABSENT)


def more_info(it: Alert) -> str:
    return f"https://www.twilio.com/docs/errors/{it.error_code}"


def alert(it: Alert, path: str) -> dict[str, Any]:
    return HIDDEN | {
        "alert_text": it.text,
        "api_version": shapes.VERSION,
        "date_generated": shapes.iso(it.created),
        "error_code": str(it.error_code),
        "log_level": it.level,
        "more_info": more_info(it),
        "request_method": it.method,
        "request_url": it.url,
        "service_sid": None,
        "url": path,
    }


def fetch_alert(request: ApiRequest) -> ApiResponse:
    """Return an alert with what was asked and answered, which a list leaves out."""
    it = ALERTS.find(request, "read")
    more = {
        "request_variables": it.variables,
        "request_headers": "",
        "response_headers": "",
        "response_body": it.response,
    }
    return ApiResponse(ALERTS.shown(it, request.state) | more, name="Alert")


def _level(wanted: str) -> Test:
    if wanted not in ("error", "warning", "notice", "debug"):
        raise TwilioError(20001, "LogLevel must be error, warning, notice or debug")
    return lambda it: it.level == wanted


def notification(it: Alert, _: str) -> dict[str, Any]:
    message = {"LogLevel": it.level.upper(), "Msg": it.text, "ErrorCode": str(it.error_code)}
    return HIDDEN | {
        "resource_sid": shapes.ABSENT,
        "url": shapes.ABSENT,
        "call_sid": it.resource_sid if it.resource_sid.startswith("CA") else None,
        "error_code": str(it.error_code),
        "log": LEVELS.get(it.level, "1"),
        "message_date": shapes.rfc2822(it.created),
        "message_text": urlencode(message),
        "more_info": more_info(it),
        "request_method": it.method,
        "request_url": it.url,
    }


def fetch_notification(request: ApiRequest, resource: Resource[Alert]) -> ApiResponse:
    it = resource.find(request, "read")
    more = {"request_variables": it.variables, "response_headers": "", "response_body": it.response}
    return ApiResponse(resource.shown(it, request.state) | more, name="Notification")


ALERTS = Resource(
    product="monitor",
    path="/v1/Alerts",
    items="alerts",
    element="Alert",
    record=Alert,
    shelf=lambda state: state.debugger,
    permission="alerts",
    shape=alert,
    filters={
        "LogLevel": _level,
        "StartDate": dates.filters("StartDate", "created")["StartDate>"],
        "EndDate": dates.filters("EndDate", "created")["EndDate<"],
    },
)
LOG = {"Log": lambda wanted: lambda it: LEVELS.get(it.level, "1") == wanted}
NOTIFICATIONS = Resource(
    product="api",
    path=f"{ACCOUNT}/Notifications",
    items="notifications",
    element="Notification",
    record=Alert,
    shelf=lambda state: state.debugger,
    permission="notifications",
    shape=notification,
    filters={**LOG, **dates.filters("MessageDate", "created")},
)
OF_CALL = Resource(
    product="api",
    path=f"{ACCOUNT}/Calls/{{resource_sid}}/Notifications",
    items="notifications",
    element="Notification",
    record=Alert,
    shelf=lambda state: state.debugger,
    permission="notifications",
    shape=notification,
    filters={**LOG, **dates.filters("MessageDate", "created")},
    parent=CALLS,
)
ROUTES: dict[str, dict[str, Operation]] = {
    **ALERTS.routes(list=ALERTS.list, fetch=fetch_alert),
    **NOTIFICATIONS.routes(list=NOTIFICATIONS.list, fetch=lambda it: fetch_notification(it, NOTIFICATIONS)),
    **OF_CALL.routes(list=OF_CALL.list, fetch=lambda it: fetch_notification(it, OF_CALL)),
}
