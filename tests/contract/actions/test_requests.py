"""Whatever a unit of the component sends is an operation of Twilio's, said as Twilio's OpenAPI documents have it."""

import base64
import json
from urllib.parse import urlsplit

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.payload import WebhookRequest

COMPONENT = load("twilio_connector")
FREE = "rawRequest"  # sends what its user says
ANYTHING = "additionalParameters"


def is_twilio(request):
    return (urlsplit(request.url).hostname or "").endswith(".twilio.com")


def check(recorder):
    """Hold all that was asked of Twilio against the contract."""
    sent = [request for request in recorder.requests if is_twilio(request)]
    assert [problem for request in sent for problem in recorder.contract.problems(request)] == []


def test_what_is_sent_is_as_twilios_contract_has_it(recorder, context, units, key, given):
    units.perform(key, given, context)
    check(recorder)
    assert bool(recorder.requests) is not units.is_pure(key)


def test_every_choice_of_a_form_is_one_that_twilio_knows(recorder, context, units, key, said):
    cases = list(units.cases(key).values())
    given = next((given for given in cases if said["key"] in given), cases[0])
    for choice in said.get("model", ()) if key != FREE else ():
        units.perform(key, given | {said["key"]: choice["value"]}, context)
    check(recorder)


def test_credentials_go_to_twilio_and_nowhere_else(recorder, context, units, key, given):
    units.perform(key, given, context)
    fields = units.connected(key, {}).popitem()[1]["fields"]
    basic = "Basic " + base64.b64encode(f"{fields['apiKey']}:{fields['apiSecret']}".encode()).decode()
    for request in recorder.requests:
        assert request.url.startswith("https://")
        assert request.headers.get("Authorization") == (basic if is_twilio(request) else None)
        assert fields["apiSecret"] not in f"{request.url} {request.body}"


def test_every_input_is_held_against_the_contract_in_some_case(units, key):
    inputs = {said["key"] for said in units.forms[key] if said["type"] != "connection"}
    given = {name for values in units.cases(key).values() for name in values}
    assert key == FREE or inputs - given <= {"dryRun", ANYTHING}


def test_additional_parameters_are_sent_by_twilios_names_as_they_are(recorder, context, units, key):
    if ANYTHING in {said["key"] for said in units.forms[key]}:
        given = next(iter(units.cases(key).values()))
        units.perform(key, given | {ANYTHING: json.dumps([{"key": "BrandNew", "value": "a b"}])}, context)
        assert ("BrandNew", "a b") in recorder.sent("POST")


@pytest.mark.parametrize("kind", COMPONENT.connections)
def test_the_test_of_a_connection_asks_what_every_key_may_read(recorder, context, kind):
    connection = COMPONENT.connections[kind]
    connection.test(
        {said["key"]: said.get("example", "the-secret") for said in connection.inputs if said["required"]}, context
    )
    assert recorder.requests
    check(recorder)


@pytest.mark.parametrize(
    "trigger", [each for each in COMPONENT.triggers.values() if each.is_polling], ids=lambda t: t.key
)
def test_what_a_poll_asks_is_as_twilios_contract_has_it(recorder, context, units, trigger):
    inputs = units.manifest["triggers"][trigger.key]["inputs"]
    given = {said["key"]: said["example"] for said in inputs if "example" in said}
    connection = units.connected("sendSMS", {})["twilioConnection"]
    values = given | dict.fromkeys(trigger.connection_inputs, connection)
    trigger.receive(context, WebhookRequest(url="", headers=(), body=b""), values)
    assert recorder.requests
    check(recorder)
