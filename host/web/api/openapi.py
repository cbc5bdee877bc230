"""The OpenAPI 3.1 document: made from the table of routes, their models, and the manifests of what is installed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ....connector.component import Component, Unit
from ....connector.manifest import inputs_of
from ...registry import Registry
from ..forms import example_of
from ..mends import MENDS
from .problems import MEDIA_TYPE, STATUS
from .reading import ZIP
from .route import Route
from .shapes import Problem

Schemas = Mapping[Any, dict[str, Any]]  # by model and mode

_REF = "#/components/schemas/{model}"
_PROBLEM = {"description": "A problem.", "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Of your choice, such as a UUID: repeated with the same request, the answer is that of the first.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def document(routes: Sequence[Route], registry: Registry) -> dict[str, Any]:
    """As JSON values. Imports every unit, for their inputs."""
    wanted = {(model, mode) for route in routes for model, mode in _models(route)} | {(Problem, "serialization")}
    ordered: Any = sorted(wanted, key=lambda pair: (pair[0].__name__, pair[1]))
    schemas, definitions = models_json_schema(ordered, by_alias=True, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.address, {})[route.method.lower()] = _operation(route, schemas)
    by_address = {route.address: route for route in routes}
    for component in registry.values():
        paths |= _units(component, by_address, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "twilio-connector host", "version": version("twilio-connector"), "description": _about()},
        "servers": [{"url": "/api"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "twilio-connector token create NAME"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "host_session",
                    "description": "Whoever is signed in to the pages, on their own origin; the cookie's name differs by host.",
                },
            },
        },
    }


def _about() -> str:
    lines = [f"- `{kind}` ({status}): {MENDS[kind].text}" for kind, status in STATUS.items() if kind in MENDS]
    return "Errors are RFC 9457 problems whose `kind` says what to do:\n\n" + "\n".join(lines)


def _models(route: Route) -> Iterator[tuple[type[BaseModel], str]]:
    given = ((route.gives, "serialization"), (route.takes, "validation"), (route.asks, "validation"))
    yield from ((model, mode) for model, mode in given if model is not None)


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*_path(route.address), *_query(route.asks), *([_KEY] if route.keyed else [])],
        "responses": {_status(route): _success(route, schemas), "default": _PROBLEM},
    }
    if route.takes is not None:
        content = {"application/json": {"schema": schemas[route.takes, "validation"]}}
        content |= {ZIP: {"schema": {"type": "string", "format": "binary"}}} if route.uploads else {}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _status(route: Route) -> str:
    return str(route.status if route.gives else 204)


def _success(route: Route, schemas: Schemas) -> dict[str, Any]:
    if route.gives is None:
        return {"description": "Done."}
    return {
        "description": "Done.",
        "content": {"application/json": {"schema": schemas[route.gives, "serialization"]}},
    }


def _path(address: str) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", address)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names
    ]


def _query(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(by_alias=True, ref_template=_REF)
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _without_null(prop)}
        for name, prop in schema.get("properties", {}).items()
    ]


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A query has no null: what may be left out is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "default"} or value is not None}
    return {key: value for key, value in kept.items() if key != "anyOf"} | kinds[0] if len(kinds) == 1 else kept


def _units(component: Component, by_address: Mapping[str, Route], schemas: Schemas) -> dict[str, dict[str, Any]]:
    """An address for each action and data source, with its own inputs."""
    kinds: tuple[tuple[str, str, Mapping[str, Unit]], ...] = (
        ("actions", "action", component.actions),
        ("data-sources", "source", component.data_sources),
    )
    found = {}
    for folder, name, units in kinds:
        route = by_address.get(f"/components/{{component}}/{folder}/{{{name}}}")
        for unit in units.values() if route else ():
            found[f"/components/{component.key}/{folder}/{unit.key}"] = {"post": _unit(route, unit, schemas)}
    return found


def _unit(route: Route | None, unit: Unit, schemas: Schemas) -> dict[str, Any]:
    assert route is not None  # noqa: S101 (the caller has looked)
    shared = _operation(route, schemas)
    answers = shared["responses"]["200"]["content"]["application/json"]
    return shared | {
        "operationId": f"{route.tag}_{unit.component.key}_{unit.key}",
        "summary": unit.label,
        "description": unit.description,
        "tags": [unit.component.display["label"]],
        "parameters": [_KEY] if route.keyed else [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _call_schema(unit)}}},
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": answers | _example(unit)}},
            "default": _PROBLEM,
        },
    }


def _example(unit: Unit) -> dict[str, Any]:
    return {} if unit.example is None else {"example": {"data": unit.example}}


def _call_schema(unit: Unit) -> dict[str, Any]:
    inputs = [item for item in inputs_of(unit.model) if item["type"] != "connection"]
    required = [item["key"] for item in inputs if item.get("required")]
    properties: dict[str, Any] = {
        "inputs": {
            "type": "object",
            "properties": {item["key"]: _input(item) for item in inputs},
            **({"required": required} if required else {}),
        }
    }
    if unit.connection_inputs:
        kinds = [{"type": "string"}, {"$ref": _REF.format(model="ConnectionValue")}]
        properties["connection"] = {
            "anyOf": kinds,
            "description": "The name or id of one that is kept here, or its values.",
        }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": ["inputs"]} if required else {}),
    }


def _input(item: Mapping[str, Any]) -> dict[str, Any]:
    said = {"title": item["label"], "description": item.get("comments"), "default": item.get("default")}
    if (example := example_of(item)) is not None:
        said["examples"] = [example]
    return _type(item) | {key: value for key, value in said.items() if value is not None and value != ""}


def _type(item: Mapping[str, Any]) -> dict[str, Any]:
    match item:
        case {"collection": "valuelist"}:
            return {"type": "array", "items": {"type": "string"}}
        case {"collection": "keyvaluelist"}:
            pair = {"key": {"type": "string"}, "value": {"type": "string"}}
            return {"type": "array", "items": {"type": "object", "properties": pair}}
        case {"model": choices}:
            return {"type": "string", "enum": [choice["value"] for choice in choices]}
        case {"type": "boolean"}:
            return {"type": ["boolean", "string"]}
        case {"type": "string" | "password" | "text"}:
            return {"type": ["string", "number"]}
    return {}
