"""The pages for setting up, in a real browser: each wide and light, then narrow and dark, with axe; and by keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import DEFINITION, FIELDS, LOOKS, fits
from .test_wizard import KINDS, zipped

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("view", LOOKS[:1], indirect=True, ids=[""])]


def sound(page):
    """It fits, and axe has nothing to say, in either look."""
    for look in reversed(LOOKS):  # as it began, in the end
        page.emulate_media(color_scheme=look["color_scheme"])
        page.set_viewport_size(look["viewport"])
        assert fits(page), page.url
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert found == [], [(item["id"], [node["html"] for node in item["nodes"]]) for item in found]


@pytest.fixture
def customer(web_host):
    return web_host.store.customers.ensure("acme", "Acme Inc.")


def test_the_catalogue_is_searched_and_read(view, served):
    view.goto(f"{served}/components")
    sound(view)
    view.get_by_role("searchbox").fill("send sms")
    view.keyboard.press("Enter")
    view.get_by_role("status").wait_for()
    sound(view)
    view.get_by_role("link", name="Send SMS", exact=True).click()
    view.get_by_role("heading", name="What it gives").wait_for()
    view.get_by_text("All inputs, as").click()
    sound(view)
    view.get_by_role("link", name="Twilio", exact=True).click()
    view.get_by_role("heading", name="Connections").wait_for()
    sound(view)
    view.goto(f"{served}/components/twilio/triggers/inboundMessage")
    sound(view)


def test_an_action_is_tried_with_every_form_type(view, served, connection, web_host):
    web_host.connections.add(name="Other", component="acme", key="token", fields=FIELDS)
    view.goto(f"{served}/components/acme/actions/look")
    view.get_by_label("Connection").select_option(label="Main account")
    view.locator("select#number").wait_for()  # the choices came with the connection, without a click
    view.get_by_label("Number").select_option(label="Night")
    view.get_by_label("Deep").check()
    view.get_by_label("How").select_option("slow")
    view.get_by_label("PIN").fill("pin-of-the-account")
    view.get_by_label("Tags").fill("a\nb")
    view.get_by_label("Labels, name 1").fill("x")
    view.get_by_label("Labels, value 1").fill("1")
    view.get_by_label("Script").fill("one")
    view.get_by_label("When").fill("[")
    view.get_by_text("Advanced", exact=True).click()
    view.get_by_label("Note").fill("text")
    sound(view)
    view.get_by_role("button", name="Run").click()
    view.get_by_role("alert").get_by_role("link", name="When").click()
    assert view.evaluate("document.activeElement.id") == "when"
    view.get_by_label("When").fill("[1]")
    view.get_by_role("button", name="Run").click()
    view.get_by_role("heading", name="Done").wait_for()
    assert view.evaluate("document.activeElement.id") == "outcome"
    assert '"number": "+15550002222"' in view.get_by_label("Result").inner_text()
    assert "pin-of-the-account" not in view.content()
    sound(view)


def test_a_double_click_and_a_reload_send_once(view, served, connection, web_host):
    sent = web_host.registry["acme"].actions["send"].target.__globals__["SENT"]
    sent.clear()
    view.goto(f"{served}/components/acme/actions/send")
    view.get_by_label("To").fill("+15551234567")
    view.get_by_role("button", name="Send this for real").click()
    view.get_by_role("alert").get_by_text("Tick this first").wait_for()
    view.get_by_label("Do this for real").check()
    view.get_by_role("button", name="Send this for real").dblclick()
    view.get_by_role("heading", name="Done").wait_for()
    view.reload()
    view.get_by_role("heading", name="Done").wait_for()
    assert sent == ["+15551234567"]


def test_an_error_is_shown_with_what_to_do(view, served, connection):
    view.goto(f"{served}/components/acme/actions/look")
    view.get_by_role("button", name="Load choices").click()
    view.get_by_role("button", name="Type the values").click()
    view.get_by_label("Number").fill("Refused")
    view.get_by_role("button", name="Run").click()
    view.get_by_role("heading", name="The service refused it").wait_for()
    assert "21211" in view.get_by_role("alert").inner_text()
    sound(view)


@pytest.mark.usefixtures("customer", "connection")
def test_every_kind_of_variable_is_configured(view, served, web_host, tmp_path):
    view.goto(f"{served}/instances/new")
    sound(view)
    (tmp_path / "kinds.yaml").write_text(KINDS)
    view.get_by_label("Upload an integration").set_input_files(tmp_path / "kinds.yaml")
    view.get_by_label("Customer", exact=True).select_option(label="Acme Inc.")
    view.get_by_role("button", name="Continue").click()
    view.get_by_role("heading", name="Account").wait_for()
    sound(view)
    view.get_by_role("button", name="Next").click()
    view.get_by_label("Number").select_option(label="Night")
    sound(view)
    view.get_by_role("button", name="Next").click()
    view.get_by_label("Size").select_option("large")
    view.get_by_label("Loud").check()
    view.get_by_label("Tries").fill("three")
    view.get_by_label("Day").fill("2026-03-15")
    view.get_by_label("Moment").fill("2026-03-15T14:32:10")
    view.get_by_label("Script").fill('{"a": 1}')
    view.get_by_label("Times", exact=True).fill("0 9 * * *")
    view.get_by_label("time zone").select_option("Europe/Berlin")
    view.get_by_label("Tags").fill("a\nb")
    view.get_by_label("Labels, name 1").fill("x")
    view.get_by_label("Labels, value 1").fill("1")
    view.get_by_label("Fields").fill('{"fields": []}')
    view.get_by_role("button", name="Next").click()
    sound(view)
    view.get_by_label("Tries").fill("3")
    view.get_by_role("button", name="Next").click()
    view.get_by_role("heading", name="Check it once more").wait_for()
    sound(view)
    view.get_by_role("button", name="Change Loud").click()
    assert view.get_by_label("Moment").input_value() in {"2026-03-15T14:32:10", "2026-03-15T14:32:10.000"}
    view.get_by_role("button", name="Next").click()
    view.get_by_label("Name").fill("All of it")
    view.get_by_role("button", name="Deploy").last.click()
    view.get_by_text("Deployed.").wait_for()
    sound(view)
    (instance,) = web_host.store.instances.all()
    assert (instance.name, instance.config["Loud"], instance.config["Tries"]) == ("All of it", True, 3)


def test_a_zip_is_uploaded_and_an_instance_upgraded(view, served, web_host, instance, tmp_path):
    newer = DEFINITION.replace("{synchronous}", "true").replace(
        "configPages", "  - {key: Tries, dataType: number}\nconfigPages"
    )
    (tmp_path / "mine.zip").write_bytes(zipped(**{"mine/integration.yaml": newer}))
    view.goto(f"{served}/instances/new")
    view.get_by_label("Upload an integration").set_input_files(tmp_path / "mine.zip")
    view.locator("#customer").select_option(label="Acme Inc.")
    view.get_by_role("button", name="Continue").click()
    view.goto(f"{served}/integrations")
    sound(view)
    view.get_by_role("link", name="Auto reply").click()
    sound(view)
    view.get_by_role("link", name="Upgrade to version 2").click()
    view.get_by_role("button", name="Next").click()
    view.get_by_label("Tries").fill("5")
    view.get_by_role("button", name="Next").click()
    view.get_by_role("heading", name="What changes").wait_for()
    sound(view)
    view.get_by_role("button", name="Upgrade to version 2").last.click()
    view.get_by_text("Upgraded.").wait_for()
    assert web_host.store.instances.get(instance.id).version == 2


def test_a_connection_is_rotated(view, served, connection, instance):
    view.goto(f"{served}/connections/{connection.id}")
    view.get_by_label("Auth token").fill("wrong-secret")
    view.get_by_role("button", name="Test and save").click()
    view.get_by_role("alert").wait_for()
    sound(view)
    view.get_by_label("Auth token").fill("another-5ecret-77c1")
    view.get_by_role("button", name="Test and save").click()
    view.get_by_role("heading", name="It works").wait_for()
    sound(view)


def test_the_other_pages_for_setting_up_are_sound(view, served, instance, connection):
    for path in ("/connections", "/connections/new", "/connections/new?type=twilio.basic", "/customers", "/instances"):
        view.goto(served + path)
        sound(view)
    view.goto(f"{served}/instances/{instance.id}")
    view.get_by_text("API keys").click()
    view.get_by_role("button", name="New API key").click()
    view.get_by_text("shown this once").wait_for()
    # the page answers a form, whose address is no page: what is kept up to date comes from the instance's own
    assert view.evaluate("refresh(document.querySelector('[data-live]')).then(Boolean)")
    sound(view)


def tab_to(page, name):
    """Press Tab until what has that name has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "() => { const it = document.activeElement; return (it.labels?.[0] ?? it).textContent.trim() }"
        )
        if label.startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached by keyboard on {page.url}")


@pytest.mark.usefixtures("customer", "connection")
def test_an_integration_is_deployed_by_keyboard_alone(view, served, web_host, tmp_path):
    (tmp_path / "integration.yaml").write_text(DEFINITION.replace("{synchronous}", "false"))
    keys = view.keyboard
    view.goto(f"{served}/instances/new")
    tab_to(view, "A file on this machine")
    keys.type(str(tmp_path / "integration.yaml"))
    tab_to(view, "Customer")
    keys.press("ArrowDown")
    tab_to(view, "Continue")
    keys.press("Enter")
    view.get_by_role("heading", name="Configuration").wait_for()
    tab_to(view, "Greeting")
    keys.press("Control+A")
    keys.type("Good day")
    keys.press("Enter")  # the first button: Next
    view.get_by_role("heading", name="Check it once more").wait_for()
    tab_to(view, "Name")
    keys.press("Control+A")
    keys.type("By keyboard")
    keys.press("Enter")
    view.get_by_text("Deployed.").wait_for()
    (instance,) = web_host.store.instances.all()
    assert (instance.name, instance.config) == ("By keyboard", {"Greeting": "Good day"})
