"""Rules between inputs, as errors on the field that breaks them. Nothing is sent then."""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from ..connector.inputs import Conflict

_NOT_GIVEN = (None, "", ())


def exactly_one(inputs: BaseModel, *names: str) -> None:
    """One of these fields is given. Raises Conflict."""
    at_most_one(inputs, *names)
    if not any(_given(inputs, name) for name in names):
        raise wrong(inputs, names[0], f"give one of {_listed(inputs, names)}")


def at_most_one(inputs: BaseModel, *names: str) -> None:
    """No two of these fields are given. Raises Conflict."""
    given = [name for name in names if _given(inputs, name)]
    if len(given) > 1:
        raise wrong(inputs, given[1], f"give only one of {_listed(inputs, given)}")


def needs(inputs: BaseModel, names: Collection[str], needed: str) -> None:
    """These fields mean nothing without the one that is needed. Raises Conflict."""
    if not _given(inputs, needed):
        for name in _first(inputs, names):
            raise wrong(inputs, name, f"has no effect without {_key(inputs, needed)}: give both or none")


def excludes(inputs: BaseModel, winner: str, names: Collection[str], why: str) -> None:
    """Twilio ignores these fields beside the winner. Raises Conflict."""
    if _given(inputs, winner):
        for name in _first(inputs, names):
            raise wrong(inputs, name, f"has no effect beside {_key(inputs, winner)}: {why}")


def wrong(inputs: BaseModel, name: str, problem: str) -> Conflict:
    """The error on a field."""
    return Conflict(_key(inputs, name), problem)


def _first(inputs: BaseModel, names: Collection[str]) -> list[str]:
    return [name for name in names if _given(inputs, name)][:1]


def _given(inputs: BaseModel, name: str) -> bool:
    """True for a value that says something; a switch that is off does not."""
    value: Any = getattr(inputs, name)
    return value is not False and value not in _NOT_GIVEN


def _key(inputs: BaseModel, name: str) -> str:
    return type(inputs).model_fields[name].alias or name


def _listed(inputs: BaseModel, names: Collection[str]) -> str:
    return ", ".join(_key(inputs, name) for name in names)
