"""JSON by orjson where it is installed (the extra ``fast``), else by the standard library.

The values are the same either way, but for whole numbers beyond 64 bits, which Twilio has none of: orjson reads them as floats.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

orjson: Any = None
with suppress(ImportError):
    orjson = import_module("orjson")


def loads(data: bytes) -> Any:
    """What JSON text says. Raises ValueError or RecursionError."""
    if orjson is not None:
        with suppress(ValueError):  # it takes no half of a character, which Twilio may pass on
            return orjson.loads(data)
    return json.loads(data)


def dumps(value: Any, default: Callable[[Any], Any]) -> str | None:
    """Compact JSON text in ASCII, a number that JSON lacks as null; None where only the standard library can write it so."""
    if orjson is None:
        return None
    plain = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
    try:
        written: bytes = orjson.dumps(value, default, plain)
    except TypeError:  # half of a character, a key that is no text, a large number
        return None
    return written.decode() if written.isascii() else None
