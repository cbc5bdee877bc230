"""One attempt at one execution: the flow run with what the host knows, each step with a side effect checkpointed.

The engine is handed in as ``checkpoint(name, body)``: it runs ``body`` and keeps its text, or gives back the text kept.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from ...connector.component import Action
from ...connector.context import ActionContext, User, utc_now
from ...connector.errors import InvalidInput, OutcomeUnknown, is_told
from ...connector.result import ActionResult
from ..definition import model
from ..definition.expressions import Copied, Scope, copied
from ..integrations.configuration import with_presets
from ..operating.logs import at
from ..operating.telemetry import AttemptEnded
from ..processes.life import HeldTransport, Hold, Stopping
from ..store import portable, search
from ..store.commit import Busy
from ..store.executions import CANCELLED, ExecutionRecord, require_ours
from ..store.states import Scope as StateScope
from ..store.states import of_flow
from ..store.steps import StepRow, begin_step
from ..store.subject import said, terms
from . import outcome, run_as
from .claims import StepClaims
from .journal import StepJournal
from .outcome import SEALED
from .past import Past
from .run_as import Case
from .runner import FlowOutcome, StepCall, run
from .runtime import INTERRUPTIONS, Assignment, BrokenOff, Checkpoint, Runtime
from .states import StepStates, changes_of
from .step_log import LogBook
from .step_records import StepRecords
from .waits import Waits
from .watch import Watch


def perform(runtime: Runtime, assignment: Assignment, checkpoint: Checkpoint, hold: Hold) -> FlowOutcome:
    """Run the flow, as long as ``hold`` says that it is ours.

    Raises the error that it ends with; others than a ConnectorError are faults of the host.
    """
    case = runtime.patiently(lambda: look_up(runtime, assignment.execution_id))
    if case.record.cancelled_at:
        raise BrokenOff(CANCELLED)
    if found := terms(said(case.payload)):
        runtime.records.put_later(lambda connection: search.index(connection, assignment.execution_id, found))
    user = run_as.identify(runtime, case, checkpoint)
    attempt = runtime.patiently(lambda: prepare(runtime, assignment, checkpoint, hold, case=case, user=user))
    with at(execution_id=case.record.id, instance=case.context.instance.name, flow=case.flow.name):
        return attempt.run(case)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A step that may be done. ``since`` is since when it may have run already; None for one that certainly has not."""

    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The parts of one attempt, with what the runner is handed."""

    runtime: Runtime
    assignment: Assignment
    checkpoint: Checkpoint
    hold: Hold
    flow: model.Flow
    scope: Scope
    record: ExecutionRecord
    owners: Mapping[StateScope, str]
    context: ActionContext
    past: Past
    watch: Watch
    waits: Waits
    book: LogBook
    records: StepRecords

    def run(self, case: Case) -> FlowOutcome:
        """The flow, from its first step to its last."""
        began = utc_now()
        try:
            done = run(
                self.flow,
                self.scope,
                self.perform,
                sleep=self.sleep,
                observe=self.records.observe,
                limit=self.runtime.limits.step,
            )
            self.past.finish()
        except Exception as error:
            self._tell(case, began, str(outcome.describe(error)["kind"]))
            raise
        self._tell(case, began, "succeeded")
        return done

    def _tell(self, case: Case, began: datetime, ended: str) -> None:
        self.runtime.telemetry.tell(
            AttemptEnded(
                execution_id=self.assignment.execution_id,
                attempt=self.assignment.attempt,
                instance_id=case.record.instance_id,
                integration=case.integration.name,
                flow=case.flow.name,
                outcome=ended,
                started=began,
                ended=utc_now(),
            )
        )

    def perform(self, call: StepCall) -> ActionResult:
        action = self.runtime.registry[call.step.action.component.key].actions[call.step.action.key]
        is_past = self.past.covers(call.path)
        if self.runtime.stopping.is_set() or self.hold.lost.is_set():
            raise Stopping
        if action.pure:
            self.watch.look()
            return outcome.unpack(self._compute(action, call))
        if is_past:
            return self.past.result(call)
        kept = self.checkpoint(f"{call.path}#{call.attempt}", lambda: self._sealed(self._once(action, call)))
        return outcome.unpack(self._opened(kept))

    def sleep(self, seconds: float) -> None:
        """Sleep until a time that is checkpointed, so that a restart does not begin the wait again."""
        until = float(self.checkpoint("wait", lambda: repr(time.time() + seconds)))
        self.waits.until_stop_or_cancel(until - time.time())

    def _once(self, action: Action, call: StepCall) -> str:
        """Do it, unless a process that died may have done it already: a text that went out must not go out again."""
        row = self.records.begun(call)
        states = self._states(call)
        begun = self.runtime.write(lambda connection: self._begin(connection, row))
        if begun is None:
            raise BrokenOff(CANCELLED)
        began = begun.since
        if began and (kept := states.kept()):
            return self._opened(kept)
        if began and not action.may_repeat(call.inputs):
            return outcome.pack_error(OutcomeUnknown(_INTERRUPTED.format(call.path)))
        try:
            self.hold.require()
            return self._act(action, call, began, states)
        finally:
            states.give_back()

    def _begin(self, connection: sa.Connection, row: StepRow) -> _Begun | None:
        """Note that the step begins; None for an execution that is cancelled.

        In one transaction: nobody can take the execution over between the look at whose it is and the note that it began.
        """
        if not require_ours(connection, row.execution_id, row.flow_attempt, self.hold.life.name):
            return None
        return _Begun(since=begin_step(connection, row) or self._before_the_backup())

    def _before_the_backup(self) -> datetime | None:
        """When the database is a backup's and the execution is in it: since when the step may have run already."""
        restored = self.runtime.restored
        return restored.began(self.record.created_at) if restored else None

    def _sealed(self, text: str) -> str:
        """A text with a secret in it, such as a key that a step made, is checkpointed as ciphertext."""
        if self.runtime.redactor.strike(text) == text:
            return text
        return SEALED + self.runtime.configuration.vault.seal(self.assignment.execution_id, {"text": text})

    def _opened(self, kept: str) -> str:
        if not kept.startswith(SEALED):
            return kept
        fields = self.runtime.configuration.vault.unseal(self.assignment.execution_id, kept.removeprefix(SEALED))
        return str(fields["text"])

    def _compute(self, action: Action, call: StepCall) -> str:
        """A pure step has no state, which is no input of it."""
        try:
            result = action.perform(self._context(action, call, None), call.inputs)
            return outcome.pack(result, self.runtime.limits.step)
        except INTERRUPTIONS:
            raise
        except BaseException as error:  # noqa: BLE001 (whatever a unit raises is the outcome of its step)
            return self._failed(call, error)

    def _act(self, action: Action, call: StepCall, began: datetime | None, states: StepStates) -> str:
        try:
            with at(step=call.path):
                result = action.perform(
                    self._seeing(states, self._context(action, call, began)), copied(dict(call.inputs))
                )
            text = outcome.pack(result, self.runtime.limits.step)
            changes_of(result)
        except INTERRUPTIONS:
            raise
        except BaseException as error:  # noqa: BLE001 (whatever a unit raises is the outcome of its step)
            return self._failed(call, error)
        try:
            self.runtime.patiently(lambda: states.keep(result, self._sealed(text)))
        except OutcomeUnknown as error:
            return self._failed(call, error)
        return text

    def _failed(self, call: StepCall, error: BaseException) -> str:
        if not is_told(error):
            logger = self.book.logger(call.path, call.attempt)
            logger.warning("step %s failed: %s", call.path, type(error).__name__, exc_info=error)
        return self.runtime.redactor.strike(outcome.pack_error(error))

    def _states(self, call: StepCall) -> StepStates:
        execution_id, step, executor = self.assignment.execution_id, self._attempt_at(call), self.hold.life.name
        return StepStates(self.runtime, execution_id, step, self.owners, executor)

    def _seeing(self, states: StepStates, context: ActionContext) -> ActionContext:
        return replace(
            context,
            instance_state=states.view("instance"),
            cross_flow_state=states.view("cross_flow"),
            execution_state=states.view("execution"),
            integration_state=states.view("integration"),
        )

    def _context(self, action: Action, call: StepCall, began: datetime | None) -> ActionContext:
        return replace(
            self.context,
            logger=self.book.logger(call.path, call.attempt),
            step_id=call.path,
            results=Copied(call.results),
            first_attempt=began,
            invoke_flow=self._invoker(call),
            claims=self._claims(call),
            journal=self._journal(call),
            sleep=self.waits.of_step(action),
        )

    def _invoker(self, call: StepCall) -> Callable[[str, Any], str]:
        """Each call of the step is known by its number, so that a step that is run again starts nothing twice."""
        numbers = count(1)

        def invoke(flow: str, data: Any = None) -> str:
            identity = f"{self.record.id}/{self.assignment.attempt}/{call.path}/{next(numbers)}"
            try:
                return self.runtime.patiently(
                    lambda: self.runtime.invocations.invoke(self.record, flow, data, identity)
                )
            except Busy:
                raise Stopping from None

        return invoke

    def _claims(self, call: StepCall) -> StepClaims:
        component, execution_id = call.step.action.component.key, self.assignment.execution_id
        return StepClaims(
            runtime=self.runtime, component=component, execution_id=execution_id, step=self._attempt_at(call)
        )

    def _journal(self, call: StepCall) -> StepJournal:
        return StepJournal(self.runtime, self.assignment.execution_id, self._attempt_at(call))

    def _attempt_at(self, call: StepCall) -> str:
        return f"{self.assignment.attempt}/{call.path}#{call.attempt}"


