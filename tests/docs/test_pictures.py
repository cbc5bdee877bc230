"""The pictures in README and docs are of the running product; UPDATE_PICTURES=1 takes them anew."""

import os
from pathlib import Path

import pytest
from twilio_connector.cli import demo

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.browser
def test_the_picture_of_the_host_is_of_a_conversation(page):
    with demo.stage() as stage:
        narrator = demo.Narrator()
        stage.twilio.state.subscribe(narrator)
        execution = demo.converse(stage, narrator)
        shown = page(viewport={"width": 1200, "height": 820})
        shown.goto(stage.login)
        shown.goto(f"{stage.url}/executions/{execution}")
        assert "succeeded" in shown.inner_text("main")
        assert "Send Reply" in shown.inner_text("main")
        shown.get_by_text("Body", exact=True).first.click()  # folded, it leaves room for the steps
        shown.mouse.move(0, 0)
        picture = shown.screenshot()
    kept(picture, "host.png")


@pytest.mark.browser
def test_the_pictures_of_the_pages_are_of_a_text_that_was_sent_and_of_a_deployment(page):
    with demo.stage() as stage:
        shown = page(viewport={"width": 1200, "height": 940})
        shown.goto(stage.login)
        shown.goto(f"{stage.url}/components/twilio/actions/sendSMS")
        shown.get_by_label("To").fill("+15558675310")
        shown.get_by_label("From").fill(stage.twilio.number)
        shown.get_by_label("Message").fill("Your table is ready.")
        shown.get_by_label("Do this for real").check()
        shown.get_by_role("button", name="Send this for real").click()
        assert "Your table is ready." in shown.get_by_label("Result").inner_text()
        assert len(stage.twilio.state.messages()) == 1
        kept(shown.screenshot(), "try.png")
        shown.goto(f"{stage.url}/instances/new")
        shown.get_by_label("A file on this machine").fill(str(demo.EXAMPLE))
        shown.locator("#customer").select_option(label="Acme")
        shown.get_by_role("button", name="Continue").click()
        shown.get_by_role("button", name="Next").click()  # the account; the second page offers its numbers
        shown.get_by_label("Opening Hours").wait_for()
        shown.set_viewport_size({"width": 1200, "height": 720})
        shown.mouse.move(0, 0)
        kept(shown.screenshot(), "configure.png")


def kept(picture, name):
    """Small, and taken anew where that is asked for."""
    if os.environ.get("UPDATE_PICTURES") == "1":
        (DOCS / name).write_bytes(picture)
    assert (DOCS / name).stat().st_size < 300_000
