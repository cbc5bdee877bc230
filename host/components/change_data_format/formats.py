"""Texts from values and values from texts. A trigger's body, ``{"data": …, "contentType": …}``, stands for its data."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.payload import json_default

MAX_FIELDS = 1_000


class Data(Inputs):
    """What to change."""

    data: Annotated[Any, Field(title="Data", description="The text or the value.")]


def from_json(_context: ActionContext, inputs: Data) -> Any:
    """Raises InvalidInput for a text that is no JSON."""
    try:
        return json.loads(_text(inputs.data))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"data: is not JSON: {error}", field="data") from None


def to_json(_context: ActionContext, inputs: Data) -> str:
    return json.dumps(inputs.data, ensure_ascii=False, default=json_default)


def from_form(_context: ActionContext, inputs: Data) -> dict[str, Any]:
    """A name that is given twice has a list. What a webhook has read already is given as it is."""
    data = _unwrapped(inputs.data)
    if isinstance(data, Mapping):
        return dict(data)
    try:
        pairs = parse_qsl(_text(data), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise InvalidInput(f"data: is no form: {error}", field="data") from None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _unwrapped(value: Any) -> Any:
    return value["data"] if isinstance(value, Mapping) and value.keys() == {"data", "contentType"} else value


def _text(value: Any) -> str:
    """Raises InvalidInput for what is no text."""
    match _unwrapped(value):
        case str(text):
            return text
        case bytes() as raw:
            return raw.decode("utf-8", "replace")
    raise InvalidInput(f"data: must be text, not {type(value).__name__}", field="data")
