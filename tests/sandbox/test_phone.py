"""A person texts a number from the phone page and reads the reply, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .conftest import messages_url

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_httpserver import HTTPServer
    from twilio_connector.sandbox.server import Sandbox

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]


def answer_texts(twilio: Sandbox, httpserver: HTTPServer, reply: str) -> None:
    twiml = f"<Response><Message>{reply}</Message></Response>"
    httpserver.expect_request("/hook").respond_with_data(twiml, content_type="text/xml")
    number = twilio.state.number(twilio.number)
    assert number is not None
    twilio.state.change_number(number.sid, sms_url=httpserver.url_for("/hook"))


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, {"width": 390, "height": 844}])
def test_texts_a_number_and_reads_the_reply(
    page: Open, twilio: Sandbox, httpserver: HTTPServer, viewport: dict[str, int]
) -> None:
    answer_texts(twilio, httpserver, "Hello back")
    opened = page(viewport=viewport)
    opened.goto(f"{twilio.url}/phone")
    opened.get_by_role("textbox", name="Text", exact=True).fill("Hello there")
    opened.keyboard.press("Enter")
    log = opened.get_by_role("log", name="Texts")
    log.get_by_text("Hello there").wait_for()
    log.get_by_text("Hello back").wait_for()
    log.get_by_text("Delivered").last.wait_for()
    assert opened.get_by_role("textbox", name="Text", exact=True).input_value() == ""
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_text_sent_by_the_api_appears_without_a_reload(page: Open, twilio: Sandbox) -> None:
    opened = page()
    opened.goto(f"{twilio.url}/phone")
    opened.evaluate("window.stayed = true")
    script = """([url, auth, form]) => fetch(url, {method: "POST", headers: {authorization: "Basic " + btoa(auth)},
        body: new URLSearchParams(form)}).then((answer) => answer.status)"""
    form = {"To": twilio.handset, "From": twilio.number, "Body": "Your code is 113355"}
    auth = f"{twilio.account_sid}:{twilio.auth_token}"
    assert opened.evaluate(script, [messages_url(twilio), auth, form]) == 201
    opened.get_by_role("log").get_by_text("Your code is 113355").wait_for()
    assert opened.evaluate("window.stayed") is True


def test_a_webhook_that_fails_is_seen_on_the_phone(page: Open, twilio: Sandbox, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/hook").respond_with_data("boom", status=500)
    number = twilio.state.number(twilio.number)
    assert number is not None
    twilio.state.change_number(number.sid, sms_url=httpserver.url_for("/hook"))
    opened = page()
    opened.goto(f"{twilio.url}/phone")
    opened.get_by_role("textbox", name="Text", exact=True).fill("hi")
    opened.get_by_role("button", name="Send").click()
    opened.get_by_role("log").get_by_text("The webhook answered 500 (11200)").wait_for()


def test_the_phone_works_without_script(page: Open, twilio: Sandbox) -> None:
    opened = page(java_script_enabled=False)
    opened.goto(f"{twilio.url}/phone")
    opened.get_by_role("textbox", name="Text", exact=True).fill("no script")
    opened.get_by_role("button", name="Send").click()
    opened.get_by_role("log").get_by_text("no script").wait_for()


def test_another_handset_has_a_conversation_of_its_own(page: Open, twilio: Sandbox) -> None:
    twilio.state.receive(twilio.handset, twilio.number, "from the first")
    opened = page()
    opened.goto(f"{twilio.url}/phone")
    opened.get_by_role("log").get_by_text("from the first").wait_for()
    opened.get_by_label("This phone is").select_option(twilio.state.settings.handsets[1])
    opened.get_by_text("Say hello.").wait_for()
    assert opened.get_by_role("log").get_by_text("from the first").count() == 0


def test_keyboard_reaches_the_text_box_and_the_conversation(page: Open, twilio: Sandbox) -> None:
    opened = page()
    opened.goto(f"{twilio.url}/phone")
    assert opened.evaluate("document.activeElement.id") == "body"
    opened.keyboard.press("Shift+Tab")
    assert opened.evaluate("document.activeElement.getAttribute('role')") == "log"
