"""Whatever a unit of the component sends is an operation of Twilio's, said as Twilio's OpenAPI documents have it."""

import base64
import json
from urllib.parse import urlsplit

import pytest
from twilio_connector.connector.component import Action, load
from twilio_connector.connector.payload import WebhookRequest

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
KEY, SECRET = "SK" + "b" * 32, "secret-of-the-key"
CONNECTION = {"key": "apiKeySecret", "fields": {"accountSid": ACCOUNT, "apiKey": KEY, "apiSecret": SECRET}}
COMPONENT = load("twilio_connector")
MANIFEST = COMPONENT.manifest()
UNITS = {**COMPONENT.actions, **COMPONENT.data_sources}
FORMS = {key: said["inputs"] for group in ("actions", "dataSources") for key, said in MANIFEST[group].items()}
PURE = {key for key, unit in UNITS.items() if isinstance(unit, Action) and unit.pure}

# Every input has its example, but for what a case says. An action whose inputs exclude each other has several cases.
# None leaves an input out. ``minimal`` starts from the required inputs alone.
ALL = {"all": {}}
CASES = {
    "rawRequest": {"read": {"data": None}, "write": {"method": "POST"}, "minimal": {}},
}
ANYTHING = "additionalParameters"  # its example is no parameter of every operation: it has a test of its own
FREE = "rawRequest"  # sends what its user says
LOCAL = {"dryRun"}  # inputs that keep a request from being made


def values(key, name, changed):
    required = [each for each in FORMS[key] if each["required"] and not each.get("default")]
    taken = required if name.startswith("minimal") else FORMS[key]
    found = {each["key"]: example_of(each) for each in taken if each["key"] not in LOCAL | {ANYTHING}}
    return {name: value for name, value in (found | changed).items() if value is not None}


def example_of(said):
    """The example of an input; for a tick box what is not its default."""
    if said["type"] == "boolean":
        return str(said.get("default") != "true").lower()
    return said.get("example")


def cases_of(key):
    return {name: values(key, name, changed) for name, changed in ({"minimal": {}} | CASES.get(key, ALL)).items()}


CASE = pytest.mark.parametrize(
    ("key", "given"),
    [pytest.param(key, given, id=f"{key}-{name}") for key in UNITS for name, given in cases_of(key).items()],
)
CHOICE = pytest.mark.parametrize(
    ("key", "name", "choice"),
    [
        pytest.param(key, each["key"], choice["value"], id=f"{key}-{each['key']}-{choice['value']}")
        for key in sorted(UNITS.keys() - {FREE})
        for each in FORMS[key]
        for choice in each.get("model", ())
    ],
)


def perform(key, given, context):
    """Run it to the end, as a host does; its data."""
    unit = UNITS[key]
    found = unit.perform(context, dict.fromkeys(unit.connection_inputs, CONNECTION) | given)
    return found.data if isinstance(unit, Action) else found


def is_twilio(request):
    return (urlsplit(request.url).hostname or "").endswith(".twilio.com")


def check(recorder):
    """Hold all that was asked of Twilio against the contract."""
    sent = [request for request in recorder.requests if is_twilio(request)]
    assert [problem for request in sent for problem in recorder.contract.problems(request)] == []


@CASE
def test_what_is_sent_is_as_twilios_contract_has_it(recorder, context, key, given):
    perform(key, given, context)
    check(recorder)
    assert bool(recorder.requests) is not (key in PURE)


@CHOICE
def test_every_choice_of_a_form_is_one_that_twilio_knows(recorder, context, key, name, choice):
    cases = list(cases_of(key).values())
    given = next((given for given in cases if name in given), cases[0])
    perform(key, given | {name: choice}, context)
    check(recorder)


@CASE
def test_credentials_go_to_twilio_and_nowhere_else(recorder, context, key, given):
    perform(key, given, context)
    expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    for request in recorder.requests:
        assert request.url.startswith("https://")
        assert request.headers.get("Authorization") == (expected if is_twilio(request) else None)
        assert SECRET not in str(request.url) + str(request.body)


@pytest.mark.parametrize("key", sorted(UNITS.keys() - {FREE}))
def test_every_input_is_held_against_the_contract_in_some_case(key):
    given = {name for values in cases_of(key).values() for name in values}
    inputs = {each["key"] for each in FORMS[key] if each["type"] != "connection"}
    assert inputs - given - LOCAL - {ANYTHING} == set()


@pytest.mark.parametrize("key", [key for key in UNITS if ANYTHING in {each["key"] for each in FORMS[key]}])
def test_additional_parameters_are_sent_by_twilios_names_as_they_are(recorder, context, key):
    given = next(iter(cases_of(key).values()))
    perform(key, given | {ANYTHING: json.dumps([{"key": "BrandNew", "value": "a b"}])}, context)
    assert ("BrandNew", "a b") in recorder.sent("POST")


@pytest.mark.parametrize("kind", COMPONENT.connections)
def test_the_test_of_a_connection_asks_what_every_key_may_read(recorder, context, kind):
    fields = {"accountSid": ACCOUNT, "apiKey": KEY, "apiSecret": SECRET, "username": ACCOUNT, "password": SECRET}
    known = {each["key"] for each in COMPONENT.connections[kind].inputs}
    COMPONENT.connections[kind].test({name: value for name, value in fields.items() if name in known}, context)
    assert recorder.requests
    check(recorder)


@pytest.mark.parametrize("key", [key for key, trigger in COMPONENT.triggers.items() if trigger.is_polling])
def test_what_a_poll_asks_is_as_twilios_contract_has_it(recorder, context, key):
    given = {each["key"]: each["example"] for each in MANIFEST["triggers"][key]["inputs"] if "example" in each}
    COMPONENT.triggers[key].receive(
        context, WebhookRequest(url="", headers=(), body=b""), given | {"connection": CONNECTION}
    )
    assert recorder.requests
    check(recorder)
