"""component.yaml: read with its lines, checked against our schema, and resolved into the platform's stored definition."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import yaml

from .errors import InvalidComponent
from .payload import text_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from .component import Component, Unit
    from .inputs import Hint

FILE_NAME = "component.yaml"
SCHEMA_FILE = Path(__file__).with_name("component.schema.json")
MAX_BYTES = 1_048_576
MAX_DEPTH = 50
_FUNCTIONS = {"webhookCreate": "hasWebhookCreateFunction", "webhookDelete": "hasWebhookDeleteFunction"}
"""Entries of which the stored definition only says that they are there."""
_FOR_HOSTS_HERE = frozenset(
    {"sign", "pure", "readOnly", "looksFirst", "repeatableInput", "firesOn", *_FUNCTIONS}
)  # not the platform's

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed component.yaml; ``lines`` gives the line, from 1, of each key by its path."""

    path: Path
    content: dict[str, Any]
    lines: Mapping[Key, int]

    def error(self, key: Key, problem: str) -> InvalidComponent:
        """An error that names file, line and key."""
        line = next(self.lines[key[:end]] for end in range(len(key), -1, -1) if key[:end] in self.lines)
        where = f"{self.path}:{line}"
        name = ".".join(map(str, key))
        return InvalidComponent(f"{where}: {name}: {problem}" if name else f"{where}: {problem}", field=name or None)


def read(path: Path) -> Document:
    """Parse a component.yaml. Every scalar is text but ``true`` and ``false``. Raises InvalidComponent."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}; a component is a folder with a {FILE_NAME}"
        raise InvalidComponent(message) from None
    except UnicodeDecodeError:
        raise InvalidComponent(f"{path}: is not UTF-8; save it as UTF-8") from None
    if len(text) > MAX_BYTES:
        raise InvalidComponent(f"{path}: is larger than 1 MiB")
    return _parse(path, text)


def _parse(path: Path, text: str) -> Document:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_events(path, yaml.parse(text, Loader=loader))
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidComponent(f"{path}:{line}: is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise InvalidComponent(f"{path}: is not YAML: {error}") from None
    lines: dict[Key, int] = {(): 1}
    document = Document(path, {}, lines)
    if not isinstance(node, yaml.MappingNode):
        raise document.error((), "must be a mapping with key, display, actions …")
    document.content.update(_convert(node, (), lines, document))
    return document


def _check_events(path: Path, events: Iterable[Any]) -> None:
    """What can be told before a tree is built: the parser has no end of depth, and the stack has."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InvalidComponent(f"{path}:{event.start_mark.line + 1}: nests more than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            raise InvalidComponent(f"{path}: uses a YAML alias; write the value out")