_INTERRUPTED = (
    "{}: the host died while this step ran, so it may have been done; look before you run the execution again "
    "(an action that may safely be repeated says readOnly: true in its component.yaml, one that looks first looksFirst: true; "
    "a code step whose function may be called again has the input repeatable: true)"
)


def look_up(runtime: Runtime, execution_id: str) -> Case:
    """Raises InvalidInput when something of it was removed."""
    record = runtime.store.executions.get(execution_id)
    if record is None:
        raise InvalidInput(f"there is no execution {execution_id}; it was removed")
    integration = runtime.versions.load(record.version_id)
    return Case(
        record=record,
        integration=integration,
        flow=integration.flow(record.flow),
        payload=_payload(record),
        context=runtime.routes.context(record.instance_id, record.version_id, record.flow),
    )


def _payload(record: ExecutionRecord) -> Any:
    """As it was accepted; that of a replay bears the replay's own id."""
    payload = portable.loads(record.payload or "null")
    return {**payload, "executionId": record.id} if record.replay_of and isinstance(payload, dict) else payload


def prepare(
    runtime: Runtime, assignment: Assignment, checkpoint: Checkpoint, hold: Hold, *, case: Case, user: User
) -> Attempt:
    """What the flow is given. Raises InvalidInput when a connection was removed."""
    record, integration, flow = case.record, case.integration, case.flow
    opened = runtime.configuration.resolve(assignment.config, assignment.connections, user)
    values = with_presets(integration, opened)
    owners, past, watch = _owners(record, integration), Past(runtime, record), Watch(runtime, record.id)
    return Attempt(
        runtime=runtime,
        assignment=assignment,
        checkpoint=checkpoint,
        hold=hold,
        flow=flow,
        scope=Scope.begin(flow, run_as.payload(case.payload, user), values),
        record=record,
        owners=owners,
        past=past,
        records=StepRecords(runtime, assignment, past),
        watch=watch,
        waits=Waits(runtime.stopping, watch),
        book=LogBook(runtime, record.id, assignment.attempt),
        context=replace(
            case.context,
            transport=HeldTransport(case.context.transport, hold.require),
            user=user,
            execution_id=record.id,
            started_at=portable.instant(record.started_at or record.created_at),
            config_vars=assignment.config,
            database=runtime.databases.of(case.context.customer.id) if case.context.customer.id else None,
        ),
    )


def _owners(record: ExecutionRecord, integration: model.Integration) -> dict[StateScope, str]:
    return {
        **of_flow(record.instance_id, record.flow, integration.name),
        "execution": f"{record.id}.{record.attempt}",  # a retry of the flow begins with none
    }
