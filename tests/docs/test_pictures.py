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
    if os.environ.get("UPDATE_PICTURES") == "1":
        (DOCS / "host.png").write_bytes(picture)
    assert (DOCS / "host.png").stat().st_size < 300_000
