"""Phone numbers that could be bought: the same each time, all from ranges that are set aside for fiction."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any

from . import forms
from .conversation import pretty
from .errors import TwilioError

E164 = re.compile(r"\+[1-9]\d{6,14}")
COUNTRIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "US": ("United States", ("local", "toll-free")),
    "GB": ("United Kingdom", ("local", "mobile", "national", "toll-free")),
    "AU": ("Australia", ("local", "mobile")),
}


@dataclass(frozen=True, slots=True)
class Range:
    """`count` numbers from `first` on, and where they are."""

    country: str
    kind: str
    first: str
    count: int
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    lata: str | None = None
    place: tuple[float, float] | None = None  # latitude and longitude
    sms: bool = True
    mms: bool = False
    voice: bool = True


RANGES = (
    Range("US", "local", "+14155550110", 80, "San Francisco", "CA", "94105", "722", (37.78, -122.42), mms=True),
    Range("US", "local", "+12065550100", 100, "Seattle", "WA", "98101", "674", (47.61, -122.33), mms=True),
    Range("US", "local", "+12125550100", 100, "New York", "NY", "10001", "132", (40.75, -73.99), mms=True),
    Range("US", "local", "+13125550100", 100, "Chicago", "IL", "60601", "358", (41.88, -87.63), mms=True),
    Range("US", "local", "+18085550100", 100, "Hilo", "HI", "96720", "834", (19.72, -155.09), sms=False),
    Range("US", "local", "+15005550006", 1, mms=True),
    Range("US", "toll-free", "+18005550100", 100, mms=True),
    Range("GB", "local", "+442079460000", 1000, "London", None, None, None, (51.51, -0.13), sms=False),
    Range("GB", "mobile", "+447700900200", 200),
    Range("GB", "national", "+443069990000", 1000, sms=False),
    Range("GB", "toll-free", "+448081570000", 1000, sms=False),
    Range("AU", "local", "+61255500100", 100, "Sydney", "NSW", None, None, (-33.87, 151.21), sms=False),
    Range("AU", "mobile", "+61491570150", 10),
)


@dataclass(frozen=True, slots=True)
class Offer:
    phone_number: str
    range: Range

    @property
    def kind(self) -> str:
        return self.range.kind

    @property
    def friendly_name(self) -> str:
        return national(self.phone_number)


def national(number: str) -> str:
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else pretty(number)


def is_number(text: str) -> bool:
    return bool(E164.fullmatch(text))


def offer(number: str) -> Offer:
    """Return a number that somebody asks for by itself; those outside of all ranges can be had too."""
    for known in RANGES:
        if 0 <= int(number) - int(known.first) < known.count and len(number) == len(known.first):
            return Offer(number, known)
    return Offer(number, Range("US", "local", number, 1))


def offers(country: str, kind: str, query: Mapping[str, str]) -> Iterator[Offer]:
    """Return what meets the filters of a search. Raises TwilioError 20001 for one that cannot be read."""
    near, digits = _near(query), _digits(query.get("Contains", ""))
    area = f"+1{query['AreaCode']}" if query.get("AreaCode") else "+"
    for known in RANGES:
        if known.country == country and known.kind == kind and _meets(known, query, near):
            for place in range(known.count):
                number = f"+{int(known.first) + place}"
                if number.startswith(area) and digits.search(number):
                    yield Offer(number, known)


def _meets(known: Range, query: Mapping[str, str], near: tuple[float, float] | None) -> bool:
    wanted = {"InRegion": known.region, "InPostalCode": known.postal_code, "InLata": known.lata}
    wanted |= {"InLocality": known.locality, "InRateCenter": known.locality and known.locality.upper()}
    able = {"SmsEnabled": known.sms, "MmsEnabled": known.mms, "VoiceEnabled": known.voice, "FaxEnabled": False}
    able |= {"Beta": False}
    return (
        all((has or "").lower() == query[name].lower() for name, has in wanted.items() if query.get(name))
        and all(_flag(name, query[name]) == has for name, has in able.items() if query.get(name) and name != "Beta")
        and (near is None or _within(known, near, query))
    )


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise TwilioError(20001, f"{name} must be true or false")
    return text.lower() == "true"


def _near(query: Mapping[str, str]) -> tuple[float, float] | None:
    if number := query.get("NearNumber"):
        return offer(number).range.place if is_number(number) else None
    if text := query.get("NearLatLong"):
        try:
            latitude, longitude = (float(part) for part in text.split(","))
        except ValueError as wrong:
            raise TwilioError(20001, "NearLatLong must be latitude,longitude such as 37.84,-122.41") from wrong
        return latitude, longitude
    return None


def _within(known: Range, near: tuple[float, float], query: Mapping[str, str]) -> bool:
    distance = forms.number("Distance", query.get("Distance") or "25")  # miles
    return known.place is not None and _miles(known.place, near) <= distance


def _miles(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance over the globe, by the haversine formula."""
    (a, b), (c, d) = ((radians(x), radians(y)) for x, y in (one, other))
    return 7917.5 * asin(sqrt(sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2))


LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


# What the contract says of Contains: 2 to 16 characters, wildcards at the ends of at least two that are none.
CONTAINS = re.compile(r"(?=.{2,16}\Z)(\+?[0-9A-Za-z]\$?|(\+|\*+|%)?[0-9A-Za-z]{2,}(\$|\*+|%)?)")
META = {"*": r"\d", "%": r"\d*", "+": r"\+", "$": "$"}


def _digits(pattern: str) -> re.Pattern[str]:
    """Read Contains: `*` is any digit and `%` any digits; `+` begins and `$` ends the number."""
    if pattern and not CONTAINS.fullmatch(pattern):
        raise TwilioError(
            20001,
            f"Contains is {pattern}: use 2 to 16 characters, digits and letters, with * or % only before or behind "
            "at least two of them, + only at the start, $ only at the end",
        )
    return re.compile("".join(META.get(c, c) for c in pattern.upper().translate(LETTERS)))


def matches(number: str, pattern: str) -> bool:
    """Tell whether `pattern` is in the number: digits, letters as on a keypad, `*` for any one digit."""
    digits = pattern.upper().translate(LETTERS)
    return not pattern or bool(re.search("".join("." if c == "*" else re.escape(c) for c in digits), number))


def shape(it: Offer) -> dict[str, Any]:
    known = it.range
    return {
        "friendly_name": it.friendly_name,
        "phone_number": it.phone_number,
        "lata": known.lata,
        "locality": known.locality,
        "rate_center": known.locality and known.locality.upper(),
        "latitude": known.place and f"{known.place[0]:.6f}",
        "longitude": known.place and f"{known.place[1]:.6f}",
        "region": known.region,
        "postal_code": known.postal_code,
        "iso_country": known.country,
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"voice": known.voice, "sms": known.sms, "mms": known.mms},
    }