def _convert(node: Any, key: Key, lines: dict[Key, int], document: Document) -> Any:
    """Plain values of a node. Text stays as it stands: ``NO`` or ``+1555…`` are no boolean and no number."""
    lines.setdefault(key, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return dict(_items(node, key, lines, document))
    if isinstance(node, yaml.SequenceNode):
        return [_convert(item, (*key, index), lines, document) for index, item in enumerate(node.value)]
    plain = {"true": True, "false": False, "": None, "~": None, "null": None}
    return node.value if node.style else plain.get(node.value, node.value)


def _items(node: yaml.MappingNode, key: Key, lines: dict[Key, int], document: Document) -> Iterator[tuple[str, Any]]:
    for name, value in node.value:
        path = (*key, str(name.value))
        if path in lines:
            raise document.error(key, f"has {name.value} twice, again on line {name.start_mark.line + 1}; keep one")
        lines[path] = name.start_mark.line + 1
        yield str(name.value), _convert(value, path, lines, document)


def check(document: Document) -> None:
    """Hold a document against our JSON Schema. Raises InvalidComponent with every problem, a line each."""
    import json

    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    problems = sorted(validator.iter_errors(document.content), key=lambda e: [str(part) for part in e.absolute_path])
    errors = [document.error(key, mend) for problem in problems for key, mend in _mends(problem)]
    if errors:
        raise InvalidComponent("\n".join(map(str, errors)), field=errors[0].field)


def _mends(problem: Any) -> Iterator[tuple[Key, str]]:
    """Where a problem is, and what to do; keys that are not known stand on lines of their own."""
    path = tuple(problem.absolute_path)
    if problem.validator != "additionalProperties":
        yield path, _mend(problem)
        return
    known = list(problem.schema.get("properties", ()))
    for name in problem.instance:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            yield (
                (*path, name),
                f"unknown; did you mean {close[0]}?" if close else f"unknown; there are {', '.join(known)}",
            )


def _mend(problem: Any) -> str:
    match problem.validator:
        case "pattern" if "description" in problem.schema:
            return f"{problem.instance!r} is not {problem.schema['description']}"
        case "required":
            return f"{problem.message}; add it"
        case "dependentRequired":
            missing = [
                need for has, needs in problem.validator_value.items() if has in problem.instance for need in needs
            ]
            return (
                f"{', '.join(n for n in missing if n not in problem.instance)} is missing: what registers must undo it"
            )
    return str(problem.message)


def resolve(component: "Component") -> dict[str, Any]:
    """The stored definition, as the platform keeps it: what is declared, and the inputs from the models of the units."""
    return {
        "key": component.key,
        "public": component.public,
        "documentationUrl": component.documentation_url,
        "display": dict(component.display),
        "connections": [
            {"key": unit.key, "label": unit.label, "comments": unit.description, "inputs": inputs_of(unit.model)}
            for unit in component.connections.values()
        ],
        "actions": {key: _stored(unit, "data") for key, unit in component.actions.items()},
        "triggers": {key: _stored(unit, "payload") for key, unit in component.triggers.items()},
        "dataSources": {key: _stored(unit, "result") for key, unit in component.data_sources.items()},
    }


def _stored(unit: "Unit", example_key: str) -> dict[str, Any]:
    return {
        "key": unit.key,
        "display": {"label": unit.label, "description": unit.description},
        "inputs": inputs_of(unit.model),
        **{name: value for name, value in unit.flags.items() if name not in _FOR_HOSTS_HERE},
        **{_FUNCTIONS[name]: True for name in unit.flags if name in _FUNCTIONS},
        **({} if (example := unit.example) is None else {"examplePayload": {example_key: example}}),
    }


def inputs_of(model: "type[BaseModel]") -> list[dict[str, Any]]:
    """The inputs of a form, in the platform's shape, from the model that validates them."""
    return [_input(field.alias or name, field) for name, field in _in_order(model)]


def _in_order(model: "type[BaseModel]") -> "list[tuple[str, FieldInfo]]":
    """Fields as they are declared. A connection begins with its own: what its base shares with other types comes after."""
    from .inputs import Connection

    fields = list(model.model_fields.items())
    if issubclass(model, Connection):
        fields.sort(key=lambda field: field[0] not in model.__annotations__)
    return fields


def _input(key: str, field: "FieldInfo") -> dict[str, Any]:
    from .inputs import Hint

    hint = _merged([item for item in field.metadata if isinstance(item, Hint)])
    kind = input_type(field.annotation) if hint.type is None else hint.type
    found = {
        "key": key,
        "type": kind,
        "label": field.title or key,
        "placeholder": hint.placeholder,
        "comments": field.description,
        "example": next(iter(field.examples or ()), None),
        "required": field.is_required() if hint.required is None else hint.required,
        "default": None if kind == "connection" else _text(None if field.is_required() else field.get_default()),
        "model": _choices(field.annotation),
        "collection": hint.collection,
        "dataSource": hint.data_source,
        "language": hint.language,
        "shown": hint.shown,
        "advanced": hint.advanced or None,
        "destination": hint.destination or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _merged(hints: "list[Hint]") -> "Hint":
    """Hints of an annotated type and of the field that uses it, as one: what the later says, wins."""
    from .inputs import Hint

    default = Hint()
    said = {
        name: value
        for hint in hints
        for name in Hint.__slots__
        if (value := getattr(hint, name)) != getattr(default, name)
    }
    return Hint(**said)


def input_type(annotation: Any) -> str:
    """The platform's input type of an annotation."""
    kinds = {_kind(member) for member in _members(annotation)}
    return next((kind for kind in ("connection", "password", "boolean") if kind in kinds), "string")


def _kind(member: Any) -> str:
    from pydantic import SecretStr

    if getattr(member, "is_connection", False):
        return "connection"
    return {SecretStr: "password", bool: "boolean"}.get(member, "string")


def _members(annotation: Any) -> list[Any]:
    """The plain types inside unions and annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return [inner for part in get_args(annotation) for inner in _members(part)]
    return [annotation]


def _choices(annotation: Any) -> list[dict[str, str]] | None:
    literals = [member for member in _members(annotation) if get_origin(member) is Literal]
    return [{"label": str(value), "value": str(value)} for member in literals for value in get_args(member)] or None


def _text(default: Any) -> str:
    return "" if default == () else text_of(default)
