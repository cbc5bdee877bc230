"""Calls: what they are refused for, their life, what their TwiML does, and who hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import Receiver, refused

HELLO = "<Response><Say>Hello</Say></Response>"
LONG = '<Response><Pause length="600"/></Response>'


def make(sdk: Client, twilio: Sandbox, **parameters: Any) -> Any:
    given = {"to": twilio.handset, "from_": twilio.number, "twiml": HELLO} | parameters
    return sdk.calls.create(**{key: value for key, value in given.items() if value is not None})


def wait(twilio: Sandbox, sid: str, status: str) -> Any:
    return twilio.state.wait_for(lambda: (call := twilio.state.calls.get(sid)) and call.status == status and call)


def test_a_call_is_queued_answered_and_completed(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio)
    assert (made.status, made.direction, made.duration, made.from_formatted) == (
        "queued",
        "outbound-api",
        None,
        "(415) 555-0100",
    )
    wait(twilio, made.sid, "completed")
    call = sdk.calls(made.sid).fetch()
    assert (call.status, call.duration, call.price, call.price_unit) == ("completed", "1", "-0.01400", "USD")
    assert call.start_time <= call.end_time


@pytest.mark.parametrize(
    ("answering", "status"),
    [("busy", "busy"), ("no-answer", "no-answer"), ("failed", "failed"), ("human", "completed")],
)
def test_the_handset_says_how_a_call_ends(sdk: Client, twilio: Sandbox, answering: Any, status: str) -> None:
    twilio.state.let_answer(twilio.handset, answering)
    made = make(sdk, twilio)
    call = wait(twilio, made.sid, status)
    assert (call.price is None) == (status != "completed")


def test_status_callbacks_are_those_asked_for_in_order_and_counted(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver)
    events = ["initiated", "ringing", "answered", "completed"]
    made = make(sdk, twilio, status_callback=receiver.url, status_callback_event=events)
    twilio.state.wait_for(lambda: len(receiver.forms) == 4)
    forms = receiver.forms
    assert [form["CallStatus"] for form in forms] == ["initiated", "ringing", "in-progress", "completed"]
    assert [form["SequenceNumber"] for form in forms] == ["0", "1", "2", "3"]
    assert {form["CallbackSource"] for form in forms} == {"call-progress-events"}
    assert {form["CallSid"] for form in forms} == {made.sid}
    assert (forms[3]["CallDuration"], forms[3]["Duration"]) == ("1", "1")
    assert forms[0]["Timestamp"].endswith("+0000")
    signature = receiver.requests[0].headers["X-Twilio-Signature"]
    assert RequestValidator(twilio.auth_token).validate(receiver.url, forms[0], signature)


def test_only_the_end_is_told_unless_more_is_asked_for(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    twilio.state.let_answer(twilio.handset, "busy")
    make(sdk, twilio, status_callback=receiver.url)
    twilio.state.wait_for(lambda: receiver.forms)
    assert (receiver.forms[0]["CallStatus"], receiver.forms[0]["SequenceNumber"]) == ("busy", "0")


def test_the_url_is_fetched_when_somebody_answers_and_followed(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver, "<Response><Redirect>/hook?again=1</Redirect></Response>", HELLO)
    made = make(sdk, twilio, twiml=None, url=receiver.url)
    wait(twilio, made.sid, "completed")
    first, second = receiver.forms
    assert (first["CallStatus"], first["Direction"], first["To"]) == ("in-progress", "outbound-api", twilio.handset)
    assert second["CallSid"] == made.sid
    assert receiver.requests[1].query_string == b"again=1"


def test_an_applications_url_is_fetched(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, HELLO)
    application = sdk.applications.create(friendly_name="Voice", voice_url=receiver.url)
    made = make(sdk, twilio, twiml=None, application_sid=application.sid)
    wait(twilio, made.sid, "completed")
    assert receiver.forms[0]["CallSid"] == made.sid


def test_twiml_that_cannot_be_read_ends_the_call_with_an_alert(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml="<Response><Sing/></Response>")
    wait(twilio, made.sid, "completed")
    alert = twilio.state.alerts()[0]
    assert (alert.error_code, alert.resource_sid) == (12200, made.sid)


def test_a_failing_url_falls_back(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, HELLO)
    made = make(sdk, twilio, twiml=None, url="http://127.0.0.1:9/x#rc=0", fallback_url=receiver.url)
    wait(twilio, made.sid, "completed")
    (form,) = receiver.forms
    assert (form["CallSid"], form["ErrorCode"], form["ErrorUrl"]) == (made.sid, "11205", "http://127.0.0.1:9/x#rc=0")


def test_redirects_in_a_circle_end(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, "<Response><Redirect/></Response>")
    made = make(sdk, twilio, twiml=None, url=receiver.url)
    wait(twilio, made.sid, "completed")
    assert len(receiver.forms) <= 101


@pytest.mark.parametrize(
    ("answering", "said"),
    [
        ("human", ("completed", "1", "true")),
        ("busy", ("busy", None, "false")),
        ("no-answer", ("no-answer", None, "false")),
    ],
)
def test_the_action_of_a_dial_hears_what_became_of_the_leg(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer, answering: Any, said: tuple[str, str | None, str]
) -> None:
    twilio.state.let_answer("+447700900456", answering)
    dial = "<Dial action='/hook?dialled=1'>+447700900456</Dial><Redirect>/hook?unreachable=1</Redirect>"
    receiver = Receiver(httpserver, f"<Response>{dial}</Response>", HELLO)
    made = make(sdk, twilio, twiml=None, url=receiver.url)
    wait(twilio, made.sid, "completed")
    _, form = receiver.forms
    assert receiver.requests[1].query_string == b"dialled=1"
    assert (form["DialCallStatus"], form.get("DialCallDuration"), form["DialBridged"]) == said
    (leg,) = sdk.calls.list(parent_call_sid=made.sid)
    assert (leg.sid, leg.to, leg.status, leg.direction) == (
        form["DialCallSid"],
        "+447700900456",
        said[0],
        "outbound-dial",
    )


@pytest.mark.parametrize(
    ("nouns", "said"),
    [
        ("", ("failed", False)),
        ("nobody", ("failed", False)),
        ("<Client>bob</Client>", ("completed", True)),
        ("<Number>+447700900456</Number><Sip>sip:a@b.example</Sip>", ("completed", True)),
        ("<Conference>Room</Conference>", ("answered", False)),
    ],
)
def test_a_dial_rings_whom_its_nouns_name(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer, nouns: str, said: tuple[str, bool]
) -> None:
    twilio.state.let_answer("+447700900456", "busy")
    receiver = Receiver(httpserver, f"<Response><Dial action='/hook'>{nouns}</Dial></Response>", HELLO)
    made = make(sdk, twilio, twiml=None, url=receiver.url)
    wait(twilio, made.sid, "completed")
    form = receiver.forms[1]
    assert (form["DialCallStatus"], "DialCallSid" in form) == said


def test_a_dial_without_an_action_goes_on_with_the_verbs_after_it(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    dial = "<Response><Dial>+447700900456</Dial><Redirect>/hook?after=1</Redirect></Response>"
    receiver = Receiver(httpserver, dial, HELLO)
    made = make(sdk, twilio, twiml=None, url=receiver.url)
    wait(twilio, made.sid, "completed")
    assert receiver.requests[1].query_string == b"after=1"
    assert "DialCallStatus" not in receiver.forms[1]


def test_a_live_call_is_hung_up(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml=LONG)
    wait(twilio, made.sid, "in-progress")
    assert sdk.calls(made.sid).update(status="completed").status == "completed"
    with refused(21220):
        sdk.calls(made.sid).update(twiml=HELLO)


def test_a_live_call_gets_other_twiml(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml=LONG)
    wait(twilio, made.sid, "in-progress")
    assert sdk.calls(made.sid).update(twiml="<Response><Hangup/></Response>").status == "in-progress"
    wait(twilio, made.sid, "completed")


def test_canceling_leaves_a_live_call_alone(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml=LONG)
    wait(twilio, made.sid, "in-progress")
    assert sdk.calls(made.sid).update(status="canceled").status == "in-progress"
    sdk.calls(made.sid).update(status="completed")


def test_only_a_finished_call_is_deleted(sdk: Client, twilio: Sandbox) -> None:
    made = make(sdk, twilio, twiml=LONG)
    wait(twilio, made.sid, "in-progress")
    with refused(20009):
        sdk.calls(made.sid).delete()
    sdk.calls(made.sid).update(status="completed")
    assert sdk.calls(made.sid).delete() is True
    with refused(20404):
        sdk.calls(made.sid).fetch()


@pytest.mark.parametrize(
    ("answering", "parameters", "by"),
    [
        ("human", {}, None),
        ("human", {"machine_detection": "Enable"}, "human"),
        ("machine", {"machine_detection": "Enable"}, "machine_start"),
        ("machine", {"machine_detection": "DetectMessageEnd"}, "machine_end_beep"),
    ],
)
def test_machine_detection_tells_who_answered(
    sdk: Client, twilio: Sandbox, answering: Any, parameters: dict[str, Any], by: str | None
) -> None:
    twilio.state.let_answer(twilio.handset, answering)
    made = make(sdk, twilio, **parameters)
    wait(twilio, made.sid, "completed")
    assert sdk.calls(made.sid).fetch().answered_by == by


def test_asynchronous_detection_is_told_by_a_callback(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    twilio.state.let_answer(twilio.handset, "machine")
    make(sdk, twilio, machine_detection="Enable", async_amd="true", async_amd_status_callback=receiver.url)
    twilio.state.wait_for(lambda: receiver.forms)
    assert receiver.forms[0]["AnsweredBy"] == "machine_start"


def test_lists_by_each_filter(sdk: Client, twilio: Sandbox) -> None:
    twilio.state.let_answer("+447700900456", "busy")
    one, other = make(sdk, twilio), make(sdk, twilio, to="+447700900456")
    wait(twilio, one.sid, "completed")
    wait(twilio, other.sid, "busy")
    now = datetime.now(UTC)
    assert [call.sid for call in sdk.calls.list(to="+447700900456")] == [other.sid]
    assert [call.sid for call in sdk.calls.list(status="busy")] == [other.sid]
    assert len(sdk.calls.list(from_=twilio.number)) == 2
    assert len(sdk.calls.list(start_time_after=now - timedelta(hours=1))) == 2
    assert sdk.calls.list(end_time_before=now - timedelta(days=1)) == []
    assert sdk.calls.list(parent_call_sid=one.sid) == []


REFUSED = [
    ({"To": ""}, 21201),
    ({"From": ""}, 21213),
    ({"Twiml": ""}, 21205),
    ({"Twiml": "", "Url": "nowhere"}, 21205),
    ({"Twiml": "<Response>" + "x" * 4000}, 20001),
    ({"Twiml": "", "ApplicationSid": "AP" + "0" * 32}, 21218),
    ({"To": "x"}, 21211),
    ({"From": "+19995550000"}, 21210),
    ({"From": "ACME"}, 21212),
    ({"StatusCallback": "nowhere"}, 21609),
    ({"StatusCallbackEvent": "sung"}, 21626),
    ({"SendDigits": "12a"}, 20001),
    ({"SendDigits": "12E"}, 20001),
    ({"SendDigits": "1" * 33}, 20001),
    ({"Timeout": "0"}, 20001),
    ({"Method": "PUT"}, 20001),
    ({"From": "+15005550001"}, 21212),
    ({"To": "+15005550001"}, 21217),
    ({"To": "+15005550002"}, 21214),
    ({"To": "+15005550003"}, 21215),
    ({"To": "+15005550004"}, 21216),
]


@pytest.mark.parametrize(("parameters", "code"), REFUSED)
def test_refuses_with_twilios_code(twilio: Sandbox, parameters: dict[str, str], code: int) -> None:
    form = {"To": twilio.handset, "From": twilio.number, "Twiml": HELLO} | parameters
    url = f"{twilio.url}/api/2010-04-01/Accounts/{twilio.account_sid}/Calls.json"
    answer = requests.post(url, form, auth=(twilio.account_sid, twilio.auth_token), timeout=10)
    assert (answer.json()["code"], answer.status_code) == (code, 400)
    assert twilio.state.calls.newest() == []


@pytest.mark.parametrize("to", ["sip:bob@example.com", "client:bob", "(415) 555-0123"])
def test_takes_every_form_of_the_other_end(sdk: Client, twilio: Sandbox, to: str) -> None:
    assert make(sdk, twilio, to=to, from_="+15005550006").status == "queued"


def test_takes_every_key_to_press(sdk: Client, twilio: Sandbox) -> None:
    assert make(sdk, twilio, send_digits="0123456789ABCD#*wW").status == "queued"


def ring(twilio: Sandbox, url: str, **more: Any) -> str:
    """Let the handset call the number, whose webhook is at `url`; return the call's SID."""
    number = twilio.state.number(twilio.number)
    assert number is not None
    twilio.state.change_number(number.sid, voice_url=url)
    body = {"from": twilio.handset} | more
    made = requests.post(f"{twilio.url}/_sandbox/numbers/{twilio.number}/calls", json=body, timeout=10)
    assert made.status_code == 200, made.text
    return str(made.json()["sid"])


