"""The pages for operating in a real browser, on flows that really ran: wide and narrow, light and dark."""

import asyncio
from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving, url_of

from .conftest import ACME

pytestmark = pytest.mark.browser

LOOKS = [
    {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
]
STEP = "action: {{component: {{key: {}, isPublic: true, version: LATEST}}, key: {}}}"
FLOW = f"""
definitionVersion: 7
name: Appointments
flows:
  - name: Inbound text
    description: Answers yes, and reminds everybody else.
    steps:
      - name: Text received
        isTrigger: true
        {STEP.format("webhook-triggers", "webhook")}
      - name: Note it
        {STEP.format("log", "writeLog")}
        inputs: {{message: {{type: reference, value: textReceived.results.body.data.Body}}}}
      - name: Which answer
        {STEP.format("branch", "branchOnExpression")}
        inputs:
          conditions:
            type: complex
            value:
              - name: Agreed
                type: complex
                value: [and, [equal, {{type: reference, value: textReceived.results.body.data.Body}},
                        {{type: value, value: OK}}]]
        branches:
          - name: Agreed
            steps:
              - name: Wait
                {STEP.format("sleep", "sleep")}
                inputs: {{ms: {{type: value, value: "600000"}}}}
          - name: Else
            steps:
              - name: Each reminder
                {STEP.format("loop", "loopOverItems")}
                inputs: {{items: {{type: reference, value: textReceived.results.body.data.Times}}}}
                steps:
                  - name: Remind
                    {STEP.format("log", "writeLog")}
                    inputs: {{message: {{type: template, value: "Remind on {{{{$eachReminder.currentItem}}}}"}}}}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A host that executes, its address, its pages' access, and what to call its flow with."""
    folder = tmp_path_factory.mktemp("operating")
    (folder / "flow.yaml").write_text(FLOW)
    sock = listen()
    settings = Settings(data=folder / "data", public_url=url_of(sock), components=(ACME,))
    with ExitStack() as stack:
        host = stack.enter_context(Host.open(settings))
        access = Access(host.credentials)
        url = stack.enter_context(serving(create_app(host, access), sock, stop_seconds=1))
        instance = host.instances.deploy(folder / "flow.yaml", customer="acme", customer_name="Acme Inc.")
        (endpoint,) = host.store.instances.endpoints(instance.id)

        def call(body, *, wait=True):
            request = WebhookRequest(
                url=host.address(endpoint.id), headers=(("Content-Type", "application/json"),), body=body
            )

            async def both():
                received = await host.receive(endpoint.id, request)
                if wait:
                    await host.result(received.execution_id, 30)
                return received.execution_id

            return in_thread(both)

        yield host, url, access, instance, call


def in_thread(coroutine):
    """Playwright has an event loop in this thread already."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(coroutine())).result()


@pytest.fixture(params=LOOKS, ids=["wide-light", "narrow-dark"])
def view(request, page, running):
    _, url, access, *_ = running
    opened = page(**request.param)
    opened.goto(f"{url}/login?token={access.new_token()}")
    return opened


def is_fit(view):
    """Nothing beside the screen, and nothing that axe objects to."""
    assert view.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert Axe().run(view).response["violations"] == []


HELLO = b'{"From": "+15551234567", "To": "+15557654321", "Body": "<b>Hello</b> there", "Times": ["mon", "tue"]}'
WAITING = b'{"From": "+15550001111", "Body": "OK"}'


def test_a_flow_and_what_became_of_it_are_drawn_as_cards(view, running):
    _, url, _, instance, call = running
    view.goto(f"{url}/instances/{instance.id}/flows/Inbound text")
    view.get_by_text("Each reminder · the item").wait_for()
    is_fit(view)
    view.goto(f"{url}/executions/{call(HELLO)}")
    view.get_by_text("Remind on mon").first.wait_for()
    cards = view.locator(".way.untaken")
    assert "Agreed" in cards.inner_text()
    assert "did not run" in cards.inner_text()
    assert view.locator(".way.taken .chip").all_inner_texts() == ["succeeded", "succeeded, 2 turns"]
    view.get_by_text("Replay", exact=True).click()
    is_fit(view)


def test_an_execution_is_found_replayed_and_cancelled_with_the_keyboard_alone(view, running):
    _, url, _, _, call = running
    call(HELLO)
    view.goto(f"{url}/executions")
    is_fit(view)
    view.get_by_label("Search").focus()
    view.keyboard.type("555 123-4567")
    view.keyboard.press("Enter")
    view.get_by_role("link", name="Inbound text").first.focus()
    view.keyboard.press("Enter")
    view.get_by_text("Replay", exact=True).focus()
    view.keyboard.press("Enter")
    view.get_by_role("button", name="Replay from the start").focus()
    view.keyboard.press("Enter")
    view.get_by_text("This is the replay.").wait_for()
    view.goto(f"{url}/executions/{call(WAITING, wait=False)}")
    view.get_by_role("button", name="Cancel").focus()
    view.keyboard.press("Enter")
    view.get_by_text("It is being cancelled").wait_for()
    view.get_by_role("heading", name="What happened").click()
    view.locator(".head .chip.cancelled").first.wait_for()
    is_fit(view)


def test_the_list_and_the_overview_are_told_of_what_comes_in(view, running):
    _, url, _, _, call = running
    for path in ("/executions", "/"):
        view.goto(url + path)
        rows = view.locator(".rows tbody tr")
        view.get_by_role("heading", level=1).click()
        with view.expect_response(lambda answer, wanted=url + path: answer.url == wanted):
            call(b'{"Body": "news", "Times": []}')
        rows.filter(has_text="news").first.wait_for()
        is_fit(view)


def test_failed_ones_and_filters_have_pages_that_fit(view, running):
    _, url, _, _, call = running
    call(b'{"Body": "not a list", "Times": 5}')
    view.goto(f"{url}/executions?status=failed")
    view.get_by_role("link", name="Replay these …").click()
    view.get_by_text("What these flows send goes out again").wait_for()
    is_fit(view)
    view.goto(f"{url}/executions")
    view.get_by_text("Filters", exact=True).click()
    view.get_by_label("Flow", exact=True).fill("Nothing")
    view.get_by_role("button", name="Apply").click()
    view.get_by_text("There is none here.").wait_for()
    is_fit(view)


def test_who_comes_into_a_live_part_while_it_is_fetched_keeps_the_focus(view, running):
    _, url, _, _, call = running
    address = f"{url}/executions/{call(WAITING, wait=False)}"
    held = []

    def hold(route):
        held.append(route)

    view.goto(address)
    view.get_by_text("What happened").wait_for()
    cancel = view.get_by_role("button", name="Cancel")
    view.evaluate("document.activeElement.blur()")
    view.route(address, hold)
    view.evaluate("void refresh(document.querySelector('[data-live]:has(button)'))")
    while not held:
        view.wait_for_timeout(20)
    cancel.focus()
    with view.expect_response(address):
        for fetched in held:
            fetched.continue_()
    view.wait_for_timeout(300)
    assert cancel.evaluate("button => button === document.activeElement")
    view.unroute(address)
    view.keyboard.press("Enter")
    view.get_by_text("It is being cancelled").wait_for()
