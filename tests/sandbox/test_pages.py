"""The pages as they are served, without a browser."""

from __future__ import annotations

from urllib.parse import urlencode

import requests
from twilio_connector.sandbox.products import Application
from twilio_connector.sandbox.records import Media
from twilio_connector.sandbox.server import Sandbox

PNG = b"\x89PNG\r\n"


def get(twilio: Sandbox, path: str) -> requests.Response:
    return requests.get(twilio.url + path, timeout=10)


def text(twilio: Sandbox, **form: str) -> requests.Response:
    form = {"handset": twilio.handset, "with": twilio.number, "body": "hi"} | form
    return requests.post(f"{twilio.url}/phone/messages", form, timeout=10, allow_redirects=False)


def test_a_text_from_the_form_is_received_and_shown(twilio: Sandbox) -> None:
    answer = text(twilio, body="<b>Hi & bye</b>\r\nthere")
    assert answer.status_code == 303
    assert twilio.state.messages()[0].body == "<b>Hi & bye</b>\nthere"
    shown = get(twilio, answer.headers["Location"]).text
    assert "&lt;b&gt;Hi &amp; bye&lt;/b&gt;\nthere" in shown
    assert "No webhook yet" in shown


def test_a_mistake_shows_the_page_again_with_what_was_written(twilio: Sandbox) -> None:
    answer = text(twilio, body="hello", **{"with": "ACME"})
    assert answer.status_code == 400
    assert "ACME only sends" in answer.text
    assert ">hello</textarea>" in answer.text
    assert text(twilio, body="  ").status_code == 400


def test_a_phone_on_whatsapp_texts_the_numbers_there(twilio: Sandbox) -> None:
    handset = f"whatsapp:{twilio.handset}"
    shown = get(twilio, f"/phone?{urlencode({'handset': handset})}").text
    assert f'name="with" value="whatsapp:{twilio.number}"' in shown
    assert "whatsapp:72975" not in shown
    assert text(twilio, handset=handset, **{"with": f"whatsapp:{twilio.number}"}).status_code == 303
    assert (twilio.state.messages()[0].from_, twilio.state.messages()[0].to) == (handset, f"whatsapp:{twilio.number}")


def call(twilio: Sandbox, **form: str) -> requests.Response:
    form = {"handset": twilio.handset, "with": twilio.number} | form
    return requests.post(f"{twilio.url}/phone/calls", form, timeout=10, allow_redirects=False)


def test_a_call_from_the_form_rings_and_holds_what_the_phone_presses_and_says(twilio: Sandbox) -> None:
    answer = call(twilio, digits="12#", speech=" Yes, please ")
    assert answer.status_code == 303
    (made,) = twilio.state.calls.newest()
    assert (made.from_, made.to, made.direction) == (twilio.handset, twilio.number, "inbound")
    assert twilio.state.held(twilio.handset) == ("12#", "Yes, please")
    twilio.state.wait_for(lambda: twilio.state.calls.newest()[0].status == "completed")
    shown = get(twilio, answer.headers["Location"]).text
    assert "Outgoing" in shown
    assert "completed" in shown


def test_a_call_that_cannot_be_made_says_why(twilio: Sandbox) -> None:
    for form, why in (
        ({"digits": "12a"}, "digits:"),
        ({"with": "+19995550000"}, "+19995550000 takes no calls"),
        ({"handset": ""}, "Choose a phone."),
    ):
        answer = call(twilio, **form)
        assert answer.status_code == 400
        assert why in answer.text
    assert twilio.state.calls.newest() == []


def test_the_phone_says_who_is_told_of_a_text(twilio: Sandbox) -> None:
    """The number's own webhook, its application's, or its messaging service's; if none is there, that too."""
    state, (own, of_service, *_) = twilio.state, list(twilio.state.numbers.values())
    shown = lambda number: get(twilio, f"/phone?{urlencode({'with': number.phone_number})}").text  # noqa: E731
    assert "No webhook yet" in shown(own)
    now = state.settings.clock()
    state.applications.add(
        Application(sid="AP1", account_sid=twilio.account_sid, created=now, updated=now, sms_url="http://x.example/sms")
    )
    state.change_number(own.sid, sms_application_sid="AP1")
    assert "Texts go to its webhook" in shown(own)
    assert "No webhook yet" in shown(of_service)
    state.services.change(twilio.messaging_service, use_inbound_webhook_on_number=False)
    assert "Its messaging service drops texts" in shown(of_service)
    state.services.change(twilio.messaging_service, inbound_request_url="http://x.example/sms")
    assert "Texts go to its webhook" in shown(of_service)


