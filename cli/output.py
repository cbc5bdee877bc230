"""Results on standard output, as JSON."""

import json
import re
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any

from ..connector.payload import json_default

_CODES = re.compile(
    "[\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]"
)  # what JSON leaves as it is, though terminals obey it
_CONTROL = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


def write_json(value: Any, *, indent: int | None = None) -> None:
    """One JSON text and a line end."""
    print(_dumps(value, indent=indent), flush=True)  # here, where it can be told that it cannot be written


def write_data(data: Any) -> None:
    """``{"data": …}``; an iterator is written item by item, so memory stays flat.

    The first item is fetched before anything is written: a call that fails at once prints nothing.
    """
    if not isinstance(data, Iterator):
        write_json({"data": data})
        return
    items = chain(list(_first(data)), data)
    sys.stdout.write('{"data": [')
    for index, item in enumerate(items):
        sys.stdout.write((", " if index else "") + _dumps(item))
    print("]}", flush=True)


def _first(items: Iterator[Any]) -> Iterator[Any]:
    for item in items:
        yield item
        return


def _dumps(value: Any, *, indent: int | None = None) -> str:
    text = json.dumps(value, default=json_default, ensure_ascii=False, indent=indent)
    return _CODES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(text: str) -> str:
    """A message for people, which may quote a stranger, without what steers a terminal."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
