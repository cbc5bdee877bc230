"""Twilio's resources, each declared once, and the shape in which their values leave this connector."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from string import Formatter
from typing import Any

from pydantic import SecretStr
from pydantic.alias_generators import to_camel

from ..context import utc_text
from ..payload import json_default

API_2010 = "/2010-04-01"
ACCOUNT_SID = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
"""The account of the examples."""


def example_sid(prefix: str) -> str:
    """An identifier for examples."""
    return f"{prefix}1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"


_RFC_2822_DAY = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) ", re.ASCII)
_RFC_2822_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d \+0000", re.ASCII)
_MONTHS = dict(
    zip(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), range(1, 13), strict=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One of Twilio's resources.

    ``path`` may hold ``{account}`` and the names of parents, which are fields of the inputs; ``items`` is a page's list;
    ``example`` one of them as it leaves this connector; what ``secrets`` names, never leaves it.
    """

    name: str
    path: str
    items: str
    product: str = "api"
    extension: str = ""
    dates: frozenset[str] = frozenset({"date_created", "date_updated"})
    secrets: frozenset[str] = frozenset()
    example: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def collection(self, parents: Mapping[str, str]) -> str:
        """The path of the list."""
        return self.path.format_map(parents) + self.extension

    def item(self, parents: Mapping[str, str], sid: str) -> str:
        """The path of one; without a SID, of the only one there is."""
        return f"{self.path.format_map(parents)}/{sid}{self.extension}" if sid else self.collection(parents)

    def parents(self, inputs: Any) -> dict[str, str]:
        """The parts of the path that the inputs say."""
        names = {name for _, name, _, _ in Formatter().parse(self.path) if name and name != "account"}
        return {name: getattr(inputs, name) for name in names}

    def content(self, parents: Mapping[str, str], sid: str, extension: str = "") -> str:
        """The path of what one holds, such as the bytes of a picture; the extension may say in which form."""
        return f"{self.path.format_map(parents)}/{sid}{extension}"

    def shape(self, found: Any) -> Any:
        """One of these as the platform has it: camelCase keys, ISO 8601 dates; all else as Twilio sent it, known or not."""
        if not isinstance(found, dict):
            return found
        names, dates, secrets = _layout(tuple(found), self.dates, self.secrets)
        shaped = dict(zip(names, found.values(), strict=False))  # as many: the names are made of its keys
        for name in dates:
            shaped[name] = iso_date(shaped[name])
        for name in secrets:
            del shaped[name]
        return shaped


def dates(*more: str) -> frozenset[str]:
    """The keys whose values are dates: those that every resource has, and more."""
    return frozenset({"date_created", "date_updated", *more})


def api_2010(name: str, path: str, items: str, **more: Any) -> Resource:
    """A resource of an account in the 2010 API, which answers in XML without the extension."""
    return Resource(name=name, path=f"{API_2010}/Accounts/{{account}}/{path}", items=items, extension=".json", **more)


Names = tuple[str, ...]


@lru_cache(maxsize=1024)
def _layout(keys: Names, dates: frozenset[str], secrets: frozenset[str]) -> tuple[Names, Names, Names]:
    """The names of what has these keys, and which of them are dates and secrets. A list's items have them all alike."""
    names = tuple(map(to_camel, keys))
    chosen = [tuple(to_camel(key) for key in keys if key in some) for some in (dates - secrets, secrets)]
    return names, chosen[0], chosen[1]


LONGEST_DATE = 64


def iso_date(value: Any) -> Any:
    """A date of either API, RFC 2822 or ISO 8601, as ``2010-04-01T00:00:00.000Z``; what is none comes back as it is."""
    return _iso(value) if isinstance(value, str) and len(value) <= LONGEST_DATE else value


@lru_cache(maxsize=4096)
def _iso(value: str) -> str:
    if (day := _iso_day(value[:17])) and _RFC_2822_TIME.fullmatch(value, 17):
        return f"{day}T{value[17:25]}.000Z"
    moment = _moment(value)
    return value if moment is None else utc_text(moment)


@lru_cache(maxsize=1024)
def _iso_day(text: str) -> str | None:
    """The day of an RFC 2822 date, with the blank behind it. A list has few days, and each second of them."""
    if not (found := _RFC_2822_DAY.fullmatch(text)) or not (month := _MONTHS.get(found[2])):
        return None
    try:
        return date(int(found[3]), month, int(found[1])).isoformat()
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def form_pairs(values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Values as Twilio's forms have them: lists repeat their key, booleans in lower case, times in UTC, objects as JSON.

    None is left out.
    """
    for name, value in values.items() if isinstance(values, Mapping) else values:
        for item in value if isinstance(value, list | tuple) else [value]:
            if item is not None:
                yield name, _form_text(item)


def _form_text(value: Any) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case datetime():
            return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bool() | Mapping() | list():
            return json.dumps(value, default=json_default)
    return str(value)
