"""The filters by date: a day is a day in UTC; a moment is meant to the second."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.sandbox import dates
from twilio_connector.sandbox.errors import TwilioError

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_a_moment_meets_its_day_and_its_second_from_both_sides(moment: datetime) -> None:
    for text in (f"{moment:%Y-%m-%d}", f"{moment:%Y-%m-%dT%H:%M:%SZ}"):
        assert dates.on("D", text)(moment)
        assert dates.on_or_before("D<", text)(moment)
        assert dates.on_or_after("D>", text)(moment)


@given(MOMENTS, MOMENTS)
def test_before_and_after_say_the_same_of_two_moments(one: datetime, other: datetime) -> None:
    second, asked = one.replace(microsecond=0), other.replace(microsecond=0)
    assert dates.on_or_before("D<", asked.isoformat())(one) == (second <= asked)
    assert dates.on_or_after("D>", asked.isoformat())(one) == (second >= asked)
    assert dates.on("D", asked.isoformat())(one) == (one.date() == other.date())


def test_what_never_happened_meets_nothing() -> None:
    for test in (dates.on, dates.on_or_before, dates.on_or_after):
        assert not test("D", "2026-01-31")(None)


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "2026-01-31T"])
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(TwilioError, match="StartTime"):
        dates.on_or_before("StartTime", text)
