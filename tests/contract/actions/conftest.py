"""Every action and data source of the manifest, with inputs to run it by; ``EACH`` says what a test may take."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from twilio_connector.connector.component import Action, Component, load
from twilio_connector.connector.context import ActionContext

FIELDS = {
    "accountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "apiKey": "SK" + "b" * 32,
    "apiSecret": "secret-of-the-key",
}
CONNECTION = {"key": "apiKeySecret", "fields": FIELDS}

APPLICATION = "AP1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
OUT = dict.fromkeys
NO_INSTRUCTIONS = OUT(("url", "method"))
NO_SMS = OUT(("smsUrl", "smsMethod", "smsFallbackUrl", "smsFallbackMethod"))
NO_VOICE = OUT(("voiceUrl", "voiceMethod", "voiceFallbackUrl", "voiceFallbackMethod"))
TO_FLOW = {"flow": {"statusCallback": None, "statusCallbackFlow": "Delivery Status"}}
SENDER = {"from": "+15557654321", "body": "Your table is ready."}
SIP = {"sipAuthPassword": "secret-of-ada", "callToken": "token"}
NUMBER = {
    "all": {},
    "application": NO_SMS | NO_VOICE | {"smsApplicationSid": APPLICATION, "voiceApplicationSid": APPLICATION},
    "trunk": NO_VOICE | {"trunkSid": "TK1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"},
}
OWN_DATES = {"startDate": None, "endDate": None}

# Every input has its example, but for what a case says; None leaves an input out. An action whose inputs exclude each other
# has several cases. ``minimal`` starts from the required inputs alone, and ``input=choice`` is the case for a choice.
Case = Mapping[str, str | None]
ALL: Mapping[str, Case] = {"all": {}}
CASES: Mapping[str, Mapping[str, Case]] = {
    "buyPhoneNumber": NUMBER
    | {"area code": {"phoneNumber": None, "areaCode": "415"}, "minimal": {"phoneNumber": "+18085550143"}},
    "checkVerification": {
        "all": {},
        "sid": {"to": None, "verificationSid": "VE1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"},
        "token": {"code": None, "snaClientToken": "token"},
        "minimal": {"to": "+15551234567", "code": "123456"},
    },
    "createCall": {
        "all": SIP,
        "flow": SIP | TO_FLOW["flow"] | {"statusCallbackMethod": None},
        "twiml": SIP | NO_INSTRUCTIONS | {"twiml": "<Response><Hangup/></Response>"},
        "say": SIP | NO_INSTRUCTIONS | {"say": "Hello", "voice": "alice", "language": "en-GB"},
        "minimal": {"url": "https://example.com/voice"},
        "minimal application": {"applicationSid": APPLICATION},
        "minimal digits": {"url": "https://example.com/voice", "sendDigits": "W1234#"},
    },
    "listAlerts": {"all": {"startDate": "2026-11-20T00:00:00Z", "endDate": "2026-11-21T00:00:00Z"}},
    "listNotifications": {"all": {}, "of all calls": {"callSid": None}},
    "listUsageRecords": {"all": {}, "sum": {"subresource": None}}
    | {
        f"subresource={period}": {"subresource": period} | OWN_DATES
        for period in ("allTime", "lastMonth", "thisMonth", "today", "yesterday")
    },
    "rawRequest": {"read": {"data": None}, "write": {"method": "POST"}},
    "searchAvailableNumbers": {"all": {}, "place": {"nearNumber": None, "nearLatLong": "37.84,-122.26"}},
    "sendBulk": {"all": {}, "minimal": SENDER} | TO_FLOW,
    "sendMessage": {"all": {}, "minimal": SENDER} | TO_FLOW,
    "sendWhatsApp": {"all": {}, "minimal": SENDER} | TO_FLOW,
    "startVerification": {
        "all": {},
        "channel=email": {"channel": "email", "to": "ada@example.com"},
        "channel=call": {"channel": "call", "sendDigits": "1234#"},
    },
    "updateCall": {
        "all": {},
        "twiml": NO_INSTRUCTIONS | {"twiml": "<Response><Hangup/></Response>"},
        "say": NO_INSTRUCTIONS | {"say": "Hello", "voice": "alice", "language": "en-GB"},
        "minimal": {"status": "completed"},
    },
    "updateCallRecording": {
        "all": {},
        "current": {"sid": "Twilio.CURRENT"},
        "status=in-progress": {"status": "in-progress", "pauseBehavior": None},
        "status=stopped": {"status": "stopped", "pauseBehavior": None},
        "minimal": {},
    },
    "updateMessage": {"all": {}, "minimal": {"status": "canceled"}, "minimal redact": {"redact": "true"}},
    "updateMessagingService": {"all": {}, "minimal": {"usecase": "marketing"}},
    "updatePhoneNumber": NUMBER
    | {"moved": {"accountSid": "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0"}, "minimal": {"friendlyName": "Reception"}},
}
ANYTHING = "additionalParameters"  # its example is no parameter of every operation: it has a test of its own
FREE = "rawRequest"  # sends what its user says
LOCAL = frozenset({"dryRun"})  # inputs that keep a request from being made


@dataclass(frozen=True)
class Done:
    """A case that was run: what it asked, and what it gave."""

    key: str
    given: Mapping[str, Any]
    requests: list[Any]
    result: Any


class Units:
    """The units that ask Twilio, and how to run them."""

    fields = FIELDS
    connection = CONNECTION

    def __init__(self, component: Component) -> None:
        self.component = component
        self.manifest = manifest = component.manifest()
        self.all = {**component.actions, **component.data_sources}
        self.forms = {
            key: form["inputs"] for group in ("actions", "dataSources") for key, form in manifest[group].items()
        }

    def cases(self, key: str) -> dict[str, dict[str, Any]]:
        """The inputs of each case, without the connection."""
        said = CASES.get(key, ALL) | {"minimal": CASES.get(key, {}).get("minimal", {})}
        return {name: self._values(key, changed, minimal="minimal" in name) for name, changed in said.items()}

    def case_with(self, key: str, name: str, choice: str = "") -> dict[str, Any]:
        """The inputs of the case for a choice of an input; else of the first that gives the input; else of the first."""
        cases = self.cases(key)
        fitting = (given for given in cases.values() if name in given)
        return cases.get(f"{name}={choice}") or next(fitting, next(iter(cases.values())))

    def is_pure(self, key: str) -> bool:
        """True for a unit that asks nobody."""
        unit = self.all[key]
        return isinstance(unit, Action) and unit.pure

    def perform(self, key: str, given: Mapping[str, Any], context: ActionContext) -> Any:
        """Run it to the end, as a host does; its data."""
        unit = self.all[key]
        found = unit.perform(context, dict.fromkeys(unit.connection_inputs, CONNECTION) | dict(given))
        return getattr(found, "data", found)

    def inputs(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each input of each unit, but for connections."""
        return ((key, said) for key, form in self.forms.items() for said in form if said["type"] != "connection")

    def _values(self, key: str, changed: Mapping[str, str | None], *, minimal: bool) -> dict[str, Any]:
        inputs = [said for said in self.forms[key] if not minimal or _is_needed(said)]
        found = {said["key"]: _example(said) for said in inputs if said["key"] not in LOCAL | {ANYTHING}}
        return {name: value for name, value in (found | dict(changed)).items() if value is not None}


