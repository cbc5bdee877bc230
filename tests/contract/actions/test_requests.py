"""Whatever a unit of the component sends is an operation of Twilio's, said as Twilio's OpenAPI documents have it."""

import base64
import json
from urllib.parse import urlsplit

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.payload import WebhookRequest

COMPONENT = load("twilio_connector")
POLLS = [trigger for trigger in COMPONENT.triggers.values() if trigger.is_polling]
FREE = "rawRequest"  # sends what its user says
ANYTHING = "additionalParameters"


def is_twilio(request):
    return (urlsplit(request.url).hostname or "").endswith(".twilio.com")


def problems(contract, requests):
    return [problem for each in requests if is_twilio(each) for problem in contract.problems(each)]


def test_what_is_sent_is_as_twilios_contract_has_it(contract, units, done):
    assert problems(contract, done.requests) == []
    assert bool(done.requests) is not units.is_pure(done.key)


def test_credentials_go_to_twilio_and_nowhere_else(units, done):
    basic = "Basic " + base64.b64encode(f"{units.fields['apiKey']}:{units.fields['apiSecret']}".encode()).decode()
    for request in done.requests:
        assert request.url.startswith("https://")
        assert request.headers.get("Authorization") == (basic if is_twilio(request) else None)
        assert units.fields["apiSecret"] not in f"{request.url} {request.body}"


def test_every_choice_of_a_form_is_one_that_twilio_knows(recorder, contract, context, units, choosing):
    key, name, choices = choosing
    for choice in choices:
        units.perform(key, units.case_with(key, name, choice) | {name: choice}, context)
    assert problems(contract, recorder.requests) == []


def test_every_input_is_held_against_the_contract_in_some_case(units, key):
    inputs = {said["key"] for said in units.forms[key] if said["type"] != "connection"}
    given = {name for values in units.cases(key).values() for name in values}
    assert key == FREE or inputs - given <= {"dryRun", ANYTHING}


def test_additional_parameters_are_sent_by_twilios_names_as_they_are(recorder, context, units, action):
    if ANYTHING in {said["key"] for said in units.forms[action]}:
        more = json.dumps([{"key": "BrandNew", "value": "a b"}])
        units.perform(action, next(iter(units.cases(action).values())) | {ANYTHING: more}, context)
        assert ("BrandNew", "a b") in recorder.sent("POST")


@pytest.mark.parametrize("connection", COMPONENT.connections.values(), ids=lambda unit: unit.key)
def test_the_test_of_a_connection_asks_what_every_key_may_read(recorder, contract, context, connection):
    needed = [said for said in connection.inputs if said["required"]]
    connection.test({said["key"]: said.get("example", "the-secret") for said in needed}, context)
    assert recorder.requests
    assert problems(contract, recorder.requests) == []


@pytest.mark.parametrize("trigger", POLLS, ids=lambda unit: unit.key)
def test_what_a_poll_asks_is_as_twilios_contract_has_it(recorder, contract, context, units, trigger):
    inputs = units.manifest["triggers"][trigger.key]["inputs"]
    given = {said["key"]: said["example"] for said in inputs if "example" in said}
    connected = given | dict.fromkeys(trigger.connection_inputs, units.connection)
    trigger.receive(context, WebhookRequest(url="", headers=(), body=b""), connected)
    assert recorder.requests
    assert problems(contract, recorder.requests) == []
