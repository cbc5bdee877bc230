"""Named secrets, the log and the tokens in a real browser: wide and narrow, light and dark, by keyboard, and without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from twilio_connector.host.secrets.named_secrets import reference
from twilio_connector.host.store.search import Filter
from twilio_connector.host.web.pages import log

from .conftest import SECRET, fits

pytestmark = pytest.mark.browser


def is_fit(view):
    """Nothing beside the screen, and nothing that axe objects to."""
    assert fits(view)
    assert Axe().run(view).response["violations"] == []


def test_a_connection_is_given_a_named_secret_and_a_value_of_its_own_again(view, served, web_host, connection):
    web_host.custody.set_secret("acme-token", "5ecret-of-the-vault")
    view.goto(f"{served}/connections/{connection.id}")
    is_fit(view)
    named = view.get_by_label("or a named secret as Auth token")
    named.select_option("acme-token")
    view.get_by_role("button", name="Test and save").click()
    view.get_by_text("Saved.").wait_for()
    assert named.input_value() == "acme-token"
    assert web_host.connections.fields(web_host.store.connections.get(connection.id))["secret"] == reference(
        "acme-token"
    )
    is_fit(view)
    view.get_by_label("Auth token", exact=True).fill("a-value-of-its-own")
    view.get_by_label("or a named secret as Second token").select_option("acme-token")
    view.locator("#second").fill("both")
    view.get_by_role("button", name="Save", exact=True).click()
    view.get_by_text("Enter a value or choose a named secret, not both").first.wait_for()
    is_fit(view)


def test_a_token_is_made_with_the_keyboard_copied_and_revoked(view, served, web_host):
    view.goto(f"{served}/")
    view.get_by_role("link", name="Admin").click()
    view.get_by_role("link", name="API tokens").click()
    is_fit(view)
    view.get_by_role("button", name="Make token").click()
    view.get_by_role("alert").get_by_text("1 field needs attention").wait_for()
    is_fit(view)
    view.get_by_label("Name").focus()
    view.keyboard.type("billing")
    view.keyboard.press("Enter")
    shown = view.get_by_label("token billing", exact=True)
    shown.wait_for()
    view.wait_for_function("document.activeElement.matches('.notice')")
    assert view.evaluate("document.activeElement.textContent").startswith("The token billing, shown this once.")
    assert web_host.store.tokens.check(shown.input_value()).name == "billing"
    is_fit(view)
    assert not view.get_by_role("button", name="Revoke for good billing").is_visible()
    view.get_by_text("Revoke billing").click()
    is_fit(view)
    view.get_by_role("button", name="Revoke for good billing").click()
    view.get_by_text("The token was revoked.").wait_for()
    assert web_host.store.tokens.all() == []
    is_fit(view)


def test_who_changed_a_connection_is_found_from_its_page(view, served, web_host, connection, monkeypatch):
    monkeypatch.setattr(log, "PAGE", 5)
    for number in range(6):
        web_host.customers.put(f"c{number}", f"Customer {number} with a long name that goes on and on")
    web_host.changes.note("key.add", "a" * 200, SECRET)
    view.goto(f"{served}/connections/{connection.id}")
    view.get_by_role("link", name="Who changed it").click()
    view.get_by_role("cell", name="connection.add").wait_for()
    is_fit(view)
    view.get_by_role("link", name="Show all").click()
    view.get_by_role("link", name="Older").wait_for()
    is_fit(view)
    view.get_by_label("What", exact=True).select_option("customer")
    view.get_by_label("Who", exact=True).fill("nobody")
    view.get_by_label("Who", exact=True).press("Enter")
    view.get_by_text("There is none here.").wait_for()
    is_fit(view)


def test_a_replay_of_failed_ones_is_stopped_on_the_list(view, served, web_host):
    web_host.executions.replay_failed(Filter())
    view.goto(f"{served}/executions?by=schedule")
    is_fit(view)
    view.get_by_role("button", name="Stop replaying").click()
    view.get_by_text("No more failed executions are replayed.").wait_for()
    assert web_host.replays.jobs()[0].ended_at
    is_fit(view)


def test_all_of_it_works_without_script(chromium, served, access, web_host, connection):
    web_host.custody.set_secret("acme-token", "5ecret-of-the-vault")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/login?token={access.new_token()}")
    page.goto(f"{served}/connections/{connection.id}")
    page.get_by_label("or a named secret as Auth token").select_option("acme-token")
    page.get_by_role("button", name="Save", exact=True).click()
    assert "It uses the secret acme-token" in page.inner_text("main")
    page.goto(f"{served}/tokens")
    page.get_by_label("Name").fill("billing")
    page.get_by_role("button", name="Make token").click()
    assert page.get_by_label("token billing", exact=True).input_value().startswith("tc_")
    page.goto(f"{served}/log?what=token")
    assert "token.create" in page.inner_text("main")
    web_host.executions.replay_failed(Filter())
    page.goto(f"{served}/executions")
    page.get_by_role("button", name="Stop replaying").click()
    assert "No more failed executions are replayed." in page.inner_text("main")
    context.close()
