"""Twilio's contract as facts, and a Twilio at the HTTP edge that answers by them and writes down what it was asked."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import responses
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.http import Transport

FORM = "application/x-www-form-urlencoded"
CDN = "https://media.twiliocdn.com/kept/elsewhere"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CREATED = 201
HEXADECIMAL = "0123456789abcdef0123456789abcdef"

# Documented, and in no OpenAPI document: without .json a recording or media is its bytes, by way of a CDN.
# https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file, …/messaging/api/media-resource
BYTES = {"api/FetchRecording": (".wav", ".mp3", ""), "api/FetchMedia": ("",)}
BYTES_QUERY = {"api/FetchRecording": {"RequestedChannels": {"enum": ["1", "2"]}}, "api/FetchMedia": {}}

# Values of answers that decide how an action goes on: a status for which there is nothing more to wait.
DECISIVE = {"api.v2010.account.message": {"status": "delivered"}}

EXAMPLES = {
    "=": "",
    "string": "text",
    "any": None,
    "array": [],
    "boolean": True,
    "currency": "USD",
    "date": "2026-03-15",
    "date-time": "2026-03-15T14:32:10Z",
    "date-time-rfc-2822": "Sun, 15 Mar 2026 14:32:10 +0000",
    "integer": 1,
    "iso-country-code": "US",
    "number": 1.5,
    "object": {},
    "phone-number": "+15551234567",
    "phone-number-capabilities": {"voice": True, "SMS": True, "MMS": False},
    "uri": "https://example.com/resource",
    "uri-map": {},
}
FORMATS = {
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "iso-country-code": r"[A-Z]{2}",
    "phone-number": r"\S.*",
    "twiml": r"(<\?xml[^>]*>)?<Response.*",
    "uri": r"https?://[^\s]+",
}
OURS = frozenset({"None", "True", "False", "**********", "()"})  # stars: how pydantic shows a secret
TYPES = {"boolean": r"true|false", "integer": r"-?\d+", "number": r"-?\d+(\.\d+)?"}


@dataclass(frozen=True)
class Operation:
    """One of Twilio's operations. ``suffix`` replaces ``.json`` where bytes are asked for."""

    key: str
    fact: Mapping[str, Any]
    suffix: str | None = None

    def match(self, method: str, url: str) -> dict[str, str] | None:
        """The parts of the path of a request to this operation; None for a request to another."""
        if method != self.fact["method"]:
            return None
        template = self.fact["url"]
        if self.suffix is not None:
            template = template.removesuffix(".json") + self.suffix
        found = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template)), url)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None

    @property
    def gives_bytes(self) -> bool:
        return self.suffix is not None

    def parameters(self, place: str) -> Mapping[str, Any]:
        """What may be said there: path, query or form."""
        if self.gives_bytes and place == "query":
            return BYTES_QUERY[self.key]
        found: Mapping[str, Any] = self.fact.get(place, {})
        return found


@dataclass(frozen=True)
class Contract:
    """What Twilio's OpenAPI documents say."""

    operations: Mapping[str, Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, str]]

    def find(self, method: str, url: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a request and the parts of its path; the one with the most fixed words, else None."""
        matches = [(each, parts) for each in self._all() if (parts := each.match(method, url)) is not None]
        return min(matches, key=lambda match: len(match[1]), default=None)

    def problems(self, request: Any) -> list[str]:
        """All in which a request is not as the contract has it."""
        url = request.url.partition("?")[0]
        if (found := self.find(request.method, url)) is None:
            return [f"{request.method} {url}: there is no such operation"]
        operation, parts = found
        said = {"path": list(parts.items()), "query": query_of(request), "form": form_of(request)}
        return [
            f"{operation.key}: {problem}"
            for place, pairs in said.items()
            for problem in _problems(operation.parameters(place), pairs, place)
        ] + [f"{operation.key}: {problem}" for problem in _problems_of_the_body(request)]

    def example(self, answer: str) -> dict[str, Any]:
        """An answer of that name, with every property that Twilio's has, each of its kind."""
        properties = self.answers[answer].items()
        return {name: _example(kind) for name, kind in properties} | DECISIVE.get(answer, {})

    def properties(self, operation: Operation) -> frozenset[str]:
        """The names that one of what an operation answers has."""
        return frozenset(self.answers.get(operation.fact.get("answer", ""), ()))

    def _all(self) -> Iterator[Operation]:
        for key, fact in self.operations.items():
            yield Operation(key, fact)
            yield from (Operation(key, fact, suffix) for suffix in BYTES.get(key, ()))


def query_of(request: Any) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request.url).query, keep_blank_values=True)


def form_of(request: Any) -> list[tuple[str, str]]:
    body = request.body or b""
    return parse_qsl(body.decode() if isinstance(body, bytes) else body, keep_blank_values=True)


