"""How a text is cut into SMS segments, which is how it is charged: GSM-7 where every character allows it, else UCS-2.

Sources: 3GPP TS 23.038 (the alphabet), https://www.twilio.com/docs/glossary/what-sms-character-limit (the limits).
"""

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
    found = next(((at, each) for at, each in enumerate(text, 1) if each not in BASIC and each not in EXTENSION), None)
    encoding: Encoding = "GSM-7" if found is None else "UCS-2"
    units = sum(_width(character, encoding) for character in text)
    single, joined = LIMITS[encoding]
    parts = (text,) if units <= single else tuple(_cut(text, encoding, joined))
    position, culprit = found or (None, None)
    return Segmentation(encoding=encoding, parts=parts, units=units, culprit=culprit, position=position)


def _cut(text: str, encoding: Encoding, room: int) -> Iterator[str]:
    start, used = 0, 0
    for at, character in enumerate(text):
        width = _width(character, encoding)
        if used + width > room:
            yield text[start:at]
            start, used = at, 0
        used += width
    yield text[start:]


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004  a surrogate pair
