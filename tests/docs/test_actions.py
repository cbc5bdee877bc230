"""The page of all actions is what the component declares now, and reads on GitHub as it is meant."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt  # comes with the command: typer's rich reads Markdown with it
from twilio_connector.cli.markdown import anchor
from twilio_connector.cli.reference import page
from twilio_connector.connector.component import load

PAGE = Path(__file__).parents[2] / "docs" / "actions.md"
COMPONENT = load("twilio_connector")
UNITS = [COMPONENT.actions, COMPONENT.triggers, COMPONENT.data_sources, COMPONENT.connections]


@pytest.fixture(scope="module")
def text():
    return page(COMPONENT)


@pytest.fixture(scope="module")
def tokens(text):
    return MarkdownIt("gfm-like", {"linkify": False}).parse(text)


def headings(tokens):
    follows = [(token, after) for token, after in pairwise(tokens) if token.type == "heading_open"]
    return [anchor("".join(part.content for part in after.children)) for _, after in follows]


def test_the_page_is_current(text):
    assert PAGE.read_text(encoding="utf-8") == text, "renew it: twilio-connector docs > docs/actions.md"


def test_every_unit_and_every_input_is_on_it(text):
    cells = set(re.findall(r"^\| `(\w+)`<br>", text, re.MULTILINE))
    for units in UNITS:
        for key, unit in units.items():
            assert f"`{key}`" in text
            assert {field.alias or name for name, field in unit.model.model_fields.items()} <= cells


def test_every_heading_has_an_anchor_of_its_own_and_every_link_leads_to_one(text, tokens):
    anchors = headings(tokens)
    assert len(set(anchors)) == len(anchors)
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= set(anchors)


def test_every_row_of_a_table_has_the_cells_of_its_head(tokens):
    tables, rows = 0, 0
    for token in tokens:
        tables += token.type == "table_open"
        rows += token.type == "tr_open"
        if token.type == "inline":
            assert "<" not in "".join(part.content for part in token.children if part.type == "text").replace(
                "<br>", ""
            )
    body = [line for line in page(COMPONENT).splitlines() if line.startswith("| ")]
    assert len(body) == rows + tables  # the line of dashes is no row: every other line that begins so is one
