"""Values as the host stores them: JSON with bytes, so that a replay returns what the first run returned.

``dumps`` takes what units return; ``loads(dumps(x))`` is what the flow sees the first time too, so both times agree:
tuples become lists, dates ISO 8601 text with milliseconds and Z, numbers that JSON lacks null. Bytes stay bytes.
"""

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel, SecretStr

from ...connector import quick
from ...connector.context import utc_text

DEEPEST = 100
"""How many lists and objects may stand inside each other in what comes from outside: a request, a step's output."""

_TOO_DEEP = "the value nests more than {} lists and objects; give flatter data"
_BYTES = "$bytes"
_ESCAPED = re.compile(r"\$+bytes")


class NotPortable(TypeError):
    """A value that cannot be stored; the message names where it is and its type, never the value."""


def dumps(value: Any, deepest: int = 2 * DEEPEST) -> str:
    """JSON text in ASCII, so that every database takes it, NUL and lone surrogates included. Raises NotPortable."""
    try:
        text = _dumped(value)
    except RecursionError:
        raise NotPortable(_TOO_DEEP.format(deepest)) from None
    lists = text.count("[") if "[" in text else 0  # one instruction looks for it, counting takes each character
    if lists + text.count("{") > deepest and is_deeper(value, deepest):
        raise NotPortable(_TOO_DEEP.format(deepest))
    return text


def _dumped(value: Any) -> str:
    try:
        text, found = _quickly(value)
    except (TypeError, ValueError):
        return _text(_encode(value, ()))
    first, last = text.find("$"), text.rfind("$")
    return text if text.count(_BYTES, first, last + len(_BYTES)) == found else _text(_encode(value, ()))


def is_deeper(value: Any, deepest: int) -> bool:
    """Whether lists and objects stand more than ``deepest`` inside each other: level by level, for the stack has an end."""
    level = [value]
    for _ in range(deepest + 1):
        level = [inner for item in level if type(item) not in _SINGLE for inner in _inside(item)]
    return bool(level)


_SINGLE = frozenset({str, int, float, bool, type(None), bytes})  # millions of them are passed by quickly


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()


def _quickly(value: Any) -> tuple[str, int]:
    """The text by the encoder in C, and how many bytes it met; right unless the data looks like our form of bytes."""
    found: list[Any] = []

    def other(item: Any) -> Any:
        if isinstance(item, bytes | bytearray | memoryview):
            found.append(item)
        return _encode_object(item, ())

    text = quick.dumps(value, other)
    if text is None:
        found.clear()
        text = _text(value, default=other)
    return text, len(found)


def _text(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=default)


def loads(text: str) -> Any:
    return json.loads(text, object_hook=_decode)


@lru_cache(maxsize=16)  # the rows of one transaction share theirs
def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z; a naive time is taken as UTC."""
    return utc_text(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)


def _encode(value: Any, path: tuple[str, ...]) -> Any:  # noqa: PLR0911 (one line a kind)
    match value:
        case str() | None | bool():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return _encode(value.value, path)
        case int():
            return int(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return _encode_mapping(value, path)
        case list() | tuple() | AbstractSet():
            return [_encode(item, (*path, str(index))) for index, item in enumerate(value)]
        case _:
            return _encode_object(value, path)


def _encode_object(value: Any, path: tuple[str, ...]) -> Any:
    match value:
        case bytes() | bytearray() | memoryview():
            return {_BYTES: base64.b64encode(value).decode()}
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case Decimal() | UUID() | PurePath():
            return str(value)
        case BaseModel():
            return _encode(value.model_dump(by_alias=True), path)
        case SecretStr():
            raise NotPortable(f"{_where(path)} is a secret and is not stored; leave it out of what the step returns")
    if is_dataclass(value) and not isinstance(value, type):
        return _encode({f.name: getattr(value, f.name) for f in fields(value)}, path)
    raise NotPortable(f"{_where(path)} is a {type(value).__name__}, which JSON has no form for; return plain data")


def _encode_mapping(value: Mapping[Any, Any], path: tuple[str, ...]) -> dict[str, Any]:
    encoded = {str(key): _encode(item, (*path, str(key))) for key, item in value.items()}
    return {f"${key}": item for key, item in encoded.items()} if _is_marked(encoded) else encoded


def _decode(value: dict[str, Any]) -> Any:
    """An object as it was; what is inside it was decoded before it."""
    if not _is_marked(value):
        return value
    ((key, item),) = value.items()
    return base64.b64decode(item) if key == _BYTES else {key[1:]: item}


def _is_marked(value: Mapping[str, Any]) -> bool:
    """Whether it looks like our own form of bytes; data that does is escaped by one more dollar."""
    return len(value) == 1 and _ESCAPED.fullmatch(next(iter(value))) is not None


def _where(path: tuple[str, ...]) -> str:
    return "the value at " + ".".join(path) if path else "the value"
