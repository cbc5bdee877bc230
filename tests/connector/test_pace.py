"""Not faster than told, by a clock that is handed in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.pace import Pace


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)


@given(rate=st.floats(0.1, 100), idle=st.lists(st.floats(0, 30), min_size=2, max_size=20))
def test_two_turns_are_never_closer_than_the_rate_and_never_later_than_needed(rate, idle):
    clock, turns = Clock(), []
    pace = Pace(rate, clock, clock.sleep)
    for seconds in idle:
        clock.sleep(seconds)
        came = clock.now
        pace.keep()
        earliest = turns[-1] + timedelta(seconds=1 / rate) if turns else came
        assert abs(clock.now - max(came, earliest)) < timedelta(milliseconds=1)
        turns.append(clock.now)


def test_without_a_rate_nobody_waits():
    clock = Clock()
    Pace(None, clock, clock.sleep).keep()
    assert clock.now == Clock().now
