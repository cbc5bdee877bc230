"""Event Streams by the official SDK: sinks, subscriptions, and what is delivered to them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import Receiver, refused

DELIVERED, RECEIVED = "com.twilio.messaging.message.delivered", "com.twilio.messaging.inbound-message.received"
COMPLETED = "com.twilio.voice.status-callback.call.completed"
Send = Callable[..., requests.Response]


def sink_at(sdk: Client, url: str, **more: object) -> str:
    configuration = json.dumps({"destination": url, "method": "POST", "batch_events": False} | more)
    return str(sdk.events.v1.sinks.create("Mine", sink_configuration=configuration, sink_type="webhook").sid)


def subscribe(sdk: Client, sink: str, *types: str) -> str:
    made = sdk.events.v1.subscriptions.create("Mine", sink_sid=sink, types=[{"type": kind} for kind in types])
    return str(made.sid)


def outgoing(twilio: Sandbox) -> list[str]:
    return [it.url for it in twilio.state.exchanges() if it.way == "out"]


def test_a_message_a_text_and_a_call_become_signed_events(
    sdk: Client, twilio: Sandbox, send: Send, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver)
    subscribe(sdk, sink_at(sdk, receiver.url), DELIVERED, RECEIVED, COMPLETED)
    sid = send(Body="hello").json()["sid"]
    text = twilio.state.receive(twilio.handset, twilio.number, "in")
    call = sdk.calls.create(to=twilio.handset, from_=twilio.number, twiml="<Response/>").sid
    twilio.state.wait_for(lambda: len(outgoing(twilio)) == 3)
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
    assert events[COMPLETED]["call_sid"] == call


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
