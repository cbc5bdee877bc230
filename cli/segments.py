"""``segments``: how an SMS is charged, and which character makes it dear."""

import sys
from typing import Any

from ..connector.errors import InvalidInput
from ..connector.twilio.segments import LIMITS, Segmentation, segmented
from ..connector.twilio.segments import smart as smartly


def segments(text: str, *, smart: bool) -> None:
    """Print encoding, segments, characters and the culprit."""
    text = _read() if text == "-" else text
    found = segmented(smartly(text) if smart else text)
    summary = found.summary()
    print(f"encoding    {found.encoding}")
    print(f"segments    {found.segments}")
    print(f"characters  {summary['characters']} ({_units(found)})")
    if culprit := summary["culprit"]:
        print(f"culprit     {_named(culprit)} at character {culprit['position']}")
        if not smart:
            _advise(text, found)


def _units(found: Segmentation) -> str:
    kind = "septets" if found.encoding == "GSM-7" else "UTF-16 units"
    single, joined = LIMITS[found.encoding]
    room = f"{single} fit in one segment" if found.segments == 1 else f"{joined} fit in each of several segments"
    return f"{found.units} {kind}; {room}"


def _named(culprit: dict[str, Any]) -> str:
    shown = culprit["character"] if culprit["character"].isprintable() else ""
    return " ".join(filter(None, (shown, culprit["code"], culprit["name"])))


def _advise(text: str, found: Segmentation) -> None:
    better = segmented(smartly(text))
    if better.segments < found.segments:
        print(f"smart       smart encoding makes it {better.encoding} in {better.segments} (--smart, smartEncoded)")


def _read() -> str:
    """Standard input, without the line end that a shell puts there."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("text: standard input is not UTF-8", field="text") from None
    return text.removesuffix("\n").removesuffix("\r")
