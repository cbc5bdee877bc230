"""One attempt at one execution: the flow run with what the host knows, each step with a side effect checkpointed.

The engine is handed in as ``checkpoint(name, body)``: it runs ``body`` and keeps its text, or gives back the text kept.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..connector.component import Action
from ..connector.context import ActionContext, utc_now
from ..connector.errors import InvalidInput, OutcomeUnknown
from ..connector.result import ActionResult
from . import outcome, portable
from .claims import StepClaims
from .configuration import Configuration
from .definition import model
from .expressions import Scope, shown
from .redact import Redactor
from .registry import Registry, is_own
from .routes import Routes
from .runner import FlowOutcome, States, StepCall, StepRecord, run
from .settings import Limits
from .stopping import Stopping
from .store import Store
from .store.commit import GroupCommit, Write
from .store.executions import ExecutionRecord, StepRow, begin_step, end_step
from .store.states import Scope as StateScope
from .versions import Versions

Checkpoint = Callable[[str, Callable[[], str]], str]


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What an attempt is told, kept with it: a change of configuration in mid-run does not change its way."""

    execution_id: str
    attempt: int
    config: Mapping[str, Any] = field(repr=False)
    connections: Mapping[str, str]

    def to_text(self) -> str:
        return portable.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Assignment":
        return cls(**portable.loads(text))


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What every execution of a host uses."""

    store: Store
    registry: Registry
    versions: Versions
    configuration: Configuration
    routes: Routes
    records: GroupCommit[Write, Any]
    limits: Limits
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def redactor(self) -> Redactor:
        return self.configuration.redactor

    def run(self, assignment: Assignment, checkpoint: Checkpoint) -> FlowOutcome:
        """Run the flow. Raises the error that it ends with; others than a ConnectorError are faults of the host."""
        attempt = prepare(self, assignment, checkpoint)
        return run(
            attempt.flow,
            attempt.scope,
            attempt.perform,
            states=attempt.states,
            sleep=attempt.sleep,
            observe=attempt.observe,
        )


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The parts of one attempt; its methods are what the runner is handed."""

    workshop: Workshop
    assignment: Assignment
    checkpoint: Checkpoint
    flow: model.Flow
    scope: Scope
    states: States
    owners: Mapping[StateScope, str]
    context: ActionContext

    def perform(self, call: StepCall) -> ActionResult:
        component = self.workshop.registry[call.step.action.component.key]
        action = component.actions[call.step.action.key]
        if action.pure and is_own(
            component
        ):  # of others it only says that asking again is harmless, not that it is the same
            return outcome.unpack(self._act(action, call, None))
        if self.workshop.stopping.is_set():
            raise Stopping
        return outcome.unpack(self.checkpoint(f"{call.path}#{call.attempt}", lambda: self._once(action, call)))

    def sleep(self, seconds: float) -> None:
        """Sleep until a time that is checkpointed, so that a restart does not begin the wait again."""
        until = float(self.checkpoint("wait", lambda: repr(time.time() + seconds)))
        if self.workshop.stopping.wait(max(0.0, until - time.time())):
            raise Stopping

    def observe(self, record: StepRecord) -> None:
        self.workshop.records.put(lambda connection: end_step(connection, self._row(record)))

    def _once(self, action: Action, call: StepCall) -> str:
        """Do it, unless a process that died may have done it already: a text that went out must not go out again."""
        row = self._begun(call)
        began: datetime | None = self.workshop.records.put(lambda connection: begin_step(connection, row)).result()
        if began and not _is_repeatable(action):
            return outcome.pack_error(OutcomeUnknown(_INTERRUPTED.format(call.path)))
        return self._act(action, call, began)

    def _act(self, action: Action, call: StepCall, began: datetime | None) -> str:
        try:
            result = action.perform(self._context(action, call, began), call.inputs)
            text = outcome.pack(result, self.workshop.limits.step)
            self._keep(result)
        except sa.exc.SQLAlchemyError as error:
            return self._failed(call, outcome.OutputRefused(f"the step ran, but its state could not be kept: {error}"))
        except Exception as error:  # noqa: BLE001 (whatever a unit raises is the outcome of its step)
            return self._failed(call, error)
        return text

    def _failed(self, call: StepCall, error: Exception) -> str:
        if not isinstance(getattr(error, "kind", None), str):
            self.context.logger.warning("step %s failed: %s", call.path, type(error).__name__, exc_info=error)
        return self.workshop.redactor.strike(outcome.pack_error(error))

    def _keep(self, result: ActionResult) -> None:
        changes: dict[StateScope, Mapping[str, Any] | None] = {
            "instance": result.instance_state,
            "cross_flow": result.cross_flow_state,
            "execution": result.execution_state,
            "integration": result.integration_state,
        }
        self.workshop.store.states.merge(self.owners, changes)

    def _context(self, action: Action, call: StepCall, began: datetime | None) -> ActionContext:
        return replace(
            self.context,
            step_id=call.path,
            results=call.results,
            first_attempt=began,
            claims=self._claims(call),
            sleep=self._nap if _is_repeatable(action) else self._doze,
            instance_state=call.states.instance,
            cross_flow_state=call.states.cross_flow,
            execution_state=call.states.execution,
            integration_state=call.states.integration,
        )

    def _claims(self, call: StepCall) -> StepClaims:
        return StepClaims(
            engine=self.workshop.store.engine,
            records=self.workshop.records,
            component=call.step.action.component.key,
            execution_id=self.assignment.execution_id,
            step=f"{self.assignment.attempt}/{call.path}#{call.attempt}",
        )

    def _doze(self, seconds: float) -> None:
        """A sleep inside a step; a stopping host wakes it, so that it ends within the deadline."""
        self.workshop.stopping.wait(seconds)

    def _nap(self, seconds: float) -> None:
        """A sleep inside a step that may be run again; a stopping host ends it, and the next start runs the step again."""
        if self.workshop.stopping.wait(seconds):
            raise Stopping

    def _begun(self, call: StepCall) -> StepRow:
        now = utc_now()
        ref = call.step.action
        record = StepRecord(
            path=call.path,
            attempt=call.attempt,
            name=call.step.name,
            component=ref.component.key,
            action=ref.key,
            started=now,
            ended=now,
            inputs=shown(call.step.inputs, call.inputs),
        )
        return replace(self._row(record), ended_at=None)

    def _row(self, record: StepRecord) -> StepRow:
        return StepRow(
            execution_id=self.assignment.execution_id,
            flow_attempt=self.assignment.attempt,
            path=record.path,
            attempt=record.attempt,
            name=record.name,
            component=record.component,
            action=record.action,
            status=record.status,
            inputs=record_text(record.inputs, self.workshop),
            output=None if record.output is None else record_text(record.output, self.workshop),
            error=None if record.error is None else self.workshop.redactor.strike_all(dict(record.error)),
            started_at=record.started,
            ended_at=record.ended,
        )