def _is_needed(said: Mapping[str, Any]) -> bool:
    return said["required"] and not said.get("default")


def _example(said: Mapping[str, Any]) -> Any:
    """The example of an input; for a tick box what is not its default."""
    if said["type"] == "boolean":
        return str(said.get("default") != "true").lower()
    return said.get("example") or said.get("default") or None


UNITS = Units(load("twilio_connector"))


@pytest.fixture(scope="session")
def units() -> Units:
    return UNITS


@pytest.fixture(scope="session")
def ran() -> dict[Any, Done]:
    """Each case is run once, however many tests look at it."""
    return {}


@pytest.fixture
def done(request: Any, ran: dict[Any, Done], context: ActionContext) -> Done:
    key, name = request.param
    if request.param not in ran:
        given, recorder = UNITS.cases(key)[name], request.getfixturevalue("recorder")
        ran[request.param] = Done(key, given, recorder.requests, UNITS.perform(key, given, context))
    return ran[request.param]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes one of these names all that there are."""
    for name in metafunc.fixturenames:
        if name in EACH:
            metafunc.parametrize(name, list(EACH[name]()), indirect=name == "done")


def _cases() -> Iterator[Any]:
    for key in UNITS.all:
        yield from (pytest.param((key, name), id=f"{key}-{name}") for name in UNITS.cases(key))


def _choices() -> Iterator[Any]:
    for key, said in UNITS.inputs():
        if "model" in said and key != FREE:
            yield pytest.param((key, said["key"], [each["value"] for each in said["model"]]), id=f"{key}-{said['key']}")


def _needed() -> Iterator[Any]:
    for key, said in UNITS.inputs():
        if key in UNITS.component.actions and _is_needed(said):
            yield pytest.param((key, said["key"]), id=f"{key}-{said['key']}")


def _wrong() -> Iterator[Any]:
    for key, said in UNITS.inputs():
        if key in UNITS.component.actions and (wrong := _wrong_value(key, said)) is not None:
            yield pytest.param((key, said["key"], wrong), id=f"{key}-{said['key']}")


def _wrong_value(key: str, said: Mapping[str, Any]) -> str | None:
    """What is none of an input's kind; None where every text is one."""
    if "model" in said or said["type"] == "boolean":
        return "no such choice"
    kinds = _kinds(UNITS.all[key].model.model_json_schema()["properties"][said["key"]])
    if kinds & {"integer", "number"}:
        return "many"
    if kinds & {"date", "date-time"}:
        return "the day after"
    example = str(said.get("example") or "")
    if re.fullmatch("[A-Z]{2}[0-9a-f]{32}", example):
        return example[:33]
    return "no/where" if example.startswith("https://") else None


def _kinds(schema: Mapping[str, Any]) -> set[str | None]:
    """The types and formats of a JSON Schema, also inside its alternatives."""
    alternatives = [inner for each in schema.get("anyOf", ()) for inner in _kinds(each)]
    return {schema.get("type"), schema.get("format"), *alternatives}


EACH: Mapping[str, Callable[[], Iterable[Any]]] = {
    "done": _cases,
    "key": lambda: UNITS.all,
    "action": lambda: UNITS.component.actions,
    "choosing": _choices,
    "needed": _needed,
    "wrong": _wrong,
}
