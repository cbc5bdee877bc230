"""Reads the parameters of a request into the fields of a record, by the types that the record declares."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .errors import TwilioError
from .shapes import camel
from .urls import is_url

Form = Mapping[str, Sequence[str]]


def read(record: type[Any], writable: Sequence[str], form: Form) -> dict[str, Any]:
    """Return the given fields; `friendly_name` is given as FriendlyName. Raises TwilioError 20001 for a bad value."""
    names, hints = {camel(name): name for name in writable}, get_type_hints(record)
    return {names[key]: _value(hints[names[key]], key, values[-1]) for key, values in form.items() if key in names}


def _value(hint: Any, parameter: str, text: str) -> Any:
    if get_origin(hint) is Literal:
        return _one_of(parameter, text, get_args(hint))
    if hint is bool:
        return _one_of(parameter, text.lower(), ("true", "false")) == "true"
    if hint is int:
        return number(parameter, text)
    if parameter.endswith(("Url", "Callback")) and text and not is_url(text):
        raise TwilioError(20001, f"{parameter} must be an absolute URL")
    if parameter.endswith("Method"):
        return _one_of(parameter, text, ("GET", "POST"))
    return text


def json_of(text: str | bytes) -> Any:
    """Read JSON. Raises ValueError for what is none, and for half of a surrogate pair, which no answer could say."""
    try:
        data: Any = json.loads(text)
    except RecursionError as wrong:
        raise ValueError("nested too deep") from wrong
    json.dumps(data, ensure_ascii=False).encode()
    return data


def number(parameter: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 -- longer than any that is asked for
        raise TwilioError(20001, f"{parameter} must be a number")
    return int(text)


def _one_of(parameter: str, text: str, allowed: Sequence[str]) -> str:
    if text not in allowed:
        raise TwilioError(20001, f"{parameter} must be one of {', '.join(allowed)}")
    return text