def test_a_call_that_comes_in_rings_until_its_webhook_has_answered(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, "<Response><Redirect/></Response>", HELLO)
    wait(twilio, ring(twilio, receiver.url), "completed")
    assert [form["CallStatus"] for form in receiver.forms] == ["ringing", "in-progress"]


def test_a_handset_calls_a_number_and_its_webhook_answers(twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver, HELLO)
    wait(twilio, ring(twilio, receiver.url), "completed")
    assert (receiver.forms[0]["Direction"], receiver.forms[0]["From"]) == ("inbound", twilio.handset)


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ("<Reject/>", "no-answer"),
        ("<Reject reason='rejected'/><Say>unreachable</Say>", "no-answer"),
        ("<Reject reason='busy'/>", "busy"),
        ("<Say>Hello</Say><Reject reason='busy'/><Say>unreachable</Say>", "completed"),
    ],
)
def test_only_a_call_whose_first_verb_rejects_it_is_never_answered(
    twilio: Sandbox, httpserver: HTTPServer, verbs: str, status: str
) -> None:
    receiver = Receiver(httpserver, f"<Response>{verbs}</Response>")
    call = wait(twilio, ring(twilio, receiver.url), status)
    assert (call.duration, call.price) == (("0", None) if status != "completed" else ("1", "-0.01400"))


