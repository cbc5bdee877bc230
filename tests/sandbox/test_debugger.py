"""What went wrong, as alerts and as notifications."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import requests
from pytest_httpserver import HTTPServer
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import Receiver, refused
from .test_calls import make, wait


def fail(sdk: Client, twilio: Sandbox) -> str:
    """Make a call whose webhook is not there."""
    made = make(sdk, twilio, twiml=None, url="http://127.0.0.1:9/x#rc=0")
    wait(twilio, made.sid, "completed")
    return str(made.sid)


def test_a_failed_webhook_is_an_alert(sdk: Client, twilio: Sandbox) -> None:
    sid = fail(sdk, twilio)
    (alert,) = sdk.monitor.v1.alerts.list()
    assert (alert.error_code, alert.log_level, alert.resource_sid) == ("11205", "error", sid)
    fetched = sdk.monitor.v1.alerts(alert.sid).fetch()
    assert f"CallSid={sid}" in fetched.request_variables
    assert fetched.more_info.endswith("/11205")


def test_alerts_are_found_by_level_and_date(sdk: Client, twilio: Sandbox) -> None:
    fail(sdk, twilio)
    now, day = datetime.now(UTC), timedelta(days=1)
    alerts = sdk.monitor.v1.alerts
    assert len(alerts.list(log_level="error")) == 1
    assert alerts.list(log_level="warning") == []
    assert len(alerts.list(start_date=now - day, end_date=now + day)) == 1
    assert alerts.list(start_date=now + day) == []
    with refused(20001):
        alerts.list(log_level="loud")


def test_a_notification_is_the_same_seen_by_account_and_by_call(sdk: Client, twilio: Sandbox) -> None:
    sid = fail(sdk, twilio)
    (notification,) = sdk.notifications.list(log=0, message_date=datetime.now(UTC).date())
    assert (notification.call_sid, notification.error_code, notification.log) == (sid, "11205", "0")
    assert [it.sid for it in sdk.calls(sid).notifications.list()] == [notification.sid]
    assert sdk.calls(sid).notifications(notification.sid).fetch().request_variables
    assert sdk.notifications(notification.sid).fetch().request_method == "POST"
    assert sdk.notifications.list(log=1) == []


def test_alerts_come_a_page_at_a_time(sdk: Client, twilio: Sandbox) -> None:
    made = [twilio.state.alert(twilio.account_sid, 11200, str(n)).sid for n in range(5)]
    assert [it.sid for it in sdk.monitor.v1.alerts.list(page_size=2)] == made[::-1]
    assert [it.sid for it in sdk.notifications.list(page_size=2)] == made[::-1]


def listen(twilio: Sandbox, url: str) -> None:
    path = f"{twilio.url}/_sandbox/accounts/{twilio.account_sid}/debugger"
    requests.post(path, json={"url": url}, timeout=10).raise_for_status()


def test_an_alert_is_told_to_the_debuggers_webhook_signed_and_once(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    listen(twilio, receiver.url)
    alert = twilio.state.alert(twilio.account_sid, 11200, "It failed", resource_sid="SM1", url="https://e.example/x")
    twilio.state.wait_for(lambda: [it for it in twilio.state.exchanges() if it.way == "out"])  # and it has answered
    (form,), (request,) = receiver.forms, receiver.requests
    assert (form["Sid"], form["AccountSid"], form["Level"]) == (alert.sid, twilio.account_sid, "ERROR")
    payload = json.loads(form["Payload"])
    assert (payload["error_code"], payload["resource_sid"]) == ("11200", "SM1")
    assert payload["webhook"]["request"]["url"] == "https://e.example/x"
    assert RequestValidator(twilio.auth_token).validate(receiver.url, form, request.headers["X-Twilio-Signature"])


def test_a_debugger_webhook_that_fails_is_an_alert_that_is_not_told(twilio: Sandbox, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data(status=500)
    listen(twilio, httpserver.url_for("/hook"))
    told = []
    for count in (1, 2):
        told.append(twilio.state.alert(twilio.account_sid, 11205, "It failed").sid)
        twilio.state.wait_for(lambda count=count: len([it for it in twilio.state.exchanges() if it.note]) >= count)
    sids = [dict(parse_qsl(request.get_data(as_text=True)))["Sid"] for request, _ in httpserver.log]
    assert sids == told