def test_every_page_forbids_scripts_and_frames_from_elsewhere(twilio: Sandbox) -> None:
    for path in ("/", "/phone", "/static/sandbox.js"):
        policy = get(twilio, path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_another_site_cannot_text_from_the_phone(twilio: Sandbox) -> None:
    form = {"handset": twilio.handset, "with": twilio.number, "body": "hi"}
    headers = {"Origin": "https://evil.example"}
    assert requests.post(f"{twilio.url}/phone/messages", form, headers=headers, timeout=10).status_code == 403
    assert twilio.state.messages() == []


def test_pictures_are_shown_and_nothing_else(twilio: Sandbox) -> None:
    kept = (Media("ME1", "image/png", data=PNG), Media("ME2", "text/html", data=b"<script>"))
    sid = twilio.state.receive(twilio.handset, twilio.number, "", kept).sid
    assert get(twilio, f"/phone/media/{sid}/ME1").content == PNG
    assert get(twilio, f"/phone/media/{sid}/ME2").status_code == 404
    assert get(twilio, "/phone/media/SM1/ME1").status_code == 404


def test_a_link_to_a_script_is_not_made(twilio: Sandbox) -> None:
    twilio.state.receive(twilio.handset, twilio.number, "", (Media("ME1", "text/html", "javascript:alert(1)"),))
    assert "javascript:" not in get(twilio, "/phone").text


def test_the_overview_points_a_number_at_a_webhook(twilio: Sandbox) -> None:
    number = twilio.state.number(twilio.number)
    assert number is not None
    url = f"{twilio.url}/numbers/{number.sid}"
    requests.post(url, {"sms_url": "https://example.com/x"}, timeout=10).raise_for_status()
    assert "https://example.com/x" in get(twilio, "/").text
    answer = requests.post(url, {"sms_url": "javascript:1"}, timeout=10)
    assert "A webhook is an http or https URL." in answer.text


def test_the_overview_adds_and_clears_faults(twilio: Sandbox) -> None:
    form = {"kind": "status:429", "times": "3", "method": "POST", "seconds": "3"}
    assert "3 to come" in requests.post(f"{twilio.url}/faults", form, timeout=10).text
    fault = twilio.state.faults.all()[0]
    assert (fault.kind, fault.status, fault.retry_after, fault.method) == ("status", 429, 1, "POST")
    requests.post(f"{twilio.url}/faults", {"kind": "slow", "times": "always", "seconds": "2"}, timeout=10)
    assert (twilio.state.faults.all()[1].seconds, twilio.state.faults.all()[1].times) == (2, None)
    wrong = requests.post(f"{twilio.url}/faults", {"kind": "slow", "seconds": "soon"}, timeout=10)
    assert "seconds:" in wrong.text
    requests.post(f"{twilio.url}/faults/clear", timeout=10).raise_for_status()
    assert twilio.state.faults.all() == ()


def test_a_verification_code_is_read_on_the_phone(twilio: Sandbox) -> None:
    url, auth = f"{twilio.url}/verify/v2/Services/{twilio.verify_service}", (twilio.account_sid, twilio.auth_token)
    form = {"To": twilio.handset, "Channel": "sms"}
    requests.post(f"{url}/Verifications", form, auth=auth, timeout=10).raise_for_status()
    assert "Your Local Verify verification code is: " in get(twilio, "/phone?with=VERIFY").text


def test_the_overview_shows_calls_and_services(twilio: Sandbox) -> None:
    url = f"{twilio.url}/api/2010-04-01/Accounts/{twilio.account_sid}/Calls.json"
    form = {"From": twilio.number, "To": twilio.handset, "Twiml": "<Response/>"}
    requests.post(url, form, auth=(twilio.account_sid, twilio.auth_token), timeout=10).raise_for_status()
    twilio.state.wait_for(lambda: twilio.state.calls.newest()[0].status == "completed")
    shown = get(twilio, "/").text
    assert "+1\u00a0415\u00a0555\u00a00123" in shown
    assert "completed" in shown
    assert twilio.messaging_service in shown


def test_no_secret_is_on_the_phone(twilio: Sandbox) -> None:
    shown = get(twilio, "/phone").text
    assert twilio.auth_token not in shown
    assert twilio.api_secret not in shown


def test_events_tell_of_a_change_and_end_with_the_server() -> None:
    with Sandbox() as twilio, requests.get(f"{twilio.url}/events", stream=True, timeout=10) as events:
        lines = events.iter_lines(decode_unicode=True)
        assert "data: open" in next(line for line in lines if line.startswith("data"))
        twilio.state.receive(twilio.handset, twilio.number, "hi")
        assert "data: state" in next(line for line in lines if line.startswith("data"))
        twilio.close()
        assert "data: open" not in list(lines)
