"""The results that a replay takes over from the execution that it repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...connector.component import Action
from ...connector.result import ActionResult
from ..registry import Registry
from ..secrets.redact import STRUCK
from ..store import portable
from ..store.executions import ExecutionRecord
from ..store.steps import StepRow
from .runner import Ignored, StepCall
from .runtime import BrokenOff, Runtime

REUSED = "reused"
_ENDED_WELL = frozenset({"succeeded", REUSED})


@dataclass
class Past:
    """Covers the steps until the one from which the execution replays; afterwards, and where it is none, nothing."""

    runtime: Runtime
    record: ExecutionRecord
    reached: bool = False

    def __post_init__(self) -> None:
        self.reached = not self.record.from_step

    def covers(self, path: str) -> bool:
        """To be asked of each step in its turn."""
        self.reached = self.reached or path == self.record.from_step
        return not self.reached

    def result(self, call: StepCall) -> ActionResult:
        """What the step gave then. Raises Ignored, and BrokenOff where that is not known: the step is not done instead."""
        replayed = self.record.replay_of or ""
        row = self.runtime.patiently(lambda: self.runtime.store.steps.last_of(replayed, call.path))
        reason = "has no result there" if row is None else unusable(row, branches=call.step.branches is not None)
        if row is None or reason:
            raise broken(
                f"{call.path}: {reason}, in the execution {replayed}; replay it from an earlier step, or from the start"
            )
        if row.error is not None:
            raise Ignored(row.error)
        return ActionResult(data=portable.loads(row.output or "null"))

    def finish(self) -> None:
        """Raises BrokenOff when the flow never came to the step from which it was to replay."""
        if not self.reached:
            raise broken(
                f"the flow went another way than in {self.record.replay_of} and did not come to {self.record.from_step}: "
                "its configuration was changed. Replay it from the start"
            )


def broken(message: str) -> BrokenOff:
    return BrokenOff({"kind": "input", "message": message})


def unusable(row: StepRow, *, branches: bool) -> str:
    """Why the result of the step, which may be one that ``branches``, cannot be taken over; empty where it can."""
    if branches:
        return "took a branch that is not kept"
    if row.status == "ignored" and row.error:
        return ""
    if row.status not in _ENDED_WELL or row.output is None:
        return "did not end well"
    if STRUCK in row.output:
        return "had a secret in its result, which is not kept"
    value = portable.loads(row.output)
    if isinstance(value, dict) and value.keys() == {"$tooLarge"}:
        return "had a result too large to be kept"
    return ""


def obstacles(rows: Sequence[StepRow], registry: Registry) -> dict[str, str]:
    """By the path of each step of the last attempt: why it cannot be replayed from there; empty where it can."""
    last = max((row.flow_attempt for row in rows), default=1)
    found: dict[str, str] = {}
    obstacle = ""
    for row in rows:
        if row.flow_attempt != last:
            continue
        found.setdefault(row.path, obstacle)
        action = _action(row, registry)
        if obstacle or row.status == "retrying" or (action and action.pure):  # what is pure is done again
            continue
        reason = unusable(row, branches=bool(action and action.flags.get("allowsBranching")))
        obstacle = f"{row.name} {reason}" if reason else ""
    return found


def _action(row: StepRow, registry: Registry) -> Action | None:
    component = registry.get(row.component)
    return component.actions.get(row.action) if component else None
