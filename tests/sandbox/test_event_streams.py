"""Event Streams by the official SDK: sinks, subscriptions, and what is delivered to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio_connector.sandbox.records import Answering
from twilio_connector.sandbox.server import Sandbox

from .conftest import Receiver, refused

DELIVERED, RECEIVED = "com.twilio.messaging.message.delivered", "com.twilio.messaging.inbound-message.received"
CALL = "com.twilio.voice.status-callback.call"
ERROR = "com.twilio.error-logs.error.logged"
Send = Callable[..., requests.Response]


def sink_at(sdk: Client, url: str, **more: object) -> str:
    configuration = json.dumps({"destination": url, "method": "POST", "batch_events": False} | more)
    return str(sdk.events.v1.sinks.create("Mine", sink_configuration=configuration, sink_type="webhook").sid)


def subscribe(sdk: Client, sink: str, *types: str) -> str:
    made = sdk.events.v1.subscriptions.create("Mine", sink_sid=sink, types=[{"type": kind} for kind in types])
    return str(made.sid)


def outgoing(twilio: Sandbox) -> list[str]:
    return [it.url for it in twilio.state.exchanges() if it.way == "out"]


def test_a_message_and_a_text_become_signed_events(
    sdk: Client, twilio: Sandbox, send: Send, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver)
    subscribe(sdk, sink_at(sdk, receiver.url), DELIVERED, RECEIVED)
    sid = send(Body="hello").json()["sid"]
    text = twilio.state.receive(twilio.handset, twilio.number, "in")
    twilio.state.wait_for(lambda: len(outgoing(twilio)) == 2)
    events = {}
    for request in receiver.requests:
        body = request.get_data(as_text=True)
        signature = request.headers["X-Twilio-Signature"]
        assert RequestValidator(twilio.auth_token).validate(request.url, body, signature)
        (event,) = json.loads(body)
        assert event["specversion"] == "1.0"
        events[event["type"]] = event["data"]
    assert events[DELIVERED] | {"messageSid": sid, "messageStatus": "DELIVERED", "body": "hello"} == events[DELIVERED]
    assert (events[RECEIVED]["messageSid"], events[RECEIVED]["body"]) == (text.sid, "in")


@pytest.mark.parametrize(
    ("answering", "status"),
    [("human", "completed"), ("busy", "busy"), ("no-answer", "no-answer"), ("failed", "failed")],
)
def test_a_call_becomes_the_events_that_its_status_callback_hears_of(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer, answering: Answering, status: str
) -> None:
    """https://www.twilio.com/docs/events/event-types/voice/status-callback"""
    receiver, wanted = Receiver(httpserver), ["initiated", "ringing", "answered", "completed"]
    httpserver.expect_request("/calls").respond_with_data()
    subscribe(sdk, sink_at(sdk, receiver.url), *(f"{CALL}.{name}" for name in wanted))
    twilio.state.let_answer(twilio.handset, answering)
    call = {"to": twilio.handset, "from_": twilio.number, "twiml": "<Response/>"}
    sdk.calls.create(**call)
    callback = {"status_callback": httpserver.url_for("/calls"), "status_callback_event": wanted}
    sid = sdk.calls.create(**call | callback).sid
    expected = [*wanted[: {"human": 3, "failed": 1}.get(answering, 2)], "completed"]
    twilio.state.wait_for(lambda: len(outgoing(twilio)) == 2 * len(expected))
    events = [(it["type"].removeprefix(f"{CALL}."), it["data"]) for it in sent(receiver)]
    assert [name for name, _ in events] == expected
    assert {data["sid"] for _, data in events} == {sid}
    assert events[-1][1]["request"]["parameters"]["CallStatus"] == status


def sent(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for request in receiver.requests for event in json.loads(request.get_data())]


