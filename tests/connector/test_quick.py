"""JSON is read and written alike with orjson and without it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector import quick

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_reads_what_the_standard_library_reads(value):
    text = json.dumps(value).encode()
    assert repr(quick.loads(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", [b'"\\ud83d"', b"[NaN]", b'{"a": 1, "a": 2}'])
def test_what_orjson_cannot_read_is_read_all_the_same(text):
    assert repr(quick.loads(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"a": }'])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        quick.loads(text)


@given(VALUES)
def test_writes_ascii_or_leaves_it_to_the_standard_library(value):
    text = quick.dumps(value, str)
    assert text is None or (text.isascii() and json.loads(text) == value)


def test_reads_without_orjson(monkeypatch):
    monkeypatch.setattr(quick, "orjson", None)
    assert quick.loads(b'{"a": [1]}') == {"a": [1]}
    assert quick.dumps({}, str) is None
