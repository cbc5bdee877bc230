"""Runs the steps of a flow, one after another. It knows no engine: what performs a step, sleeps and observes is handed in.

The order and the paths of the calls depend on the results alone, so an engine that replays recorded results meets the very
same calls. A step's path is its key, such as ``sendReply``; inside loops it says the turn: ``loopOverItems[3].sendReply``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Literal

from ...connector.context import LONGEST_WAIT, utc_now
from ...connector.errors import InvalidInput, Refused, is_told
from ...connector.result import ActionResult
from ..definition.expressions import Scope, TooLarge, resolve_inputs, shown
from ..definition.model import ErrorConfig, Flow, Step
from ..store import portable

MAX_TURNS = 250_000
"""How many turns the loops of an execution may take together."""

Signal = Literal["break", "stop"]
Status = Literal["running", "succeeded", "failed", "ignored", "retrying", "looping"]

# Repeating these cannot help: the file or the connection must change first, or the text may have been sent already.
NEVER_REPEATED = frozenset({"input", "connection", "refused", "component", "unknown"})
_REASONS = {"unknown": "it may have been done", "refused": "the service said no"}


class Ignored(Exception):
    """An earlier execution, whose results are taken over, went on in spite of this error. It is not tried again."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = dict(error)


@dataclass(frozen=True, kw_only=True)
class StepCall:
    """One attempt at a step. ``inputs`` hold the secrets of connections: never log or store them."""

    path: str
    attempt: int
    step: Step
    inputs: Mapping[str, Any] = field(repr=False)
    results: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """What the log of an execution keeps of an attempt. A loop has two, the second when it has ended: the later one counts."""

    path: str
    attempt: int
    name: str
    component: str
    action: str
    started: datetime
    ended: datetime
    status: Status = "running"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    output: Any = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class FlowOutcome:
    """``result`` is that of the last step that ran; ``stopped`` tells that a step ended the execution early."""

    result: ActionResult
    stopped: bool = False


@dataclass
class _Results:
    """What the turns of a loop at ``path`` gave: a list while it takes ``limit`` bytes at most, afterwards none of it is kept.

    The turns go on: what they do may be what the flow is for, and some of them have done it.
    """

    path: str
    limit: int
    size: int = 0
    given: list[Any] = field(default_factory=list)

    def add(self, data: Any) -> None:
        self.size += data.size if isinstance(data, TooLarge) else len(portable.dumps(data))
        if self.size > self.limit:
            self.given.clear()
        else:
            self.given.append(data)

    @property
    def value(self) -> "list[Any] | TooLarge":
        """As steps see it."""
        if self.size <= self.limit:
            return self.given
        reason = (
            f"{self.path}: the results of its turns take more than {self.limit} bytes together and were not kept; end each "
            "turn with a step that gives less"
        )
        return TooLarge(self.size, reason)

    @property
    def shown(self) -> Any:
        """As the record of the execution has it."""
        value = self.value
        return value.note if isinstance(value, TooLarge) else value


Perform = Callable[[StepCall], ActionResult]
Observe = Callable[[StepRecord], None]


def run(
    flow: Flow,
    scope: Scope,
    perform: Perform,
    *,
    sleep: Callable[[float], None] = time.sleep,
    observe: Observe = lambda _: None,
    clock: Callable[[], datetime] = utc_now,
    limit: int,
) -> FlowOutcome:
    """Run the steps after the trigger, whose payload is in ``scope`` already (:meth:`Scope.begin`).

    ``perform`` raises errors with a ``kind``; the step's own error handling deals with those, all others pass through.
    The results of a loop are kept where they take ``limit`` bytes at most together. Raises the error of the step that failed
    for good.
    """
    running = _Run(perform, sleep, observe, clock, limit)
    signal = running.steps(flow.steps[1:], scope, "")
    return FlowOutcome(result=running.last, stopped=signal == "stop")


