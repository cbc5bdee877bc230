"""Turns, medians and ratios. What is measured takes turns with what stands beside it, so that a busy machine slows both."""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")
ROUNDS = 5
HEAD = "| work | ours | beside | theirs | ours / theirs | goal | met |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. ``ratio`` is ours divided by theirs, of a cost; ``goal`` the most that it may be.

    There is no ratio where theirs could not be measured here.
    """

    work: str
    ours: str
    beside: str
    theirs: str
    ratio: float | None
    goal: float | None = None

    def __str__(self) -> str:
        known = self.ratio is not None and self.goal is not None
        met = "" if not known else "yes" if self.ratio <= self.goal else "no"
        goal = "" if self.goal is None else f"≤ {self.goal:.2f}"
        ratio = "–" if self.ratio is None else f"{self.ratio:.2f}"
        return f"| {self.work} | {self.ours} | {self.beside} | {self.theirs} | {ratio} | {goal} | {met} |"


def turns(measures: Sequence[Callable[[], T]], rounds: int = ROUNDS) -> list[list[T]]:
    """What each measured, round by round, after one round that only warms up."""
    for measure in measures:
        measure()
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [list(column) for column in zip(*taken, strict=True)]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def cpu(work: Callable[[], object], times: int) -> Callable[[], float]:
    """Measures the CPU seconds of one call, all threads together: the machine may be shared, the CPU time is our own."""

    def measure() -> float:
        start = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - start) / times

    return measure


def row(
    work: str, beside: str, ours: Sequence[float], theirs: Sequence[float], *, most: float | None, unit: str
) -> Row:
    """A line of two columns of costs: seconds, shown in ``µs``, ``ms``, ``s`` or how often in one, ``/s``; or ``MB``."""
    shown = [_shown(median(column), unit) for column in (ours, theirs)]
    return Row(work=work, ours=shown[0], beside=beside, theirs=shown[1], ratio=ratio(ours, theirs), goal=most)


def bounded(work: str, ours: Sequence[float], *, most: float, unit: str) -> Row:
    """A line of what has no rival here, only the most that it may be, in the same unit as it is measured in."""
    return row(work, "the most that it may be", ours, [most] * len(ours), most=1.0, unit=unit)


def missing(work: str, beside: str, why: str, ours: Sequence[float], *, most: float | None, unit: str) -> Row:
    """A line whose rival could not be run here."""
    return Row(work=work, ours=_shown(median(ours), unit), beside=beside, theirs=why, ratio=None, goal=most)


def _shown(cost: float, unit: str) -> str:
    if unit == "/s":
        return f"{1 / cost:,.0f}/s"
    scale, digits = {"µs": (1e6, 1), "ms": (1e3, 1), "s": (1.0, 2), "MB": (1.0, 0)}[unit]
    return f"{cost * scale:,.{digits}f} {unit}"


def tiny() -> bool:
    """Whether only to see that it works, with few repetitions: the numbers then mean nothing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiny", action="store_true", help="few repetitions, to see that it works")
    return bool(parser.parse_args().tiny)


def show(rows: Sequence[Row]) -> None:
    """Print the lines, below their head."""
    print(HEAD, *rows, sep="\n", flush=True)
