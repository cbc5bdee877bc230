"""Rates as small bars: drawn with attributes only, for no style may stand in a page, and said in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..store.rates import Part

WIDTH, HEIGHT = 240.0, 40.0
_GAP = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """From the left and the top of a drawing of ``WIDTH`` by ``HEIGHT``: what succeeded stands on what failed."""

    x: float
    width: float
    y: float
    height: float
    failed_y: float
    failed_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    title: str
    text: str
    succeeded: int
    failed: int
    bars: Sequence[Bar]

    @classmethod
    def of(cls, title: str, width: str, parts: Sequence[Part]) -> "Chart":
        """``width`` says how long a part is."""
        succeeded, failed = sum(part.succeeded for part in parts), sum(part.failed for part in parts)
        most = max(part.succeeded + part.failed for part in parts)
        text = f"{title}: {succeeded:,} succeeded, {failed:,} failed; at most {most:,} in {width}."
        step = WIDTH / len(parts)
        bars = [_bar(part, index * step, step - _GAP, HEIGHT / max(most, 1)) for index, part in enumerate(parts)]
        return cls(title=title, text=text, succeeded=succeeded, failed=failed, bars=bars)


def _bar(part: Part, x: float, width: float, scale: float) -> Bar:
    failed, succeeded = part.failed * scale, part.succeeded * scale
    if part.failed:
        failed = max(failed, 1.5)  # one among thousands is still to be seen
    return Bar(
        x=round(x, 2),
        width=round(width, 2),
        y=round(max(HEIGHT - failed - succeeded, 0), 2),
        height=round(succeeded, 2),
        failed_y=round(HEIGHT - failed, 2),
        failed_height=round(failed, 2),
    )
