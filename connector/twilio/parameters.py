"""From the inputs of an action to the parameters of a request: every field is the parameter of its own name.

A field ``status_callback`` is Twilio's ``StatusCallback``. Where names differ, or a field is no parameter, it says so::

    before: Annotated[Moment | None, Parameter("DateSent<"), Field(…)] = None
    limit: Annotated[int, NOT_SENT, Field(…)] = 100
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_pascal
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Parameter:
    """Twilio's name of a field; None for a field that is not sent."""

    name: str | None


NOT_SENT = Parameter(None)


def parameters(inputs: BaseModel, *, additional: bool = True) -> Iterator[tuple[str, Any]]:
    """What is sent: the fields that have a value, by Twilio's names, then the additional parameters as they are."""
    for key, name in _names(type(inputs)):
        value = getattr(inputs, key)
        if value not in (None, "", ()):
            yield name, value
    if additional:
        yield from getattr(inputs, "additional_parameters", ())


@cache
def _names(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """The fields that are sent, and their names: the same for each of ten thousand messages."""
    named = ((key, parameter_name(key, field)) for key, field in model.model_fields.items())
    return tuple((key, name) for key, name in named if name is not None)


def parameter_name(key: str, field: FieldInfo) -> str | None:
    """Twilio's name of a field; None for one that is not sent, such as the connection."""
    said = [item.name for item in field.metadata if isinstance(item, Parameter)]
    return said[-1] if said else to_pascal(key.rstrip("_"))
