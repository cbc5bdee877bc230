"""An execution as a timeline: its steps in their order, with bars to the scale of the whole."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..execution.past import obstacles
from ..registry import Registry
from ..store import portable
from ..store.executions import ENDED, ExecutionRecord
from ..store.logs import LogLine
from ..store.steps import StepRow
from .cards import unit_label
from .hints import Trouble

BAR = 1000.0
MIN_BAR = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step's attempt on the timeline. ``left`` and ``width`` are thousandths of the execution's time.

    ``path`` is set where it can be replayed from here; otherwise ``obstacle`` says why not, where it is worth saying.
    """

    name: str
    unit: str
    status: str
    attempt: int
    flow_attempt: int
    started_at: datetime
    ended_at: datetime | None
    depth: int
    turn: str
    left: float
    width: float
    inputs: Any
    output: Any
    error: Trouble | None
    lines: Sequence[LogLine] = ()
    path: str = ""
    obstacle: str = ""


def timeline(
    execution: ExecutionRecord, rows: Sequence[StepRow], lines: Sequence[LogLine], registry: Registry
) -> list[StepView]:
    """The steps' attempts, in the order they began."""
    first = min([execution.created_at, *(row.started_at for row in rows)])
    last = max([execution.created_at, *(row.ended_at or row.started_at for row in rows)])
    ways = obstacles(rows, registry) if execution.status in ENDED else {}
    begun: set[str] = set()
    views = []
    for row in rows:
        of_row = [line for line in lines if _key(line) == _key(row)]
        is_first = row.flow_attempt == execution.attempt and row.path not in begun and row.path in ways
        begun.add(row.path if is_first else "")
        way = ways[row.path] if is_first else None
        views.append(_view(row, first, last - first, registry, lines=of_row, way=way))
    return views


def _key(item: StepRow | LogLine) -> tuple[int, str, int]:
    return item.flow_attempt, item.path, item.attempt


def _view(
    row: StepRow, first: datetime, span: timedelta, registry: Registry, *, lines: Sequence[LogLine], way: str | None
) -> StepView:
    whole = max(span.total_seconds(), 0.001)
    took = ((row.ended_at or row.started_at) - row.started_at).total_seconds()
    width = max(MIN_BAR, BAR * took / whole)
    left = min(BAR * (row.started_at - first).total_seconds() / whole, BAR - width)
    turns = re.findall(r"\[(\d+)\]", row.path)
    return StepView(
        name=row.name,
        unit=unit_label(registry, row.component, row.action),
        status=row.status,
        attempt=row.attempt,
        flow_attempt=row.flow_attempt,
        started_at=row.started_at,
        ended_at=row.ended_at,
        depth=min(len(turns), 4),
        turn=".".join(str(int(turn) + 1) for turn in turns),
        left=round(max(left, 0.0), 1),
        width=round(width, 1),
        inputs=value_of(row.inputs),
        output=value_of(row.output),
        error=Trouble.of(row.error),
        lines=lines,
        path=row.path if way == "" else "",
        obstacle=way or "",
    )


def value_of(text: str | None) -> Any:
    return None if text is None else portable.loads(text)
