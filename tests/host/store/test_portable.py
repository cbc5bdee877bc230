"""What is stored comes back as it went in, and what cannot is refused by name."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.store.portable import NotPortable, dumps, loads

keys = st.text(max_size=5) | st.sampled_from(["$bytes", "$$bytes", "bytes"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=8,
)


@given(values)
def test_plain_data_and_bytes_survive(value):
    assert loads(dumps(value)) == value


@given(values)
def test_the_text_is_ascii(value):
    assert dumps(value).isascii()


def test_the_second_trip_changes_nothing():
    value = {"when": datetime(2026, 11, 21, 9, 47, 6, 123456, UTC), "pair": (1, 2), "nan": float("nan")}
    once = loads(dumps(value))
    assert loads(dumps(once)) == once == {"when": "2026-11-21T09:47:06.123Z", "pair": [1, 2], "nan": None}


def test_dates_decimals_and_dataclasses_have_a_form():
    assert loads(dumps([date(2026, 1, 2), Decimal("1.50")])) == ["2026-01-02", "1.50"]
    assert loads(dumps(ActionResult(data={1: b"x"})))["data"] == {"1": b"x"}


def test_a_lone_surrogate_survives():
    assert loads(dumps("\ud800")) == "\ud800"


@pytest.mark.parametrize(("value", "where"), [({"a": [object()]}, "a.0"), (lambda: 1, "the value")])
def test_what_has_no_form_is_named_by_place_and_type(value, where):
    with pytest.raises(NotPortable, match=where):
        dumps(value)


def test_a_secret_is_not_stored():
    with pytest.raises(NotPortable, match="token is a secret"):
        dumps({"token": SecretStr("s3cret")})