def test_an_error_becomes_an_event_but_not_one_of_a_sink_that_fails(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    """https://www.twilio.com/docs/events/event-types/errors/error-logs"""
    receiver = Receiver(httpserver)
    subscribe(sdk, sink_at(sdk, receiver.url), ERROR)
    subscribe(sdk, sink_at(sdk, "http://127.0.0.1:9/#rc=0"), ERROR)
    sid = sdk.calls.create(to=twilio.handset, from_=twilio.number, twiml="<Sing/>").sid
    twilio.state.wait_for(lambda: len(twilio.state.alerts()) == 2 and receiver.requests)
    (event,) = sent(receiver)
    assert (event["data"]["error_code"], event["data"]["resource_sid"]) == ("12200", sid)
    assert event["data"]["account_sid"] == event["data"]["master_account_sid"] == twilio.account_sid
    assert {it.error_code for it in twilio.state.alerts()} == {12200, 11205}


def test_a_type_that_is_never_sent_here_is_refused_by_name(sdk: Client, twilio: Sandbox) -> None:
    sink = sink_at(sdk, "https://e.example/hook")
    with refused(20001, "com.twilio.taskrouter.task.created"):
        subscribe(sdk, sink, DELIVERED, "com.twilio.taskrouter.task.created")
    assert twilio.state.subscriptions.newest() == []


def test_a_sink_that_is_no_webhook_is_tried_in_vain(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    made = sdk.events.v1.sinks.create("Mine", sink_configuration='{"arn": "x"}', sink_type="kinesis")
    assert made.sink_test.create().result == "submitted"
    assert sdk.events.v1.sinks(sink_at(sdk, receiver.url)).sink_test.create().result == "submitted"
    twilio.state.wait_for(lambda: outgoing(twilio))
    assert len(receiver.requests) == 1


def test_nobody_is_told_of_what_he_did_not_subscribe_to(
    sdk: Client, twilio: Sandbox, send: Send, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver)
    subscription = subscribe(sdk, sink_at(sdk, receiver.url), RECEIVED, DELIVERED)
    assert sdk.events.v1.subscriptions(subscription).subscribed_events(DELIVERED).delete()
    sid = send().json()["sid"]
    twilio.state.wait_for(lambda: twilio.state.message(sid).status == "delivered")  # type: ignore[union-attr]
    twilio.state.receive(twilio.handset, twilio.number, "in")
    twilio.state.wait_for(lambda: outgoing(twilio))
    assert [json.loads(it.get_data())[0]["type"] for it in receiver.requests] == [RECEIVED]


def test_a_sink_is_deleted_after_its_subscriptions(sdk: Client, twilio: Sandbox) -> None:
    sink = sink_at(sdk, "https://e.example/hook")
    subscription = subscribe(sdk, sink, DELIVERED)
    with refused(91007):
        sdk.events.v1.sinks(sink).delete()
    assert sdk.events.v1.subscriptions(subscription).delete()
    assert sdk.events.v1.sinks(sink).delete()
    assert twilio.state.subscribed_events.newest() == []


def test_types_are_added_and_taken_away(sdk: Client) -> None:
    subscription = sdk.events.v1.subscriptions(subscribe(sdk, sink_at(sdk, "https://e.example/hook"), DELIVERED))
    subscription.subscribed_events.create(RECEIVED, schema_version=2)
    assert {it.type: it.schema_version for it in subscription.subscribed_events.list()} == {DELIVERED: 1, RECEIVED: 2}
    assert subscription.subscribed_events(RECEIVED).update(schema_version=3).schema_version == 3
    assert subscription.subscribed_events(DELIVERED).delete()
    assert [it.type for it in subscription.subscribed_events.list()] == [RECEIVED]


def test_a_sink_is_tried_with_a_test_event(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    sink = sdk.events.v1.sinks(sink_at(sdk, receiver.url))
    assert sink.sink_test.create().result == "submitted"
    twilio.state.wait_for(lambda: outgoing(twilio))
    (event,) = json.loads(receiver.requests[0].get_data())
    with refused(20001):
        sink.sink_validate.create("TE" + "0" * 32)
    assert sink.sink_validate.create(event["data"]["test_id"]).result == "valid"


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({"SinkType": "webhook", "SinkConfiguration": "{}"}, "Description"),
        ({"Description": "x", "SinkType": "smtp", "SinkConfiguration": "{}"}, "SinkType"),
        ({"Description": "x", "SinkType": "webhook", "SinkConfiguration": "[]"}, "SinkConfiguration"),
        ({"Description": "x", "SinkType": "webhook", "SinkConfiguration": '{"destination": "/x"}'}, "destination"),
    ],
)
def test_a_sink_that_cannot_be_is_refused_by_name(twilio: Sandbox, form: dict[str, str], named: str) -> None:
    auth = (twilio.account_sid, twilio.auth_token)
    answer = requests.post(f"{twilio.url}/events/v1/Sinks", form, auth=auth, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert named in answer.json()["message"]


def test_there_are_no_more_than_a_hundred_sinks(sdk: Client) -> None:
    for number in range(100):
        sink_at(sdk, f"https://e.example/{number}")
    with refused(91003):
        sink_at(sdk, "https://e.example/one-more")