@dataclass
class _Run:
    perform: Perform
    sleep: Callable[[float], None]
    observe: Observe
    clock: Callable[[], datetime]
    limit: int
    turns: int = 0
    last: ActionResult = field(default_factory=ActionResult)

    def steps(self, steps: Sequence[Step], scope: Scope, prefix: str) -> Signal | None:
        for step in steps:
            if signal := self._step(step, scope, prefix + step.key):
                return signal
        return None

    def _step(self, step: Step, scope: Scope, path: str) -> Signal | None:
        record, result = self._attempts(step, scope, path)
        scope.results[step.key], self.last = result.data, result
        if result.signal == "break" and not scope.turns:
            raise InvalidInput(
                f"{path}: there is no loop around this step to break; remove it or move it into the loop"
            )
        if result.signal or record.status == "ignored":
            return result.signal
        if step.body is not None:
            return self._loop(step, step.body, scope, record)
        return self._branch(step, scope, path, result.branch) if step.branches is not None else None

    def _loop(self, step: Step, body: Sequence[Step], scope: Scope, record: StepRecord) -> Signal | None:
        items = scope.results[step.key]
        if not isinstance(items, list | tuple):
            raise InvalidInput(f"{record.path}: gave {type(items).__name__} to loop over; it must give a list")
        results = _Results(record.path, self.limit)
        try:
            signal = self._turns(step, body, scope, record.path, results)
        except Exception as error:
            if is_told(error):
                self._end(record, output=results.shown, status="failed", error=describe(error))
            raise
        self._end(record, output=results.shown, status="succeeded")
        if signal is None:
            scope.results[step.key], self.last = results.value, ActionResult(data=results.value)
        return signal

    def _turns(
        self, step: Step, body: Sequence[Step], scope: Scope, path: str, results: "_Results"
    ) -> Literal["stop"] | None:
        """Fill ``results`` with what the last step of each turn gave; a turn that is broken off gives none."""
        for index, item in enumerate(scope.results[step.key]):
            self.last = ActionResult()
            self._count_turn(path)
            signal = self.steps(body, scope.turn(step.key, item, index), f"{path}[{index}].")
            if signal == "stop":
                return signal
            if signal == "break":
                return None
            results.add(self.last.data)
        return None

    def _count_turn(self, path: str) -> None:
        self.turns += 1
        if self.turns > MAX_TURNS:
            raise Refused(
                f"{path}: the loops of this execution took {MAX_TURNS} turns, and no execution may take more; share the "
                "items among several executions"
            )

    def _branch(self, step: Step, scope: Scope, path: str, name: str | None) -> Signal | None:
        branches = {branch.name: branch for branch in step.branches or ()}
        if name in branches:
            return self.steps(branches[name].steps, scope, path.removesuffix(step.key))
        if name not in {None, "Else"}:
            raise InvalidInput(
                f"{path}: there is no branch {name!r}; add it, or one called Else, to {', '.join(branches)}"
            )
        return None

    def _attempts(self, step: Step, scope: Scope, path: str) -> tuple[StepRecord, ActionResult]:
        """Try until it succeeds, is ignored, or fails for good and raises."""
        for attempt in count(1):
            record = self._begin(step, path, attempt)
            try:
                inputs = resolve_inputs(step.inputs, scope)
                record = replace(record, inputs=shown(step.inputs, inputs))
                result = self.perform(self._call(step, scope, path, attempt, inputs))
            except Ignored as past:
                record = self._end(record, status="ignored", error=past.error)
                return record, ActionResult(data={"error": record.error})
            except Exception as error:
                if not is_told(error):
                    raise
                status = _after(error, step.errors, attempt)
                record = self._end(record, status=status, error=_told(error, step.errors, attempt))
                if record.status == "failed":
                    raise
                if record.status == "ignored":
                    return record, ActionResult(data={"error": record.error})
                self.sleep(_delay(error, step.errors, attempt))
            else:
                status = "succeeded" if step.body is None else "looping"
                return self._end(record, status=status, output=result.data), result
        raise AssertionError  # count() does not end

    def _call(self, step: Step, scope: Scope, path: str, attempt: int, inputs: Mapping[str, Any]) -> StepCall:
        return StepCall(path=path, attempt=attempt, step=step, inputs=inputs, results=scope.visible())

    def _begin(self, step: Step, path: str, attempt: int) -> StepRecord:
        now = self.clock()
        component, action = step.action.component.key, step.action.key
        return StepRecord(
            path=path, attempt=attempt, name=step.name, component=component, action=action, started=now, ended=now
        )

    def _end(self, record: StepRecord, **outcome: Any) -> StepRecord:
        record = replace(record, ended=self.clock(), **outcome)
        self.observe(record)
        return record


def _after(error: Exception, config: ErrorConfig, attempt: int) -> Status:
    """What the step's error handling makes of a failed attempt."""
    if config.handler == "ignore":
        return "ignored"
    if config.handler == "fail":
        return "failed"
    if attempt <= config.max_attempts and not _why_not_again(error):
        return "retrying"
    return "ignored" if config.ignore_final_error else "failed"


def _told(error: Exception, config: ErrorConfig, attempt: int) -> dict[str, Any]:
    """The error, and why it is not tried again though the step asks for it."""
    told = describe(error)
    if config.handler == "retry" and attempt <= config.max_attempts and (reason := _why_not_again(error)):
        told["message"] = f"{told['message']} (not tried again: {reason})"
    return told


def _why_not_again(error: Exception) -> str:
    """Empty where it may be tried again."""
    kind, wait = getattr(error, "kind", ""), getattr(error, "retry_after", None) or 0.0
    if kind in NEVER_REPEATED:
        return _REASONS.get(kind, "the same again would fail again")
    if wait > LONGEST_WAIT:
        return f"the service asks to wait {wait:.0f} s, and a step waits {LONGEST_WAIT:.0f} s at most"
    return ""


def _delay(error: Exception, config: ErrorConfig, attempt: int) -> float:
    """Seconds until the next attempt: as configured, doubled each time if asked, never sooner than the service said."""
    configured = config.delay_seconds * (2 ** (attempt - 1) if config.exponential else 1)
    return max(float(configured), getattr(error, "retry_after", None) or 0.0)


def describe(error: Exception) -> dict[str, Any]:
    """An error as JSON values, as references find it under ``results.error``."""
    if callable(to_dict := getattr(error, "to_dict", None)):
        return dict(to_dict())
    return {"kind": getattr(error, "kind", "error"), "message": str(error)}
