"""A page of another site, or a name rebound to this machine, can do nothing here."""

from __future__ import annotations

import pytest
import requests
from twilio_connector.sandbox.server import Sandbox


@pytest.mark.parametrize("path", ["/", "/_sandbox/state", "/api/2010-04-01/Accounts.json"])
def test_a_strange_host_is_refused(twilio: Sandbox, path: str) -> None:
    answer = requests.get(twilio.url + path, headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 403
    assert "evil.example" in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "x"}],
)
def test_another_site_changes_nothing(twilio: Sandbox, headers: dict[str, str]) -> None:
    answer = requests.delete(f"{twilio.url}/_sandbox/state", headers=headers, timeout=10)
    assert answer.status_code == 403


def test_the_same_origin_may(twilio: Sandbox) -> None:
    headers = {"Origin": twilio.url, "Sec-Fetch-Site": "same-origin"}
    assert requests.delete(f"{twilio.url}/_sandbox/state", headers=headers, timeout=10).status_code == 200


def test_a_body_that_is_too_long_is_refused(twilio: Sandbox) -> None:
    answer = requests.post(f"{twilio.url}/_sandbox/faults", data=b"x" * 1_048_577, timeout=10)
    assert answer.status_code == 413