def _problems(known: Mapping[str, Any], pairs: list[tuple[str, str]], place: str) -> Iterator[str]:
    counts = Counter(name for name, _ in pairs)
    yield from (
        f"{place} {name} is required" for name, fact in known.items() if fact.get("required") and not counts[name]
    )
    for name, times in counts.items():
        fact = known.get(name)
        if fact is None:
            yield f"{place} {name} is no parameter of it"
        elif times > fact.get("maxItems", 10 if fact.get("array") else 1):
            yield f"{place} {name} is said {times} times"
    for name, value in pairs:
        yield from (f"{place} {name}={value!r} {problem}" for problem in _problems_of(value, known.get(name, {})))


def _problems_of(value: str, fact: Mapping[str, Any]) -> Iterator[str]:
    """All in which a value is not of its kind."""
    if value in OURS:
        yield "is how Python writes it"
    if "enum" in fact and value not in [str(each) for each in fact["enum"]]:
        yield f"is none of {', '.join(map(str, fact['enum']))}"
    if "pattern" in fact and not re.search(fact["pattern"], value):
        yield f"does not match {fact['pattern']}"
    if not fact.get("minLength", 0) <= len(value) <= fact.get("maxLength", len(value)):
        yield f"has {len(value)} characters"
    kind = TYPES.get(fact.get("type", "")) or FORMATS.get(fact.get("format", ""))
    if kind and not re.fullmatch(kind, value, re.DOTALL):
        yield f"is no {fact.get('type') or fact.get('format')}"
    elif fact.get("type") in {"integer", "number"}:
        yield from _problems_of_size(float(value), fact)


def _problems_of_size(value: float, fact: Mapping[str, Any]) -> Iterator[str]:
    if not fact.get("minimum", value) <= value <= fact.get("maximum", value):
        yield f"is not from {fact.get('minimum', '')} to {fact.get('maximum', '')}"


def _problems_of_the_body(request: Any) -> Iterator[str]:
    kind = request.headers.get("Content-Type", "")
    if request.method == "POST" and kind.partition(";")[0] != FORM:
        yield f"its content type is {kind!r}"
    if request.method != "POST" and request.body:
        yield "has a body"


def _example(kind: str) -> Any:
    if kind.startswith("="):
        return kind[1:]
    return kind + HEXADECIMAL if re.fullmatch("[A-Z]{2}", kind) else EXAMPLES[kind]


@dataclass
class Recorder:
    """Answers every request by the contract, and keeps it."""

    contract: Contract
    requests: list[Any] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    made: Iterator[int] = field(default_factory=count)

    def sent(self, method: str) -> list[tuple[str, str]]:
        """The fields of all forms of a method."""
        return [pair for request in self.requests if request.method == method for pair in form_of(request)]

    def answer(self, request: Any) -> tuple[int, dict[str, str], bytes | str]:
        """Status, headers and body."""
        self.requests.append(request)
        if request.url == CDN:
            return 200, {"Content-Type": "audio/x-wav"}, b"RIFF....WAVE"
        if self.refusal is not None:
            return self.refusal[0], {"Content-Type": "application/json"}, self.refusal[1]
        found = self.contract.find(request.method, request.url.partition("?")[0])
        if found is None:
            return 404, {}, ""
        return self._answer(found[0])

    def _answer(self, operation: Operation) -> tuple[int, dict[str, str], str]:
        status, kind = operation.fact["status"], {"Content-Type": "application/json"}
        if operation.gives_bytes:
            return 302, {"Location": CDN}, ""
        if "answer" not in operation.fact:
            return status, {}, ""
        one = self.contract.example(operation.fact["answer"])
        if status == CREATED and "sid" in one:  # no two of what is made are one
            one["sid"] = f"{one['sid'][:2]}{next(self.made):032x}"
        items = operation.fact.get("items")
        if items is None:
            return status, kind, json.dumps(one)
        paging = (
            {"meta": {"key": items, "next_page_url": None}} if "meta" in operation.fact else {"next_page_uri": None}
        )
        return status, kind, json.dumps({items: [one]} | paging)


@pytest.fixture(scope="session")
def contract() -> Contract:
    facts = json.loads(Path(__file__).with_name("facts.json").read_text(encoding="utf-8"))
    return Contract(facts["operations"], facts["answers"])


@pytest.fixture
def recorder(contract: Contract) -> Iterator[Recorder]:
    """Twilio, and whatever else is on the network."""
    found = Recorder(contract)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
            mock.add_callback(method, re.compile(".*"), found.answer)
        yield found


@pytest.fixture(scope="session")
def transport() -> Iterator[Transport]:
    """One for all: to load the certificates takes longer than any of these tests."""
    found = Transport()
    yield found
    found.close()


@pytest.fixture
def context(transport: Transport) -> ActionContext:
    flows = {"Delivery Status": "https://example.com/trigger/status"}
    return ActionContext(transport=transport, clock=lambda: NOW, sleep=lambda _: None, webhook_urls=flows)
