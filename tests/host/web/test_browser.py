"""The pages in a real browser, wide and narrow, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from twilio_connector.connector.context import utc_now
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.store import portable
from twilio_connector.host.store.executions import end
from twilio_connector.host.store.steps import StepRow, end_step

from .conftest import LOOKS, fits

pytestmark = pytest.mark.browser


def accept(host, instance):
    (endpoint,) = host.store.instances.endpoints(instance.id)
    item = Inbound(
        execution_id="01a1fd9e-0000-7000-8000-000000000000",
        endpoint_id=endpoint.id,
        instance_id=instance.id,
        version_id=instance.version_id,
        flow="Inbound text",
        payload=portable.dumps({"body": {"data": {"Body": "<script>document.title='owned'</script>" + "long " * 200}}}),
    )
    host.inbox.accept_now(item)
    host.store.executions.claim("x", utc_now(), 1)
    return item.execution_id


def finish(host, execution_id):
    row = StepRow(
        execution_id=execution_id,
        flow_attempt=1,
        path="sendReply",
        attempt=1,
        name="Send reply",
        component="acme",
        action="send",
        status="succeeded",
        inputs=portable.dumps({"to": "+15551234567"}),
        output=portable.dumps({"sid": "SM1"}),
        started_at=utc_now(),
        ended_at=utc_now(),
    )
    with host.store.engine.begin() as database:
        end_step(database, row)
        end(database, execution_id, 1, "x", status="succeeded", now=utc_now(), result=portable.dumps({"data": "sent"}))


def test_the_link_leads_to_the_overview_and_its_first_step(view):
    view.get_by_role("heading", name="Overview").wait_for()
    view.get_by_role("link", name="New connection").click()
    view.get_by_role("heading", name="New connection").wait_for()
    assert fits(view)


def test_a_connection_is_corrected_saved_and_tested(view, served, web_host):
    view.goto(f"{served}/connections/new?type=acme.token")
    view.get_by_label("Account SID").fill("SK123")
    view.get_by_role("button", name="Save and test").click()
    summary = view.get_by_role("alert")
    assert "2 fields need attention" in summary.inner_text()
    assert summary.evaluate("it => it === document.activeElement")
    summary.get_by_role("link", name="Account SID").click()
    wrong = view.get_by_label("Account SID")
    assert wrong.evaluate("it => it === document.activeElement")
    assert wrong.get_attribute("aria-invalid") == "true"
    wrong.fill("AC" + "0" * 32)
    view.get_by_label("Auth token").fill("5ecret-of-the-account")
    view.get_by_text("Advanced", exact=True).click()
    view.get_by_label("Headers, name 1").fill("X-Test")
    view.get_by_role("button", name="Save and test").click()
    view.get_by_role("heading", name="It works").wait_for()
    assert view.get_by_label("Auth token").input_value() == ""
    assert fits(view)
    assert len(web_host.store.connections.all()) == 1


def test_a_webhook_address_can_be_copied(view, served, web_host, instance):
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.goto(f"{served}/instances/{instance.id}")
    view.get_by_role("button", name="Copy").click()
    view.get_by_role("button", name="Copied").wait_for()
    assert view.evaluate("navigator.clipboard.readText()") == web_host.endpoints.addresses(instance.id)["Inbound text"]
    assert fits(view)


def test_an_execution_is_followed_to_its_end_and_its_markup_stays_text(view, served, web_host, instance):
    execution_id = accept(web_host, instance)
    view.goto(f"{served}/executions/{execution_id}")
    view.get_by_text("Whole payload", exact=True).click()
    view.get_by_role("heading", name="What happened").click()
    finish(web_host, execution_id)
    view.get_by_role("heading", name="Send reply").wait_for()
    view.get_by_role("heading", name="Result").wait_for()
    assert view.locator("#payload").get_attribute("open") is not None
    assert view.title() == "Inbound text · Twilio connector host"
    assert fits(view)


def test_a_user_is_added_and_a_connection_reserved_for_them(view, served, web_host, connection):
    customer = web_host.store.customers.ensure("acme", "Acme Inc.")
    view.goto(f"{served}/customers")
    view.get_by_role("link", name="Acme Inc.").click()
    view.get_by_label("External id").fill("ada")
    view.get_by_label("Name").fill("Ada")
    view.get_by_role("button", name="Add user").click()
    view.get_by_text("Remove Ada").wait_for()
    assert fits(view)
    assert Axe().run(view).response["violations"] == []
    view.goto(f"{served}/connections/{connection.id}")
    view.get_by_role("group", name="Reserved for").get_by_label("Ada").check()
    assert fits(view)
    assert Axe().run(view).response["violations"] == []
    view.get_by_role("button", name="Save", exact=True).click()
    view.get_by_text("Saved.").wait_for()
    (user,) = web_host.store.users.of(customer.id)
    assert web_host.store.connections.get(connection.id).reserved_for == [user.id]


def test_every_page_fits_and_can_be_reached_by_keyboard(view, served, web_host, instance):
    accept(web_host, instance)
    for path in ("/", "/connections", "/connections/new", "/customers", "/instances", "/executions"):
        view.goto(served + path)
        assert fits(view), path
        view.keyboard.press("Tab")
        assert view.evaluate("document.activeElement.textContent") == "Skip to content"


def test_pages_are_whole_without_script(chromium, served, access, web_host, instance):
    execution_id = accept(web_host, instance)
    finish(web_host, execution_id)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/login?token={access.new_token()}")
    page.goto(f"{served}/executions/{execution_id}")
    page.get_by_text("Input", exact=True).click()
    assert "+15551234567" in page.inner_text("main")
    page.goto(f"{served}/customers")
    page.get_by_label("Name").fill("Beta")
    page.get_by_label("External id").fill("beta")
    page.get_by_role("button", name="Add customer").click()
    assert "The customer was added." in page.inner_text("main")
    context.close()


@pytest.mark.parametrize("look", LOOKS, ids=["wide-light", "narrow-dark"])
def test_the_password_is_asked_for_and_signs_in(chromium, served, web_host, look):
    web_host.credentials.set_password("correct horse battery")
    context = chromium.new_context(**look)
    page = context.new_page()
    page.goto(served)
    assert page.evaluate("document.activeElement.id") == "password"
    assert Axe().run(page).response["violations"] == []
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    page.get_by_text("That is not the password.").wait_for()
    assert Axe().run(page).response["violations"] == []
    assert fits(page)
    page.wait_for_timeout(300)  # a wrong one makes the next wait
    page.fill("#password", "correct horse battery")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    context.close()
