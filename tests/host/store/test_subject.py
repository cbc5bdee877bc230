"""What lists and searches know of an execution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.store import subject

TWILIO = {
    "AccountSid": "AC1",
    "ApiVersion": "2010-04-01",
    "Body": "Hello\n  there",
    "From": "+15551234567",
    "MessageSid": "SM1",
    "To": "+15557654321",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["From", "body", "smsSid", "x"]), inner)
    ),
)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (TWILIO, "+15551234567 → +15557654321: Hello there"),
        ({"document": {"from": "+1", "body": "Hi"}, "Body": "raw"}, "+1: Hi"),
        ("plain text", "plain text"),
        ({"n": 1}, ""),
        (None, ""),
        ({"Body": "x" * 500}, "x" * 159 + "…"),
    ],
)
def test_a_line_says_what_the_event_says(data, line):
    assert subject.subject(data) == line


def test_whose_account_it_is_tells_no_execution_from_another():
    assert "ac1" not in subject.terms(TWILIO)
    assert {"15551234567", "5551234567", "1234567", "sm1", "hello", "there"} <= set(subject.terms(TWILIO))


@given(JSON)
def test_whatever_is_sent_gives_a_line_and_few_terms(data):
    line, terms = subject.subject(data), subject.terms(data)
    assert len(line) <= subject.LONGEST
    assert "\n" not in line
    assert len(terms) <= subject.MAX_TERMS
    assert all(0 < len(term) <= subject.MAX_TERM for term in terms)
    (line + "".join(terms)).encode()


@given(st.text())
def test_what_is_asked_for_is_among_what_is_kept(text):
    kept = subject.terms({"From": text})
    assert len(kept) == subject.MAX_TERMS or set(subject.asked(text)) <= set(kept)
