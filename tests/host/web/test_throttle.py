"""Guessing is slow, whatever whoever guesses does; whoever knows is not held up for long."""

import pytest
from twilio_connector.host.web.throttle import ADDRESSES, BURST, KNOWN, LONGEST, Throttle


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def throttle(clock):
    return Throttle(clock)


def test_an_address_waits_twice_as_long_after_each_wrong_attempt(throttle, clock):
    waits = []
    for _ in range(10):
        assert throttle.take("192.0.2.1") == 0
        waits.append(throttle.take("192.0.2.1"))
        clock.now += waits[-1]
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 16, LONGEST, LONGEST, LONGEST]


def test_many_attempts_at_once_are_one(throttle):
    assert [throttle.take("192.0.2.1") == 0 for _ in range(50)].count(True) == 1


def test_another_address_is_not_held_up(throttle):
    throttle.take("192.0.2.1")
    assert throttle.take("192.0.2.2") == 0


def test_being_right_ends_the_waiting(throttle):
    throttle.take("192.0.2.1")
    throttle.right("192.0.2.1")
    assert throttle.take("192.0.2.1") == 0


def test_addresses_of_one_ipv6_network_are_one(throttle):
    throttle.take("2001:db8::1")
    assert throttle.take("2001:db8::ffff:1") > 0
    assert throttle.take("2001:db8:0:1::1") == 0


def test_many_addresses_together_guess_no_faster_than_one_a_second(throttle, clock):
    """An attack from more addresses than are remembered: what gets through in an hour is bounded, and so is memory."""
    tried = 0
    for number in range(36_000):
        tried += throttle.take(f"10.{number // 62500}.{number // 250 % 250}.{number % 250}") == 0
        clock.now += 0.1
    assert tried <= BURST + 3600 + 1
    assert len(throttle._tries) <= ADDRESSES


def test_an_attack_does_not_keep_out_who_was_in_before(throttle):
    throttle.take("192.0.2.1")
    throttle.right("192.0.2.1")
    while throttle.take(f"10.0.0.{int(throttle._left)}") == 0:
        pass
    assert throttle.take("10.9.9.9") > 0
    assert throttle.take("192.0.2.1") == 0
    for number in range(KNOWN + 5):
        throttle.right(f"10.1.0.{number}")
    assert len(throttle._known) == KNOWN


def test_after_a_while_an_address_begins_anew(throttle, clock):
    for _ in range(8):
        throttle.take("192.0.2.1")
        clock.now += LONGEST
    clock.now += 1000
    throttle.take("192.0.2.1")
    assert throttle.take("192.0.2.1") == 0.25


@pytest.mark.parametrize("address", ["", "testclient", "x" * 10_000, "fe80::1%eth0"])
def test_any_address_is_one(throttle, address):
    assert throttle.take(address) == 0
