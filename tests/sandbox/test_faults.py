"""Each fault, as a client sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from twilio_connector.sandbox.faults import Faults, parse
from twilio_connector.sandbox.server import Sandbox

Send = Callable[..., requests.Response]


def test_429_says_when_to_come_back_and_takes_nothing(twilio: Sandbox, send: Send) -> None:
    twilio.state.faults.add("status", status=429, retry_after=3, method="POST", path="*/Messages.json")
    answer = send()
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, 20429, "3")
    assert twilio.state.messages() == []
    assert send().status_code == 201


@pytest.mark.parametrize("status", [500, 502, 503])
def test_5xx_takes_nothing(twilio: Sandbox, send: Send, status: int) -> None:
    twilio.state.faults.add("status", status=status, times=2)
    assert [send().status_code, send().status_code, send().status_code] == [status, status, 201]
    assert len(twilio.state.messages()) == 1


def test_dropped_before_is_a_broken_connection_and_no_message(twilio: Sandbox, send: Send) -> None:
    twilio.state.faults.add("drop-before")
    with pytest.raises(requests.ConnectionError):
        send()
    assert twilio.state.messages() == []


def test_dropped_after_is_a_broken_connection_and_a_message(twilio: Sandbox, send: Send) -> None:
    twilio.state.faults.add("drop-after")
    with pytest.raises(requests.ConnectionError):
        send()
    assert len(twilio.state.messages()) == 1


def test_slow_outlasts_a_clients_patience_and_still_takes_the_message(twilio: Sandbox) -> None:
    twilio.state.faults.add("slow", seconds=0.3)
    url = f"{twilio.url}/api/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    form = {"To": twilio.handset, "From": twilio.number, "Body": "x"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, form, auth=(twilio.account_sid, twilio.auth_token), timeout=0.1)
    twilio.state.wait_for(twilio.state.messages)


def test_a_fault_meets_only_its_method_and_path(twilio: Sandbox, send: Send) -> None:
    twilio.state.faults.add("status", method="GET", path="*/Messages.json")
    assert send().status_code == 201
    assert len(twilio.state.faults.all()) == 1


def test_scripts_set_and_clear_faults(twilio: Sandbox, send: Send) -> None:
    url = f"{twilio.url}/_sandbox/faults"
    fault = {"kind": "status", "status": 503, "times": None}
    assert requests.post(url, json=fault, timeout=10).json()["hits"] == 0
    assert send().status_code == 503
    assert requests.get(url, timeout=10).json()[0]["hits"] == 1
    requests.delete(url, timeout=10).raise_for_status()
    assert send().status_code == 201


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ({"kind": "melt"}, "kind"),
        ({}, "kind"),
        ({"kind": "status", "status": 200}, "status"),
        ({"kind": "slow", "seconds": "long"}, "seconds"),
        ({"kind": "slow", "rate": 2}, "rate"),
        ({"kind": "slow", "times": 0}, "times"),
        ({"kind": "slow", "wait": 1}, "wait"),
    ],
)
def test_a_fault_that_cannot_be_names_its_key(twilio: Sandbox, fault: dict[str, object], key: str) -> None:
    answer = requests.post(f"{twilio.url}/_sandbox/faults", json=fault, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{key}:")


def test_a_rate_meets_about_its_share_and_repeats_with_the_seed() -> None:
    def hits() -> list[bool]:
        faults = Faults(seed=7)
        faults.insert(parse({"kind": "status", "rate": 0.25, "times": None}))
        return [faults.take("GET", "/x") is not None for _ in range(400)]

    assert hits() == hits()
    assert 60 < sum(hits()) < 140
