"""A form from a unit's inputs, and the values back from what the browser sent.

A secret is never sent to a page: its field is empty, and left empty it keeps what is stored.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from ...connector.errors import InvalidInput
from ...connector.inputs import read_json
from ...connector.payload import text_of
from ..secrets.named_secrets import called_by, reference
from .body import BodyRefused

Kind = Literal["line", "text", "password", "checkbox", "select", "list", "pairs", "number", "date", "moment", "file"]
MAX_FIELDS = 1_000
BLANK_ROWS = 2
CONFIRMED = "_confirmed"
"""The box that has to be ticked before something that cannot be taken back."""
YES_OR_NO = ({"value": "true", "label": "Yes"}, {"value": "false", "label": "No"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as the browser sent it; the name is the sender's choice."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What the browser sent: names and values in their order, and files by name."""

    pairs: tuple[tuple[str, str], ...] = ()
    files: Mapping[str, "Upload"] = field(default_factory=dict)

    @classmethod
    def parse(cls, content_type: str, body: bytes) -> "Form":
        """Read a URL-encoded form. Raises BodyRefused for another type, or for one that is none."""
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise BodyRefused(415, "expected a form")
        try:
            found = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError:
            raise BodyRefused(400, "the form cannot be read") from None
        return cls(tuple(found))

    def get(self, name: str, default: str = "") -> str:
        """The last value of that name."""
        return next((value for key, value in reversed(self.pairs) if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input, ready to be drawn. ``name`` is the HTML name and id, so labels and errors can point at it.

    A secret may be ``called`` by one of ``names`` instead of being entered.
    """

    name: str
    label: str
    kind: Kind = "line"
    comments: str = ""
    placeholder: str = ""
    required: bool = False
    advanced: bool = False
    value: Any = ""
    stored: bool = False
    choices: Sequence[tuple[str, str]] = ()
    error: str = ""
    is_code: bool = False
    source: str = ""
    either: bool = False
    called: str = ""
    names: Sequence[str] = ()

    @property
    def described_by(self) -> str:
        """The ids of its explanation and of its error, for ``aria-describedby``."""
        ids = [f"{self.name}-help"] * bool(self.comments) + [f"{self.name}-error"] * bool(self.error)
        return " ".join(ids)


def fields_of(
    inputs: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any] | None = None,
    *,
    stored: Collection[str] = (),
    errors: Mapping[str, str] | None = None,
    names: Sequence[str] = (),
) -> list[Field]:
    """The fields of a form for the manifest's ``inputs``, filled with ``values``; ``stored`` names secrets that have one.

    ``names`` are those of secrets that a secret field may call.
    """
    given = {item["key"]: item.get("default", "") for item in inputs} if values is None else values
    wrong = errors or {}
    return [
        _field(item, given.get(item["key"]), wrong.get(item["key"], ""), stored=item["key"] in stored, names=names)
        for item in inputs
        if item.get("shown", True)
    ]


def _field(item: Mapping[str, Any], value: Any, error: str, *, stored: bool, names: Sequence[str]) -> Field:
    kind = _kind(item)
    called = called_by(value) if kind == "password" else ""
    return Field(
        name=item["key"],
        label=item.get("label") or item["key"],
        kind=kind,
        comments=item.get("comments") or "",
        placeholder=item.get("placeholder") or _written(kind, example_of(item)),
        required=bool(item.get("required")),
        advanced=bool(item.get("advanced")) and not item.get("required"),
        value=_shown(kind, value),
        stored=kind == "password" and stored and not called,
        choices=_choices(item, value),
        error=error,
        is_code=item.get("type") in {"code", "conditional"},
        source=item.get("dataSource") or "",
        either=bool(item.get("either")),
        called=called,
        names=sorted({*names, called} - {""}) if kind == "password" else (),
    )


def example_of(item: Mapping[str, Any]) -> Any:
    """An input's example as its value; None without one. The manifest has that of a list as JSON, or as its one value."""
    example = item.get("example")
    if example is None or not item.get("collection"):
        return example
    found = read_json(example)
    return found if isinstance(found, list | dict) else [found]


def _written(kind: Kind, example: Any) -> str:
    """As one would enter it."""
    if kind in {"password", "pairs"}:
        return ""
    return "\n".join(map(text_of, example)) if kind == "list" and example else text_of(example)


def _kind(item: Mapping[str, Any]) -> Kind:
    if item.get("collection") and item.get("type") != "conditional":
        return "list" if item["collection"] == "valuelist" else "pairs"
    if item.get("model") or _is_open(item):
        return "select"
    kinds: dict[str, Kind] = {
        "password": "password",
        "boolean": "checkbox",
        "text": "text",
        "code": "text",
        "data": "text",
        "conditional": "text",
        "number": "number",
        "date": "date",
        "timestamp": "moment",
        "file": "file",
    }
    return kinds.get(item.get("type", "string"), "line")


def _is_open(item: Mapping[str, Any]) -> bool:
    """Whether it is a switch that may be left alone: a box that is not ticked would say no."""
    return item.get("type") == "boolean" and not item.get("required") and not item.get("default")


def _choices(item: Mapping[str, Any], value: Any) -> tuple[tuple[str, str], ...]:
    """Nothing is chosen for a person where there is a choice."""
    model = item.get("model") or (YES_OR_NO if _is_open(item) else ())
    options = tuple((choice["value"], choice["label"]) for choice in model)
    if not item.get("required"):
        return (("", "None of them" if item.get("either") else "Not given"), *options)
    return options if len(options) == 1 or value not in (None, "") else (("", "Choose one"), *options)


def with_choices(item: dict[str, Any], offered: Sequence[Mapping[str, str]], own: Any) -> dict[str, Any]:
    """An input with what its data source offers; what is there already, ``own``, stays one of the choices."""
    choices = [{"label": choice["label"], "value": choice["key"]} for choice in offered]
    if not choices or item.get("collection"):
        return item
    if own and own not in {choice["key"] for choice in offered}:
        choices.insert(0, {"label": f"{own} (as entered)", "value": str(own)})
    return item | {"model": choices}


def _shown(kind: Kind, value: Any) -> Any:
    match kind:
        case "password":
            return ""
        case "checkbox":
            return value in {True, "true"}
        case "list":
            return "\n".join(map(text_of, value or ()))
        case "pairs":
            rows = [(str(row["key"]), text_of(row["value"])) for row in value or ()]
            return rows + [("", "")] * BLANK_ROWS
        case "moment":
            return _in_utc(value)
    return text_of(value)


def _in_utc(value: Any) -> str:
    """As browsers take a date and time: without a zone."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return ""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat(timespec="seconds")


def values_of(inputs: Sequence[Mapping[str, Any]], form: Form, kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The values that a unit takes: strings, ``true``/``false``, lists; what was left empty is left out.

    What a form does not show stays as it is in ``kept``.
    """
    found = {
        item["key"]: _value(item, form) if item.get("shown", True) else (kept or {}).get(item["key"]) for item in inputs
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def calls_of(inputs: Sequence[Mapping[str, Any]], form: Form) -> dict[str, dict[str, str]]:
    """The named secrets that were chosen, as calls of them by field."""
    chosen = {item["key"]: form.get(f"{item['key']}.secret") for item in inputs if _kind(item) == "password"}
    return {key: reference(name) for key, name in chosen.items() if name}


def with_calls(
    values: Mapping[str, Any], calls: Mapping[str, Any], kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is entered and what is called; a value takes the place of a call that is ``kept``. Raises InvalidInput for both."""
    for key in calls.keys() & values.keys():
        if calls[key] != (kept or {}).get(key):
            raise InvalidInput(f"{key}: enter a value or choose a named secret, not both", field=key)
    return {**calls, **values}


def forgotten(inputs: Sequence[Mapping[str, Any]], form: Form, kept: Mapping[str, Any] | None = None) -> frozenset[str]:
    """The secrets that are to go: not entered anew, and their box is ticked, or the name is taken back that ``kept`` calls."""

    def is_forgotten(key: str) -> bool:
        is_taken_back = bool(called_by((kept or {}).get(key))) and form.all(f"{key}.secret") == [""]
        return not form.get(key) and (is_taken_back or bool(form.get(f"{key}.forget")))

    return frozenset(item["key"] for item in inputs if is_forgotten(item["key"]))


def _value(item: Mapping[str, Any], form: Form) -> Any:
    key = item["key"]
    match _kind(item):
        case "checkbox":
            return "true" if form.get(key) else "false"
        case "list":
            return [line for line in form.get(key).splitlines() if line.strip()]
        case "pairs":
            rows = zip(form.all(f"{key}.key"), form.all(f"{key}.value"), strict=False)
            return [{"key": name, "value": value} for name, value in rows if name.strip()]
        case "text":
            return form.get(key).replace("\r\n", "\n")
    return form.get(key)


def errors_by_field(message: str, keys: Sequence[str]) -> dict[str, str]:
    """What a unit said of each field, from its one message ``key: problem; other: problem``; the rest under ``""``."""
    names = "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))
    starts = list(re.finditer(rf"(?:^|; )({names})(?:\.[\w.]+)?: ", message)) if names else []
    if not starts or starts[0].start() > 0:
        return {"": message}
    ends = [match.start() for match in starts[1:]] + [len(message)]
    found: dict[str, str] = {}
    for match, end in zip(starts, ends, strict=True):
        said = message[match.end() : end]
        found.setdefault(match[1], said[:1].upper() + said[1:])
    return found


@dataclass(frozen=True, slots=True)
class FormPage:
    """Fields with what is wrong about them, for the summary at the top."""

    fields: list[Field]
    problem: str = ""

    @property
    def errors(self) -> list[Field]:
        return [item for item in self.fields if item.error]

    @property
    def plain(self) -> list[Field]:
        return [item for item in self.fields if not item.advanced]

    @property
    def advanced(self) -> list[Field]:
        return [item for item in self.fields if item.advanced]