def test_scripts_say_how_calls_are_answered(sdk: Client, twilio: Sandbox) -> None:
    url = f"{twilio.url}/_sandbox/handsets/{twilio.handset}"
    assert requests.post(url, json={"answering": "busy"}, timeout=10).json()["answering"] == "busy"
    assert requests.post(url, json={"answering": "maybe"}, timeout=10).status_code == 400
    wait(twilio, make(sdk, twilio).sid, "busy")


def gathering(attributes: str = "") -> str:
    return f"<Response><Gather {attributes}><Say>Press</Say></Gather><Redirect>/hook?in=vain</Redirect></Response>"


@pytest.mark.parametrize(
    ("attributes", "held", "said"),
    [
        ("", {"digits": "12"}, {"Digits": "12"}),
        ("", {"digits": "12#34"}, {"Digits": "12"}),
        ("numDigits='1'", {"digits": "12"}, {"Digits": "1"}),
        ("finishOnKey='*'", {"digits": "1#*2"}, {"Digits": "1#"}),
        ("finishOnKey=''", {"digits": "1#*2"}, {"Digits": "1#*2"}),
        (
            "input='speech'",
            {"digits": "1", "speech": "Yes please"},
            {"SpeechResult": "Yes please", "Confidence": "0.9"},
        ),
        ("input='dtmf speech'", {"digits": "1", "speech": "Yes"}, {"Digits": "1"}),
        ("input='dtmf speech'", {"speech": "Yes"}, {"SpeechResult": "Yes", "Confidence": "0.9"}),
        ("actionOnEmptyResult='true' timeout='1'", {}, {"Digits": ""}),
    ],
)
def test_a_gather_takes_what_the_handset_presses_or_says(
    twilio: Sandbox, httpserver: HTTPServer, attributes: str, held: dict[str, str], said: dict[str, str]
) -> None:
    receiver = Receiver(httpserver, gathering(attributes), HELLO)
    wait(twilio, ring(twilio, receiver.url, **held), "completed")
    _, form = receiver.forms
    assert receiver.requests[1].query_string == b""
    assert {key: form[key] for key in ("Digits", "SpeechResult", "Confidence") if key in form} == said


