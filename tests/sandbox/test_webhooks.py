"""Webhooks as Twilio calls them, checked by the SDK's own validator at a real receiver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.request_validator import RequestValidator
from twilio_connector.sandbox.records import Media
from twilio_connector.sandbox.server import Sandbox
from werkzeug import Request, Response

Send = Callable[..., requests.Response]


def form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))


def is_signed(request: Request, form: dict[str, str], token: str) -> bool:
    signature = request.headers["X-Twilio-Signature"]
    url = request.url if request.query_string else request.base_url
    return bool(RequestValidator(token).validate(url, form, signature))


class Receiver:
    """Answers every request alike and keeps what came."""

    def __init__(self, server: HTTPServer, answer: Response) -> None:
        self.requests: list[tuple[Request, dict[str, str]]] = []
        self._answer = answer
        server.expect_request("/hook").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.requests.append((request, form_of(request)))
        return self._answer


def test_status_callbacks_come_signed_and_in_order(twilio: Sandbox, send: Send, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    sid = send(StatusCallback=httpserver.url_for("/hook?customer=7"), Body="é&=+").json()["sid"]
    twilio.state.wait_for(lambda: len([it for it in twilio.state.exchanges() if it.way == "out"]) == 3)
    assert [form["MessageStatus"] for _, form in receiver.requests] == ["sending", "sent", "delivered"]
    for request, form in receiver.requests:
        assert is_signed(request, form, twilio.auth_token)
        assert form["MessageSid"] == form["SmsSid"] == sid
        assert request.headers["User-Agent"] == "TwilioProxy/1.1"
        assert len(request.headers["I-Twilio-Idempotency-Token"]) == 36


def test_an_inbound_text_calls_the_numbers_webhook_and_the_twiml_is_sent(
    twilio: Sandbox, httpserver: HTTPServer
) -> None:
    twiml = "<Response><Message>Hello <!-- x --><Body>Hi &amp; bye</Body></Message><Message>Two</Message></Response>"
    receiver = Receiver(httpserver, Response(twiml, content_type="text/xml"))
    point(twilio, httpserver.url_for("/hook"))
    inbound = twilio.state.receive(twilio.handset, twilio.number, "ping ✓")
    twilio.state.wait_for(lambda: len(twilio.state.messages()) == 3)
    request, form = receiver.requests[0]
    assert is_signed(request, form, twilio.auth_token)
    assert form["Body"] == "ping ✓"
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == inbound.sid
    assert (form["From"], form["To"], form["SmsStatus"]) == (twilio.handset, twilio.number, "received")
    assert (form["FromCity"], form["NumMedia"], form["NumSegments"]) == ("SAN FRANCISCO", "0", "1")
    second, first, _ = twilio.state.messages()
    assert (first.body, second.body) == ("Hi & bye", "Two")
    assert (first.direction, first.from_, first.to) == ("outbound-reply", twilio.number, twilio.handset)


def test_plain_text_is_the_reply(twilio: Sandbox, httpserver: HTTPServer) -> None:
    Receiver(httpserver, Response("Thanks!", content_type="text/plain; charset=utf-8"))
    point(twilio, httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: len(twilio.state.messages()) == 2)
    assert twilio.state.messages()[0].body == "Thanks!"


def test_an_empty_answer_sends_nothing_and_is_no_fault(twilio: Sandbox, httpserver: HTTPServer) -> None:
    Receiver(httpserver, Response("<Response/>", content_type="text/xml"))
    point(twilio, httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: any(it.way == "out" for it in twilio.state.exchanges()))
    assert len(twilio.state.messages()) == 1
    assert twilio.state.alerts() == ()


def test_a_get_webhook_is_signed_over_its_query(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook?a=1"), sms_method="GET")
    twilio.state.receive("+442079460000", twilio.number, "a b+c")
    twilio.state.wait_for(lambda: receiver.requests)
    request, form = receiver.requests[0]
    assert form == {}
    assert request.args["Body"] == "a b+c"
    assert request.args["FromCity"] == ""
    assert RequestValidator(twilio.auth_token).validate(raw_url(request), {}, request.headers["X-Twilio-Signature"])


def test_a_password_in_the_url_is_sent_as_basic_auth_and_not_signed(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook").replace("://", "://user:secret@") + "#rc=0")
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: any(it.way == "out" for it in twilio.state.exchanges()))
    request, form = receiver.requests[0]
    assert request.authorization is not None
    assert request.authorization.password == "secret"
    assert is_signed(request, form, twilio.auth_token)
    assert "secret" not in repr(twilio.state.exchanges())


def test_a_subaccounts_webhook_is_signed_with_its_token(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    sub = twilio.state.add_account("Sub", owner_sid=twilio.account_sid)
    twilio.state.add_number("+14155550177", sub.sid, sms_url=httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, "+14155550177", "hi")
    twilio.state.wait_for(lambda: receiver.requests)
    request, form = receiver.requests[0]
    assert form["AccountSid"] == sub.sid
    assert is_signed(request, form, sub.auth_token)


def test_media_and_whatsapp_have_their_parameters(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook"))
    picture = Media("ME" + "0" * 32, "image/png", data=b"\x89PNG")
    twilio.state.receive("whatsapp:" + twilio.handset, "whatsapp:" + twilio.number, "", (picture,))
    twilio.state.wait_for(lambda: receiver.requests)
    _, form = receiver.requests[0]
    assert (form["NumMedia"], form["MediaContentType0"], form["WaId"]) == ("1", "image/png", twilio.handset[1:])
    got = requests.get(form["MediaUrl0"], auth=(twilio.account_sid, twilio.auth_token), timeout=10)
    assert (got.content, got.headers["Content-Type"]) == (b"\x89PNG", "image/png")


def test_whatsapp_comes_to_the_numbers_own_sender_with_what_a_script_adds(
    twilio: Sandbox, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook"))
    body = {"from": "whatsapp:" + twilio.handset, "body": "Yes", "parameters": {"ButtonText": "Yes"}}
    requests.post(f"{twilio.url}/_sandbox/numbers/{twilio.number}/inbound", json=body, timeout=10).raise_for_status()
    wait_for_answers(twilio, 1)
    _, form = receiver.requests[0]
    assert (form["To"], form["ProfileName"], form["ButtonText"]) == (
        "whatsapp:" + twilio.number,
        "Local handset",
        "Yes",
    )


def test_what_a_script_gives_takes_the_place_of_what_is_sent_anyway(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook"))
    given = {"NumMedia": "1", "MediaUrl0": "https://example.com/x.png", "FromCity": "HILO"}
    body = {"from": twilio.handset, "body": "hi", "parameters": given}
    requests.post(f"{twilio.url}/_sandbox/numbers/{twilio.number}/inbound", json=body, timeout=10).raise_for_status()
    wait_for_answers(twilio, 1)
    request, form = receiver.requests[0]
    names = [name for name, _ in parse_qsl(request.get_data(as_text=True), keep_blank_values=True)]
    assert len(names) == len(set(names))
    assert form | given == form
    assert is_signed(request, form, twilio.auth_token)


@pytest.mark.parametrize(("place", "named"), [(0, [None] * 4), (1, [None, "HELP", "STOP", "START"])])
def test_a_messaging_service_names_the_keyword_of_an_opt_out(
    twilio: Sandbox, httpserver: HTTPServer, place: int, named: list[str | None]
) -> None:
    """The first number is in no service, the second in the one that is there from the start."""
    receiver = Receiver(httpserver, Response(status=204))
    number = list(twilio.state.numbers.values())[place]
    twilio.state.change_number(number.sid, sms_url=httpserver.url_for("/hook"))
    for count, word in enumerate(["hello", "help", "stop", "start"], 1):
        twilio.state.receive(twilio.handset, number.phone_number, word)
        wait_for_answers(twilio, count)
    assert [form.get("OptOutType") for _, form in receiver.requests] == named


def test_a_second_delivery_bears_the_token_of_the_first(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook"))
    body = {"from": twilio.handset, "body": "once", "deliver": 2}
    requests.post(f"{twilio.url}/_sandbox/numbers/{twilio.number}/inbound", json=body, timeout=10).raise_for_status()
    twilio.state.wait_for(lambda: len(twilio.state.exchanges()) >= 2)
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request, _ in receiver.requests}) == 1
    assert len({form["MessageSid"] for _, form in receiver.requests}) == 1


BAD_ANSWERS = [
    (Response("oops", status=500), 11200),
    (Response("", status=302, headers={"Location": "/hook"}), 11215),
    (Response("", status=302), 11216),
    (Response("", status=302, headers={"Location": "ftp://127.0.0.1/hook"}), 11216),
    (Response("", status=308, headers={"Location": "/hook"}), 11216),
    (Response("", status=304), 11216),
    (Response("{}", content_type="application/json"), 12300),
    (Response("<Response>", content_type="text/xml"), 12100),
    (Response("\n<?xml version='1.0'?><Response/>", content_type="text/xml"), 12100),
    (Response("<Answer/>", content_type="text/xml"), 12200),
    (Response("<Response><Dial/></Response>", content_type="text/xml"), 12200),
    (Response("<!DOCTYPE r [<!ENTITY a 'b'>]><Response>&a;</Response>", content_type="text/xml"), 12100),
    (Response("x" * 65_537, content_type="text/plain"), 11750),
    (Response("x" * 1601, content_type="text/plain"), 14103),
    (Response("<Response><Message/></Response>", content_type="text/xml"), 14103),
]


@pytest.mark.parametrize(("answer", "code"), BAD_ANSWERS)
def test_a_bad_answer_is_an_alert_with_twilios_code(
    twilio: Sandbox, httpserver: HTTPServer, answer: Response, code: int
) -> None:
    Receiver(httpserver, answer)
    point(twilio, httpserver.url_for("/hook"))
    message = twilio.state.receive(twilio.handset, twilio.number, "hi")
    alert = twilio.state.wait_for(twilio.state.alerts)[0]
    assert (alert.error_code, alert.resource_sid) == (code, message.sid)
    assert len(twilio.state.messages()) == 1


def test_a_webhook_that_is_not_there_is_tried_twice_and_then_the_fallback(
    twilio: Sandbox, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver, Response("from the fallback", content_type="text/plain"))
    point(twilio, "http://user:secret@127.0.0.1:9/hook", sms_fallback_url=httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: len(twilio.state.messages()) == 2)
    assert twilio.state.alerts()[0].error_code == 11205
    request, form = receiver.requests[0]
    assert (form["Body"], form["ErrorCode"], form["ErrorUrl"]) == ("hi", "11205", "http://127.0.0.1:9/hook")
    assert is_signed(request, form, twilio.auth_token)


def test_the_fallback_is_told_which_document_failed(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    first = "<Response><Redirect>/bad</Redirect></Response>"
    httpserver.expect_request("/first").respond_with_data(first, content_type="text/xml")
    httpserver.expect_request("/bad").respond_with_data("<Answer/>", content_type="text/xml")
    point(twilio, httpserver.url_for("/first"), sms_fallback_url=httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: receiver.requests)
    _, form = receiver.requests[0]
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("12200", httpserver.url_for("/bad"))


def test_a_circle_of_redirect_verbs_ends_after_fifty_documents(twilio: Sandbox, httpserver: HTTPServer) -> None:
    """https://www.twilio.com/docs/api/errors/14106"""
    receiver = Receiver(httpserver, Response("<Response><Redirect/></Response>", content_type="text/xml"))
    point(twilio, httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    assert twilio.state.wait_for(twilio.state.alerts)[0].error_code == 14106
    assert len(receiver.requests) == 50


def test_one_message_is_answered_with_ten_replies_at_most(twilio: Sandbox, httpserver: HTTPServer) -> None:
    """https://www.twilio.com/docs/api/errors/14109"""
    twiml = f"<Response>{'<Message>x</Message>' * 11}</Response>"
    Receiver(httpserver, Response(twiml, content_type="text/xml"))
    point(twilio, httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    assert twilio.state.wait_for(twilio.state.alerts)[0].error_code == 14109
    assert len(twilio.state.messages()) == 11


@pytest.mark.parametrize(
    ("status", "method", "form"), [(307, "POST", True), (301, "GET", False), (302, "GET", False), (303, "GET", False)]
)
def test_an_http_redirect_is_followed_and_signed_anew(
    twilio: Sandbox, httpserver: HTTPServer, status: int, method: str, form: bool
) -> None:
    receiver = Receiver(httpserver, Response("moved", content_type="text/plain"))
    moved = Response("", status=status, headers={"Location": "/hook?step=2"})
    httpserver.expect_request("/old").respond_with_response(moved)
    point(twilio, httpserver.url_for("/old"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: len(twilio.state.messages()) == 2)
    (request, got) = receiver.requests[0]
    assert (request.method, raw_url(request)) == (method, httpserver.url_for("/hook?step=2"))
    assert got.get("Body") == ("hi" if form else None)
    assert is_signed(request, got, twilio.auth_token)
    assert twilio.state.alerts() == ()


def test_a_batch_of_events_is_redirected_with_the_hash_of_its_body(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response("ok", content_type="text/plain"))
    httpserver.expect_request("/old").respond_with_response(Response("", status=307, headers={"Location": "/hook"}))
    order = {"url": httpserver.url_for("/old"), "json": [{"type": "x"}]}
    assert requests.post(f"{twilio.url}/_sandbox/webhooks", json=order, timeout=10).json()["body"] == "ok"
    request, _ = receiver.requests[0]
    body, signature = request.get_data(as_text=True), request.headers["X-Twilio-Signature"]
    assert RequestValidator(twilio.auth_token).validate(request.url, body, signature)


def test_a_password_in_the_url_does_not_follow_to_another_host(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response("ok", content_type="text/plain"))
    elsewhere = httpserver.url_for("/hook").replace("localhost", "127.0.0.1")
    moved = Response("", status=307, headers={"Location": elsewhere})
    httpserver.expect_request("/old").respond_with_response(moved)
    point(twilio, httpserver.url_for("/old").replace("://", "://user:secret@"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: len(twilio.state.messages()) == 2)
    assert receiver.requests[0][0].authorization is None


def test_a_redirect_verb_is_followed(twilio: Sandbox, httpserver: HTTPServer) -> None:
    Receiver(httpserver, Response("<Response><Redirect>/next</Redirect></Response>", content_type="text/xml"))
    httpserver.expect_request("/next").respond_with_data("there", content_type="text/plain")
    point(twilio, httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: len(twilio.state.messages()) == 2)
    assert twilio.state.messages()[0].body == "there"


def test_overrides_in_the_fragment_ask_for_more_tries(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response("busy", status=503))
    point(twilio, httpserver.url_for("/hook") + "#rc=2&rp=5xx")
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(twilio.state.alerts)
    assert len(receiver.requests) == 3
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request, _ in receiver.requests}) == 1


def test_a_shared_key_signs_in_place_of_the_token(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    point(twilio, httpserver.url_for("/hook"))
    key = {"key": "webhooks_sharedkey_1", "secret": "s3cret"}
    url = f"{twilio.url}/_sandbox/accounts/{twilio.account_sid}/shared-key"
    requests.post(url, json=key, timeout=10).raise_for_status()
    twilio.state.receive(twilio.handset, twilio.number, "hi")
    twilio.state.wait_for(lambda: receiver.requests)
    request, form = receiver.requests[0]
    settings = request.headers["X-Twilio-Webhooks-Signature-Settings"]
    assert settings == "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    expected = RequestValidator("s3cret").compute_signature(request.base_url, form, "HMAC_SHA256")
    assert request.headers["X-Twilio-Signature"] == expected


def test_scripts_have_json_signed_by_its_hash(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response("ok", content_type="text/plain"))
    order = {"url": httpserver.url_for("/hook?a=1"), "json": [{"specversion": "1.0", "type": "é"}]}
    answer = requests.post(f"{twilio.url}/_sandbox/webhooks", json=order, timeout=10)
    assert answer.json() == {"status": 200, "content_type": "text/plain", "body": "ok"}
    request, _ = receiver.requests[0]
    validator = RequestValidator(twilio.auth_token)
    assert request.json == order["json"]
    assert validator.validate(request.url, request.get_data(as_text=True), request.headers["X-Twilio-Signature"])


def test_scripts_have_any_form_signed(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, Response(status=204))
    order = {"url": httpserver.url_for("/hook"), "form": {"CallSid": "CA1", "Empty": ""}}
    assert requests.post(f"{twilio.url}/_sandbox/webhooks", json=order, timeout=10).json()["status"] == 204
    request, form = receiver.requests[0]
    assert form == order["form"]
    assert is_signed(request, form, twilio.auth_token)


def test_stop_and_start_are_confirmed_and_a_flow_cannot_reply_in_between(
    twilio: Sandbox, httpserver: HTTPServer
) -> None:
    Receiver(httpserver, Response("Hello!", content_type="text/plain"))
    point(twilio, httpserver.url_for("/hook"))
    twilio.state.receive(twilio.handset, twilio.number, "Stop")
    alert = twilio.state.wait_for(twilio.state.alerts)[0]
    assert alert.error_code == 21610
    assert ["unsubscribed" in message.body for message in twilio.state.messages()] == [True, False]
    twilio.state.receive(twilio.handset, twilio.number, "start")
    twilio.state.wait_for(lambda: twilio.state.messages()[0].body == "Hello!")


def wait_for_answers(twilio: Sandbox, count: int) -> None:
    """Until so many webhooks were called and have answered: what is still under way would reach the next test."""
    twilio.state.wait_for(lambda: len([it for it in twilio.state.exchanges() if it.way == "out"]) >= count)


def point(twilio: Sandbox, url: str, **fields: Any) -> None:
    number = twilio.state.number(twilio.number)
    assert number is not None
    twilio.state.change_number(number.sid, sms_url=url, **fields)


def raw_url(request: Request) -> str:
    """The URL as it came over the wire; werkzeug's own is written anew."""
    return f"http://{request.host}{request.environ['REQUEST_URI']}"
