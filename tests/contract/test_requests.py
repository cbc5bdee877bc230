"""Whatever a unit of the component sends is an operation of Twilio's, said as Twilio's OpenAPI documents have it."""

import base64
from urllib.parse import urlsplit

import pytest
from pydantic.alias_generators import to_camel
from twilio_connector.connector.component import Action, load

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
KEY, SECRET = "SK" + "b" * 32, "secret-of-the-key"
CONNECTION = {"key": "apiKeySecret", "fields": {"accountSid": ACCOUNT, "apiKey": KEY, "apiSecret": SECRET}}
COMPONENT = load("twilio_connector")

# Inputs that exclude each other, or that stand for no request: what a case says instead of an input's own example.
# One action may have several cases; None leaves an input out.
CASES: dict[str, dict[str, dict[str, str | None]]] = {}


def forms():
    """The inputs of each action and data source in the manifest, by its key."""
    manifest = COMPONENT.manifest()
    return {key: said["inputs"] for group in ("actions", "dataSources") for key, said in manifest[group].items()}


FORMS = forms()
UNITS = {**COMPONENT.actions, **COMPONENT.data_sources}
PURE = {key for key, unit in UNITS.items() if isinstance(unit, Action) and unit.pure}


def full(key):
    """Every input with its example."""
    return {each["key"]: each["example"] for each in FORMS[key] if "example" in each}


def minimal(key):
    """The required inputs only."""
    return {each["key"]: each.get("example") for each in FORMS[key] if each["required"] and "default" not in each}


def cases():
    for key in UNITS:
        said = CASES.get(key, {"all": {}})
        yield from (pytest.param(key, full(key) | changed, id=f"{key}-{name}") for name, changed in said.items())
        if not any(name.startswith("minimal") for name in said):
            yield pytest.param(key, minimal(key), id=f"{key}-minimal")


def connected(key):
    return dict.fromkeys(UNITS[key].connection_inputs, CONNECTION)


def perform(key, values, context):
    """Run it to the end, as a host does; its data."""
    found = UNITS[key].perform(context, {k: v for k, v in values.items() if v is not None} | connected(key))
    return getattr(found, "data", found)


@pytest.mark.parametrize(("key", "values"), cases())
def test_what_is_sent_is_as_twilios_contract_has_it(recorder, contract, context, key, values):
    perform(key, values, context)
    to_twilio = [request for request in recorder.requests if is_twilio(request)]
    assert [problem for request in to_twilio for problem in contract.problems(request)] == []
    assert bool(recorder.requests) is not (key in PURE)


@pytest.mark.parametrize(("key", "values"), cases())
def test_credentials_go_to_twilio_and_nowhere_else(recorder, context, key, values):
    perform(key, values, context)
    expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    for request in recorder.requests:
        assert request.headers.get("Authorization") == (expected if is_twilio(request) else None)
        assert request.url.startswith("https://")
        assert is_twilio(request) or not ({ACCOUNT, KEY, SECRET} & set(map(str, request.headers.values())))


def is_twilio(request):
    return (urlsplit(request.url).hostname or "").endswith(".twilio.com")
