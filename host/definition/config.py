"""The values of an integration's config variables for one customer: completed, checked, all problems at once."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from ...connector.errors import InvalidInput
from .model import ConfigVar, Integration
from .names import did_you_mean

_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def configure(integration: Integration, given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each config variable: what is given, else its default. A connection's value is the host's to choose.

    Plain values are text, as on the platform, collections are lists. Raises InvalidInput; its field is the first variable.
    """
    values = {var.key: _completed(var, given.get(var.key)) for var in integration.config_vars}
    problems = [
        *_unknown(integration, given),
        *((var.key, problem) for var in integration.config_vars for problem in _problems(var, values[var.key])),
    ]
    if problems:
        raise InvalidInput("; ".join(f"{key}: {problem}" for key, problem in problems), field=problems[0][0])
    return values


def _completed(var: ConfigVar, value: Any) -> Any:
    if value is None or value == "":
        value = var.default
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _unknown(integration: Integration, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = [var.key for var in integration.config_vars]
    for key in given:
        if key not in known:
            yield key, f"is not a config variable of {integration.name}; {did_you_mean(key, known)}"


def _problems(var: ConfigVar, value: Any) -> Iterator[str]:
    if value in ("", None, []):
        yield "is required; give it a value"
    elif var.collection:
        if not isinstance(value, list):
            yield "must be a list"
    elif var.connection is None and not isinstance(value, str):
        yield f"must be text, not {type(value).__name__}"
    elif var.connection is None:
        yield from _plain(var, value)


def _plain(var: ConfigVar, value: str) -> Iterator[str]:
    if var.pick_list and value not in var.pick_list:
        yield f"must be one of {', '.join(var.pick_list)}, not {value!r}"
    test, form = _FORMS.get(var.data_type, (None, ""))
    if test and not test(value):
        yield f"must be {form}, not {value!r}"


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def test(value: str) -> bool:
        try:
            read(value)
        except ValueError:
            return False
        return True

    return test


_FORMS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "boolean": (lambda value: value in {"true", "false"}, "true or false"),
    "number": (_NUMBER.fullmatch, "a number"),
    "date": (_reads(date.fromisoformat), "a date such as 2026-03-15"),
    "timestamp": (_reads(datetime.fromisoformat), "a date and time such as 2026-03-15T14:32:10Z"),
}
