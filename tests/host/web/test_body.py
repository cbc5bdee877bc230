import asyncio

import pytest
from twilio_connector.host.web.body import BodyRefused, Disconnected, read_body


def read(*parts, length=None, limit=10, seconds=5.0, then=None):
    """Read a body that arrives in these parts; ``then`` says what the caller does after them."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if then is None:
        messages[-1]["more_body"] = False
    taken = []

    async def receive():
        if not messages:
            if then == "waits":
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        taken.append(messages.pop(0))
        return taken[-1]

    headers = [] if length is None else [(b"content-length", length)]
    return asyncio.run(read_body({"headers": headers}, receive, limit=limit, seconds=seconds)), taken


def test_a_body_within_the_limit_is_read_whole():
    assert read(b"hello", b"", b"world")[0] == b"helloworld"
    assert read(b"0123456789")[0] == b"0123456789"
    assert read(b"")[0] == b""


def test_an_announced_length_is_refused_before_a_byte_is_read():
    for length in (b"11", b"9" * 5000):
        with pytest.raises(BodyRefused) as refused:
            read(b"x", length=length)
        assert refused.value.status == 413


def test_a_length_that_is_no_number_is_refused():
    with pytest.raises(BodyRefused) as refused:
        read(b"x", length=b"-1")
    assert refused.value.status == 400


def test_an_unannounced_body_is_read_no_further_than_the_limit():
    asked = 0

    async def endless():
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"1234", "more_body": True}

    with pytest.raises(BodyRefused) as refused:
        asyncio.run(read_body({"headers": []}, endless, limit=10, seconds=5))
    assert refused.value.status == 413
    assert asked == 3


def test_a_single_part_over_the_limit_is_refused():
    with pytest.raises(BodyRefused):
        read(b"x" * 11)


def test_a_body_that_does_not_arrive_in_time_is_refused():
    with pytest.raises(BodyRefused) as refused:
        read(b"x", then="waits", seconds=0.01)
    assert refused.value.status == 408


def test_a_caller_that_hangs_up_is_not_answered():
    with pytest.raises(Disconnected):
        read(b"x", then="leaves")
