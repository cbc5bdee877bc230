from __future__ import annotations

import pytest
import requests
from twilio_connector.sandbox.server import Sandbox

from .conftest import messages_url
from .everything import FETCHED, ROOT, one_of_everything


def get(url: str, user: str, secret: str) -> requests.Response:
    return requests.get(url, auth=(user, secret), timeout=10)


def test_wrong_credentials_are_answered_as_twilio_does(twilio: Sandbox) -> None:
    answer = get(messages_url(twilio), twilio.account_sid, "wrong")
    assert answer.status_code == 401
    assert answer.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer abc", "Basic /w=="])
def test_a_malformed_authorization_is_no_crash(twilio: Sandbox, header: str) -> None:
    answer = requests.get(messages_url(twilio), headers={"Authorization": header}, timeout=10)
    assert answer.status_code == 401


def test_a_standard_key_cannot_read_the_account_but_the_token_can(twilio: Sandbox) -> None:
    url = f"{twilio.url}/api/2010-04-01/Accounts/{twilio.account_sid}.json"
    assert get(url, twilio.api_key, twilio.api_secret).json()["code"] == 20003
    assert get(url, twilio.account_sid, twilio.auth_token).json()["status"] == "active"
    assert get(messages_url(twilio), twilio.api_key, twilio.api_secret).status_code == 200


def test_a_restricted_key_may_do_only_what_it_allows(twilio: Sandbox) -> None:
    key = twilio.state.add_key(kind="restricted", allow=frozenset({"messages:create"}))
    answer = get(messages_url(twilio), key.sid, key.secret)
    assert (answer.status_code, answer.json()["code"]) == (403, 70051)
    form = {"To": twilio.handset, "From": twilio.number, "Body": "x"}
    sent = requests.post(messages_url(twilio), form, auth=(key.sid, key.secret), timeout=10)
    assert sent.status_code == 201


def test_another_account_is_out_of_reach(twilio: Sandbox) -> None:
    other = twilio.state.add_account("Other")
    assert get(messages_url(twilio), other.sid, other.auth_token).json()["code"] == 20003


def test_nothing_of_an_account_shows_to_another(twilio: Sandbox) -> None:
    api = one_of_everything(twilio)
    other = twilio.state.add_account("Other")
    everybodys = ("Balance.json", "AvailablePhoneNumbers/GB.json", "PhoneNumbers/{to}")
    for _, path in FETCHED:
        if path.endswith(everybodys) or path == f"{ROOT}.json":
            continue
        url = twilio.url + path.format(account=other.sid, **api.made)
        assert get(url, other.sid, other.auth_token).status_code == 404, url
        lists = url.removesuffix(".json").rpartition("/")[0] + (".json" if url.endswith(".json") else "")
        listed = get(lists, other.sid, other.auth_token)
        items = [item for value in listed.json().values() if isinstance(value, list) for item in value]
        assert items == [], lists


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/verify/v2/Services", "verify:read"),
        ("/monitor/v1/Alerts", "alerts:read"),
        ("/content/v1/Content", "content:read"),
        ("/messaging/v1/Services", "services:read"),
        ("/lookups/v2/PhoneNumbers/+14155550123", "lookups:read"),
    ],
)
def test_a_restricted_key_is_held_to_what_it_may_by_every_product(twilio: Sandbox, path: str, permission: str) -> None:
    able = twilio.state.add_key(kind="restricted", allow=frozenset({permission}))
    other = twilio.state.add_key(kind="restricted", allow=frozenset({"messages:read"}))
    assert get(twilio.url + path, able.sid, able.secret).status_code == 200
    refused = get(twilio.url + path, other.sid, other.secret)
    assert (refused.json()["code"], permission in refused.json()["message"]) == (70051, True)


def test_a_parent_reaches_its_subaccount_with_the_token_and_not_with_a_standard_key(twilio: Sandbox) -> None:
    sub = twilio.state.add_account("Sub", owner_sid=twilio.account_sid)
    url = messages_url(twilio).replace(twilio.account_sid, sub.sid)
    assert get(url, twilio.account_sid, twilio.auth_token).status_code == 200
    assert get(url, twilio.api_key, twilio.api_secret).status_code == 401


def test_unknown_paths_and_methods_have_twilios_codes(twilio: Sandbox) -> None:
    auth = (twilio.account_sid, twilio.auth_token)
    assert requests.get(f"{twilio.url}/lookups/v2/Nothing", auth=auth, timeout=10).status_code == 404
    assert requests.put(messages_url(twilio), auth=auth, timeout=10).json()["code"] == 20004


def test_without_an_extension_the_answer_is_xml(twilio: Sandbox) -> None:
    url = messages_url(twilio).removesuffix(".json")
    refused = get(url, "AC", "x")
    assert refused.headers["Content-Type"].startswith("application/xml")
    assert "<RestException><Code>20003</Code>" in refused.text
    assert "<TwilioResponse><Messages>" in get(url, twilio.account_sid, twilio.auth_token).text
