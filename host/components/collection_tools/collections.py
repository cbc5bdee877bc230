"""Lists and objects. None is changed: each action gives a new one."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Inputs, KeyValues, read_json


def _as_list(value: Any) -> Any:
    found = read_json(value)
    if not isinstance(found, list | tuple):
        message = f"must be a list, not {type(found).__name__}; refer to the list itself"
        raise ValueError(message)  # noqa: TRY004 - pydantic makes an input's error of ValueError only
    return list(found)


def _as_object(value: Any) -> Any:
    found = read_json(value)
    if not isinstance(found, Mapping):
        message = f"must be an object, not {type(found).__name__}; refer to the object itself"
        raise ValueError(message)  # noqa: TRY004
    return dict(found)


class OneList(Inputs):
    """Which list."""

    list_input: Annotated[list[Any], BeforeValidator(_as_list), Field(title="List", description="A list.")]


class Chunks(OneList):
    """Which list, and how long its parts are."""

    number_input: Annotated[int, Field(title="Number of Elements", description="In each part.", ge=1)] = 1


class CreateObject(Inputs):
    """The names and values."""

    key_value_input: Annotated[
        KeyValues,
        Field(title="Key & Value Pairs", description="Names and values; of a name given twice the last."),
    ] = ()


class AddKey(Inputs):
    """Which object, and what to put where."""

    object: Annotated[dict[str, Any], BeforeValidator(_as_object), Field(title="Object", description="An object.")]
    key: Annotated[str, Field(title="Key", description="The new name.")]
    value: Annotated[Any, Field(title="Value", description="Its value.")] = None
    object_path: Annotated[
        str,
        Field(
            title="Insert Path", description="Names with dots that lead to the inner object.", examples=["order.item"]
        ),
    ] = ""


def create_object(_context: ActionContext, inputs: CreateObject) -> dict[str, Any]:
    return dict(inputs.key_value_input)


def add_key(_context: ActionContext, inputs: AddKey) -> dict[str, Any]:
    """Make the inner objects of the path that are not there. Raises InvalidInput where one is no object."""
    return _put(inputs.object, [name for name in inputs.object_path.split(".") if name], inputs.key, inputs.value)


def _put(found: Any, path: list[str], key: str, value: Any) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise InvalidInput("objectPath: leads to what is no object", field="objectPath")
    if not path:
        return {**found, key: value}
    name, *rest = path
    return {**found, name: _put(found.get(name, {}), rest, key, value)}


def first(_context: ActionContext, inputs: OneList) -> Any:
    """None of an empty list."""
    return next(iter(inputs.list_input), None)


def last(_context: ActionContext, inputs: OneList) -> Any:
    """None of an empty list."""
    return inputs.list_input[-1] if inputs.list_input else None


def length(_context: ActionContext, inputs: OneList) -> int:
    return len(inputs.list_input)


def flatten(_context: ActionContext, inputs: OneList) -> list[Any]:
    """By one level."""
    parts = [part if isinstance(part, list | tuple) else [part] for part in inputs.list_input]
    return [item for part in parts for item in part]


def chunks(_context: ActionContext, inputs: Chunks) -> list[list[Any]]:
    items, size = inputs.list_input, inputs.number_input
    return [items[start : start + size] for start in range(0, len(items), size)]
