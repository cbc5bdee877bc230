import base64
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_connector.host.web import markup

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.text = set(), ""

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)

    def handle_data(self, data):
        self.text += data


def tags(html):
    parser = Tags()
    parser.feed(str(html))
    return parser


@given(JSON)
@settings(max_examples=200)
def test_whatever_is_shown_adds_no_tag_of_its_own(value):
    found = tags(markup.pretty(value))
    assert found.names <= {"span", "details", "summary", "div"}
    assert str(markup.pretty(value)).encode()


def test_markup_in_a_value_is_text():
    assert "<script" not in markup.pretty({NASTY: [NASTY, NASTY * 20]})
    assert "<img" not in markup.pretty(NASTY.encode())


def test_bytes_and_buffers_are_short_and_can_be_opened():
    for value in (
        b"From=%2B1",
        {"type": "Buffer", "data": list(b"From=%2B1")},
        {"$bytes": base64.b64encode(b"From=%2B1").decode()},
    ):
        shown = tags(markup.pretty(value))
        assert "9 bytes" in shown.text
        assert "From=%2B1" in shown.text
        assert "details" in shown.names


def test_what_only_looks_like_a_buffer_is_shown_as_it_is():
    shown = tags(markup.pretty({"type": "Buffer", "data": [1, 300, "x"]})).text
    assert "300" in shown


def test_a_huge_value_is_cut_with_a_word_about_the_rest():
    shown = str(markup.pretty(list(range(100_000))))
    assert len(shown) < 300_000
    assert re.search(r"… [\d,]+ more", shown)


def test_deep_nesting_ends():
    value: object = "x"
    for _ in range(500):
        value = [value]
    assert "…" in markup.pretty(value)


def test_direction_overrides_and_lone_surrogates_are_made_visible():
    assert tags(markup.pretty("a\u202eb\ud800")).text.count("\\u") >= 2


def test_comments_may_link_to_web_addresses_only():
    assert markup.linked("see [the console](https://example.com/a?b=1&c)") == (
        'see <a href="https://example.com/a?b=1&amp;c" rel="noopener noreferrer external">the console</a>'
    )
    for text in ("[x](javascript:alert(1))", "[x](data:text/html,1)", '[x](https://a"onclick="b)', NASTY):
        assert "<a" not in markup.linked(text)
        assert "<script" not in markup.linked(text)
    assert "<b>" not in markup.linked("[<b>](https://example.com)")


def test_lengths_of_time_read_well():
    start = datetime(2026, 11, 21, tzinfo=UTC)
    told = [markup.seconds_between(start, start + timedelta(seconds=s)) for s in (0.0123, 3.44, 125)]
    assert told == ["12 ms", "3.4 s", "2 min 5 s"]
    assert markup.seconds_between(start, None) == "–"


def test_sentences_begin_large_and_end():
    assert [markup.sentence(text) for text in ("no account", "Ends.", "")] == ["No account.", "Ends.", ""]
    assert markup.sentence("mine.yaml:3: no flow") == "mine.yaml:3: no flow."