@pytest.mark.parametrize("held", [{}, {"speech": "Yes"}, {"digits": "#"}])
def test_a_gather_in_vain_goes_on_with_the_verbs_after_it(
    twilio: Sandbox, httpserver: HTTPServer, held: dict[str, str]
) -> None:
    receiver = Receiver(httpserver, gathering("timeout='1'"), HELLO)
    wait(twilio, ring(twilio, receiver.url, **held), "completed")
    assert receiver.requests[1].query_string == b"in=vain"
    assert "Digits" not in receiver.forms[1]


def test_each_gather_takes_the_digits_that_the_one_before_left(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    url = f"{twilio.url}/_sandbox/handsets/{twilio.handset}"
    assert requests.post(url, json={"digits": "1#234#"}, timeout=10).json()["digits"] == "1#234#"
    receiver = Receiver(httpserver, gathering("numDigits='1'"), gathering("action='/hook?second=1'"), HELLO)
    wait(twilio, make(sdk, twilio, twiml=None, url=receiver.url).sid, "completed")
    assert [form.get("Digits") for form in receiver.forms] == [None, "1", "234"]
    assert receiver.requests[2].query_string == b"second=1"
    assert twilio.state.held(twilio.handset) == ("", "")


@pytest.mark.parametrize(
    ("body", "named"), [({"digits": "12a"}, "digits"), ({"digits": 12}, "digits"), ({"speech": "x" * 1001}, "speech")]
)
def test_what_a_handset_cannot_press_or_say_is_refused(twilio: Sandbox, body: dict[str, Any], named: str) -> None:
    for path, more in (
        (f"handsets/{twilio.handset}", {}),
        (f"numbers/{twilio.number}/calls", {"from": twilio.handset}),
    ):
        answer = requests.post(f"{twilio.url}/_sandbox/{path}", json=body | more, timeout=10)
        assert (answer.status_code, answer.json()["error"].partition(":")[0]) == (400, named)
    assert twilio.state.calls.newest() == []


def test_what_a_handset_presses_leaves_it_as_broken_as_it_was(twilio: Sandbox) -> None:
    twilio.state.break_handset(twilio.handset, 30003)
    url = f"{twilio.url}/_sandbox/handsets/{twilio.handset}"
    assert requests.post(url, json={"digits": "1"}, timeout=10).json()["error_code"] == 30003
    assert requests.post(url, json={"volume": "11"}, timeout=10).status_code == 400
