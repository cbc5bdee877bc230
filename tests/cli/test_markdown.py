import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # comes with the command: typer's rich reads Markdown with it
from twilio_connector.cli.markdown import anchor, block, code, comment, plain, table

READER = MarkdownIt("gfm-like", {"linkify": False})
WRITTEN = st.text(st.sampled_from("ab1 .-_*`|\\<>[]()~&;#!$+:/\n")) | st.text()
ADDRESS = "https://example.com/a_b*c"
DOLLAR = "<span>$</span>"
SHOWN = WRITTEN.map(lambda text: " ".join(text.split())).filter(str.isprintable)


def cells(markdown):
    """What a reader sees in a table's only row."""
    tokens = READER.parse(markdown)
    return ["".join(part.content for part in each.children) for each in tokens if each.type == "inline"]


@given(SHOWN)
def test_plain_text_in_a_table_is_shown_as_it_stands(text):
    shown = text.replace("$", DOLLAR)
    assert cells(table(("a", "b"), [(plain(text), "end")])) == ["a", "b", shown, "end"]


@given(SHOWN.filter(bool))
def test_plain_text_is_a_paragraph_whatever_it_begins_with(text):
    kinds = [token.type for token in READER.parse(plain(text))]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"]
    assert cells(plain(text)) == [text.replace("$", DOLLAR)]


@given(SHOWN)
def test_a_comment_is_text_but_for_its_links(text):
    assert cells(comment(f"See [it]({ADDRESS}). {text}")) == [f"See it. {text.replace('$', DOLLAR)}".rstrip()]
    assert f'<a href="{ADDRESS}">it</a>' in READER.render(comment(f"See [it]({ADDRESS}). {text}"))


@given(SHOWN.filter(bool))
def test_code_in_a_table_is_shown_as_it_stands(text):
    assert cells(table(("a", "b"), [(code(text), "end")])) == ["a", "b", text, "end"]


@given(st.text(st.sampled_from("a`~\n ")))
def test_a_block_ends_where_it_ends(text):
    fences = [token for token in READER.parse(f"{block('json', text)}\n\nafter") if token.type == "fence"]
    assert [token.content for token in fences] == [f"{text}\n"]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("Send SMS `sendSMS`", "send-sms-sendsms"), ("Look up: a number", "look-up-a-number"), ("a_b", "a_b")],
)
def test_an_anchor_is_githubs(heading, expected):
    assert anchor(heading) == expected
