"""What a config variable may hold: read from a form's text, a file's default or plain data, in the form that steps get it.

Booleans and numbers are those; dates are ISO 8601 text, timestamps too, in UTC; collections are lists; objectSelection,
objectFieldMap and jsonForm are what their JSON says. Everything else is text.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from ...connector.context import utc_text
from ...connector.payload import text_of
from .model import ConfigVar
from .timetable import Timetable

JSON_TYPES = frozenset({"objectSelection", "objectFieldMap", "jsonForm"})


def read(var: ConfigVar, given: Any) -> Any:
    """The value in its native form. Raises ValueError with what to give instead."""
    if var.collection:
        found = _collection(var, given)
    elif var.data_type in JSON_TYPES:
        found = _structure(var, _parsed(given))
    else:
        found = _scalar(var, given)
    if not is_writable(found):
        raise ValueError("cannot be kept: it holds half a surrogate pair, which is no character, or nests too deep")
    return found


def is_writable(value: Any) -> bool:
    """Whether a value can be stored and shown: nothing takes half a surrogate pair."""
    try:
        text_of(value).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _scalar(var: ConfigVar, given: Any) -> Any:
    if isinstance(given, Mapping | list | tuple):
        raise ValueError(f"takes one value, not {_named(given)}")  # noqa: TRY004 (all that is wrong is said alike)
    text = text_of(given)
    if var.pick_list and text not in var.pick_list:
        raise ValueError(f"must be one of {', '.join(var.pick_list)}, not {text!r}")
    return _READERS.get(var.data_type, _text)(var, text)


def _text(_var: ConfigVar, text: str) -> str:
    return text


def _boolean(_var: ConfigVar, text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"must be true or false, not {text!r}")
    return text == "true"


def _number(_var: ConfigVar, text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        raise ValueError(f"must be a number, not {text!r}")
    plain = text.strip().removeprefix("-").removeprefix("+")
    return int(text) if plain.isdecimal() and plain.isascii() else number


def _date(_var: ConfigVar, text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ValueError(f"must be a date such as 2026-03-15, not {text!r}") from None


def _timestamp(_var: ConfigVar, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"must be a time such as 2026-03-15T14:32:10Z, not {text!r}") from None
    return utc_text(aware)


def _code(var: ConfigVar, text: str) -> str:
    if var.code_language == "json":
        _parsed(text)
    return text


def _schedule(var: ConfigVar, text: str) -> str:
    Timetable.parse(text, var.time_zone)
    return text


_READERS: Mapping[str, Callable[[ConfigVar, str], Any]] = {
    "boolean": _boolean,
    "number": _number,
    "date": _date,
    "timestamp": _timestamp,
    "code": _code,
    "schedule": _schedule,
}


def _collection(var: ConfigVar, given: Any) -> list[Any]:
    found = _parsed(given) if isinstance(given, str) else given
    if var.collection == "valuelist":
        if not isinstance(found, list | tuple):
            raise ValueError(f"must be a list of values, not {_named(found)}")
        return [_scalar(var, item) for item in found]
    pairs = list(found.items()) if isinstance(found, Mapping) else found
    if not isinstance(pairs, list | tuple):
        raise ValueError(f"must be a list of keys and values, not {_named(pairs)}")  # noqa: TRY004
    return [{"key": key, "value": _scalar(var, value)} for key, value in map(_pair, pairs)]


def _pair(item: Any) -> tuple[str, Any]:
    match item:
        case {"key": key, "value": value} | (key, value) if isinstance(key, str):
            return key, value
    raise ValueError('each entry must be {"key": …, "value": …}')


def _structure(var: ConfigVar, found: Any) -> Any:
    if var.data_type == "objectSelection" and not _all_mappings(found):
        raise ValueError('must be a list of objects, such as [{"object": {"key": …}, "fields": […]}]')
    if var.data_type == "objectFieldMap" and not (isinstance(found, Mapping) and _all_mappings(found.get("fields"))):
        raise ValueError('must be an object, such as {"fields": [{"field": {"key": …}, "mappedField": {"key": …}}]}')
    return found


def _all_mappings(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value)


def _parsed(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from None


def _named(value: Any) -> str:
    kinds = {
        dict: "an object",
        list: "a list",
        tuple: "a list",
        str: "a text",
        bool: "true or false",
        type(None): "nothing",
    }
    return kinds.get(type(value), "a number")
