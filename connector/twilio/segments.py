"""How a text is cut into SMS segments, which is how it is charged: GSM-7 where every character allows it, else UCS-2.

Sources: 3GPP TS 23.038 (the alphabet), https://www.twilio.com/docs/glossary/what-sms-character-limit (the limits).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from unicodedata import name

from .smart_encoding import SMART

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Two septets each: an escape and the character."""

Encoding = Literal["GSM-7", "UCS-2"]
_GSM_7 = re.compile(f"[{re.escape(''.join(BASIC | EXTENSION))}]*")
_WIDE: dict[Encoding, re.Pattern[str]] = {
    "GSM-7": re.compile(f"[{re.escape(''.join(EXTENSION))}]"),
    "UCS-2": re.compile("[\U00010000-\U0010ffff]"),
}
"""The characters that take two units: an escape sequence, a surrogate pair."""
LIMITS: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units in a single segment, and in each of several, which spend some on saying that they belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmentation:
    """``units`` are septets of GSM-7 or UTF-16 code units; ``culprit`` the first character that forces UCS-2."""

    encoding: Encoding
    parts: tuple[str, ...]
    units: int
    culprit: str | None = None
    position: int | None = None  # of the culprit, from 1

    @property
    def segments(self) -> int:
        """How many are charged; an empty text is still one."""
        return len(self.parts)

    def summary(self) -> dict[str, Any]:
        """The same as JSON values, with the culprit's name in Unicode."""
        culprit = None
        if self.culprit is not None:
            code = f"U+{ord(self.culprit):04X}"
            culprit = {
                "character": self.culprit,
                "name": name(self.culprit, ""),
                "code": code,
                "position": self.position,
            }
        return {
            "encoding": self.encoding,
            "segments": self.segments,
            "characters": sum(map(len, self.parts)),
            "units": self.units,
            "culprit": culprit,
        }


def smart(text: str) -> str:
    """The text as smart encoding sends it: look-alikes replaced, whether or not GSM-7 comes of it."""
    return text.translate(SMART)


def segmented(text: str) -> Segmentation:
    """Cut a text as a carrier does: no character, surrogate pair or escape sequence is split."""
    plain = _prefix(text)
    encoding: Encoding = "GSM-7" if plain == len(text) else "UCS-2"
    units = len(text) + len(_WIDE[encoding].findall(text))
    single, joined = LIMITS[encoding]
    parts = (text,) if units <= single else tuple(_cut(text, encoding, joined, plain=units == len(text)))
    if encoding == "GSM-7":
        return Segmentation(encoding=encoding, parts=parts, units=units)
    return Segmentation(encoding=encoding, parts=parts, units=units, culprit=text[plain], position=plain + 1)


def _prefix(text: str) -> int:
    """How many characters GSM-7 has, until the first that it has not."""
    found = _GSM_7.match(text)
    return found.end() if found else 0


def _cut(text: str, encoding: Encoding, room: int, *, plain: bool) -> Iterator[str]:
    if plain:
        yield from (text[at : at + room] for at in range(0, len(text), room))
        return
    start, used = 0, 0
    for at, character in enumerate(text):
        width = 2 if _WIDE[encoding].match(character) else 1
        if used + width > room:
            yield text[start:at]
            start, used = at, 0
        used += width
    yield text[start:]
