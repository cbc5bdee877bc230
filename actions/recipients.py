"""Whom a bulk message goes to: numbers, objects, or CSV whose columns fill the places of the text, such as ``{{name}}``."""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import chain
from typing import Any

from ..connector.errors import InvalidInput

NUMBER_COLUMNS = ("to", "phone", "phonenumber", "number", "mobile", "recipient")
"""What the column of the number may be called, whatever its case, blanks and dashes."""
DELIMITERS = ",;\t|"

_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_LIKE_A_NUMBER = re.compile(r"(whatsapp:|rcs:|sms:)?\+?[\d\s().\-\u00a0\u2010-\u2013]{3,}")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One of them. ``line`` is where the CSV has it, or its place in the list from 1; ``problem`` what is wrong with it."""

    line: int
    to: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def recipients(given: Any) -> Iterator[Recipient]:
    """Read them, one at a time. Raises InvalidInput for what is no list at all."""
    if isinstance(given, str):
        text = given.removeprefix("\ufeff")
        given = _from_json(text) if text.lstrip()[:1] in {"[", "{"} else None
        if given is None:
            return _from_csv(text)
    if isinstance(given, Mapping) or not isinstance(given, Sequence):
        raise _refused("must be a list of numbers, a list of objects with the number as to, or CSV")
    return (_from_item(line, item) for line, item in enumerate(given, 1))


def places(text: str) -> list[str]:
    """The names of a text's places."""
    return _PLACE.findall(text)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """The text with its places filled. Raises KeyError with the name of a place that nothing fills."""
    return _PLACE.sub(lambda found: variables[found[1]], text)


def _refused(problem: str) -> InvalidInput:
    return InvalidInput(f"recipients: {problem}", field="recipients")


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("begins like JSON and is none") from None


def _from_item(line: int, item: Any) -> Recipient:
    if isinstance(item, Mapping):
        values = {str(name).strip(): _text(value) for name, value in item.items()}
        column = number_column(list(values))
        return _recipient(line, values, values.get(column or "", ""))
    if isinstance(item, str | int) and not isinstance(item, bool):
        return _recipient(line, {"to": str(item).strip()}, str(item).strip())
    return Recipient(line, problem="is neither a number nor an object with the number as to")


def _recipient(line: int, values: Mapping[str, str], to: str) -> Recipient:
    return Recipient(line, to, values, "" if to else "has no number")


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
    return str(value)


def number_column(columns: Sequence[str]) -> str | None:
    """The column that holds the number."""
    plain = {re.sub(r"[\W_]", "", column).lower(): column for column in reversed(columns)}
    return next((plain[name] for name in NUMBER_COLUMNS if name in plain), None)


def _from_csv(text: str) -> Iterator[Recipient]:
    """Rows below a header, or numbers alone."""
    rows = _rows(text)
    first = next(rows, None)
    if first is None:
        raise _refused("there are none")
    line, cells = first
    if len(cells) == 1 and _LIKE_A_NUMBER.fullmatch(cells[0].strip()):
        return (_from_row(*row, ["to"], "to") for row in chain([first], rows))
    columns = [cell.strip() for cell in cells]
    column = number_column(columns)
    if column is None:
        raise _refused(f"line {line}: no column holds the number; call it to. There are {', '.join(columns)[:200]}")
    if len(set(columns)) < len(columns):
        raise _refused(f"line {line}: two columns have the same name")
    return (_from_row(*row, columns, column) for row in rows)


def _from_row(line: int, cells: Sequence[str], columns: Sequence[str], column: str) -> Recipient:
    if len(cells) > len(columns):
        return Recipient(line, problem=f"has {len(cells)} cells below {len(columns)} columns; quote what holds a comma")
    values = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
    return _recipient(line, values, values[column].strip())


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with the line on which each begins."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _refused(f"line {line}: is not CSV: {error}") from None


def _delimiter(text: str) -> str:
    """The one that the first line has most of."""
    start = text.lstrip()[:4096].splitlines()[:1]
    counts = {delimiter: start[0].count(delimiter) if start else 0 for delimiter in DELIMITERS}
    return max(counts, key=lambda delimiter: counts[delimiter])