_INTERRUPTED = (
    "{}: the host died while this step ran, so it may have been done; look before you run the execution again "
    "(an action that may safely be repeated says pure: true in its component.yaml, one that looks first looksFirst: true)"
)


def _is_repeatable(action: Action) -> bool:
    """Whether it may run again after a crash: it does no harm, or sees to it that nothing is done twice."""
    return action.pure or action.looks_first


def record_text(value: Any, workshop: Workshop) -> str:
    """Portable JSON for the record, secrets struck out. What is too large to keep is replaced by a note of its size."""
    text = workshop.redactor.strike(portable.dumps(value))
    return text if len(text) <= workshop.limits.step else portable.dumps({"$tooLarge": len(text)})


def prepare(workshop: Workshop, assignment: Assignment, checkpoint: Checkpoint) -> Attempt:
    """Load what the execution needs. Raises InvalidInput when something of it was removed."""
    record = workshop.store.executions.get(assignment.execution_id)
    if record is None:
        raise InvalidInput(f"there is no execution {assignment.execution_id}; it was removed")
    integration = workshop.versions.load(record.version_id)
    flow = integration.flow(record.flow)
    values = workshop.configuration.resolve(assignment.config, assignment.connections)
    owners = _owners(record, integration)
    context = workshop.routes.context(record.instance_id, record.version_id, record.flow)
    return Attempt(
        workshop=workshop,
        assignment=assignment,
        checkpoint=checkpoint,
        flow=flow,
        scope=Scope.begin(flow, portable.loads(record.payload or "null"), values),
        states=States(**workshop.store.states.read(owners)),
        owners=owners,
        context=replace(
            context,
            logger=logging.getLogger("twilio_connector.flow"),
            execution_id=record.id,
            started_at=portable.instant(record.started_at or record.created_at),
            config_vars=assignment.config,
        ),
    )


def _owners(record: ExecutionRecord, integration: model.Integration) -> dict[StateScope, str]:
    return {
        "instance": f"{record.instance_id}/{record.flow}"[:128],
        "cross_flow": record.instance_id,
        "execution": record.id,
        "integration": integration.name[:128],
    }
