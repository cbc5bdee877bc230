"""The check of requests itself: what is not as Twilio has it, it tells."""

import json
import re
from pathlib import Path

import pytest
import requests

ACCOUNT = "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
MESSAGES, MESSAGE = f"{ACCOUNT}/Messages.json", f"{ACCOUNT}/Messages/SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d.json"
TO = {"To": "+15551234567"}


def problems(contract, method, url, **said):
    return contract.problems(requests.Request(method, url, **said).prepare())


@pytest.mark.parametrize(
    ("method", "url", "said", "problem"),
    [
        (
            "POST",
            MESSAGES,
            {"data": TO | {"Body": "Hi", "MediaUrl": ["https://a.example/1", "https://a.example/2"]}},
            None,
        ),
        ("POST", MESSAGES, {"data": TO | {"SendAt": "2026-03-15T14:32:10Z", "ProvideFeedback": "true"}}, None),
        ("GET", MESSAGES, {"params": {"DateSent<": "2026-03-15T14:32:10Z", "PageSize": "1000"}}, None),
        ("GET", MESSAGE.removesuffix(".json") + "/Media/ME1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", {}, None),
        ("GET", f"{ACCOUNT}/Mesages.json", {}, "there is no such operation"),
        ("PUT", MESSAGES, {}, "there is no such operation"),
        ("GET", MESSAGES.replace("api.", "messaging."), {}, "there is no such operation"),
        ("GET", MESSAGE.replace("SM", "SM0"), {}, "path Sid='SM01a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d' does not match"),
        ("POST", MESSAGES, {"data": {"Body": "Hi"}}, "form To is required"),
        ("POST", MESSAGES, {"data": TO | {"Message": "Hi"}}, "form Message is no parameter of it"),
        ("POST", MESSAGES, {"data": TO, "params": {"Body": "Hi"}}, "query Body is no parameter of it"),
        ("POST", MESSAGES, {"data": TO | {"Body": ["Hi", "Ho"]}}, "form Body is said 2 times"),
        ("POST", MESSAGES, {"data": TO | {"MediaUrl": ["https://a.example"] * 11}}, "form MediaUrl is said 11 times"),
        ("POST", MESSAGES, {"data": TO | {"SmartEncoded": "True"}}, "form SmartEncoded='True' is no boolean"),
        ("POST", MESSAGES, {"data": TO | {"Body": "None"}}, "form Body='None' is how Python writes it"),
        ("POST", MESSAGES, {"data": TO | {"Attempt": "one"}}, "form Attempt='one' is no integer"),
        ("POST", MESSAGES, {"data": TO | {"SendAt": "2026-03-15"}}, "form SendAt='2026-03-15' is no date-time"),
        ("POST", MESSAGES, {"data": TO | {"StatusCallback": "/status"}}, "form StatusCallback='/status' is no uri"),
        ("POST", MESSAGES, {"data": TO | {"RiskCheck": "on"}}, "form RiskCheck='on' is none of enable, disable"),
        ("POST", MESSAGES, {"data": TO | {"ApplicationSid": ""}}, "form ApplicationSid='' does not match"),
        ("POST", MESSAGES, {"json": TO}, "its content type is 'application/json'"),
        ("DELETE", MESSAGE, {"data": TO}, "has a body"),
        ("GET", MESSAGES, {"params": {"PageSize": "1001"}}, "query PageSize='1001' is not from 1 to 1000"),
        ("GET", MESSAGES, {"params": {"DateSent<": ""}}, "query DateSent<='' is no date-time"),
    ],
)
def test_what_the_contract_does_not_have_is_told(contract, method, url, said, problem):
    found = problems(contract, method, url, **said)
    assert any(problem in each for each in found) if problem else found == []


def test_the_facts_are_small_and_say_where_they_are_from():
    path = Path(__file__).with_name("facts.json")
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 150_000
    assert "openapi" in facts["source"].lower()
    assert "MIT" in facts["licence"]


def test_every_kind_of_answer_can_be_exemplified(contract):
    for name in contract.answers:
        example = contract.example(name)
        assert all(re.fullmatch("[a-z0-9_]+", key) for key in example)
