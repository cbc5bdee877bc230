"""How many SMS segments a text needs: 160/153 septets of GSM 03.38, or 70/67 UTF-16 code units."""

from __future__ import annotations

from math import ceil

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà",
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # an escape and a character: two septets, never split over segments


def count(text: str) -> int:
    """Return the segments of `text`; an empty text still takes one."""
    if all(c in BASIC or c in EXTENDED for c in text):
        return _packed([2 if c in EXTENDED else 1 for c in text], single=160, part=153)
    return _packed([len(c.encode("utf-16-le")) // 2 for c in text], single=70, part=67)


def _packed(widths: list[int], *, single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    if all(width == 1 for width in widths):
        return ceil(len(widths) / part)
    segments, room = 1, part
    for width in widths:
        if width > room:
            segments, room = segments + 1, part
        room -= width
    return segments
