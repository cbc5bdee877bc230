"""What breaks when: made of a seed alone, so that the same seed gives the same plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

KINDS = ("kill", "freeze", "clock", "database", "disk")
WEIGHTS = (10, 6, 6, 3, 2)
GAP = (2.0, 8.0)  # seconds from one fault to the next
LASTS = {"freeze": (1.0, 20.0), "database": (0.0, 4.0), "disk": (3.0, 10.0)}  # seconds
LONG, OFTEN = 17.0, 0.4  # of a freeze, longer than the others wait before they take over; and how often it is that long


@dataclass(frozen=True, slots=True)
class Fault:
    """``target`` is a process; ``seconds`` is how long it lasts, or by how much the clock of the target is wrong."""

    at: float
    kind: str
    target: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        parts = (f"{self.at:7.1f} s", self.kind, self.target, f"{self.seconds:+.1f} s" if self.seconds else "")
        return "  ".join(filter(None, parts))


def plan(seed: int, seconds: float, targets: Sequence[str], kinds: Sequence[str], clock: float) -> list[Fault]:
    """The faults of so many seconds, each kind at least once where there is room; clocks are wrong by ``clock`` at most."""
    random, faults, at = Random(seed), [], 0.0
    first = random.sample(kinds, len(kinds))
    weights = [WEIGHTS[KINDS.index(kind)] for kind in kinds]
    while (at := at + random.uniform(*GAP)) < seconds:
        kind = first.pop() if first else random.choices(kinds, weights)[0]
        faults.append(_fault(random, at, kind, targets, clock))
    return faults


def _fault(random: Random, at: float, kind: str, targets: Sequence[str], clock: float) -> Fault:
    target = random.choice(targets) if kind in {"kill", "freeze", "clock"} else ""
    if kind == "clock":
        return Fault(at, kind, target, random.uniform(-clock, clock))
    if kind == "freeze" and random.random() < OFTEN:
        return Fault(at, kind, target, LONG)
    return Fault(at, kind, target, random.uniform(*LASTS.get(kind, (0.0, 0.0))))
