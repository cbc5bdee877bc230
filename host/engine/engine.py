"""The durable engine: accepted executions become workflows that survive the death of the process.

    inbox row ── claim ──▶ workflow ``<execution>.<attempt>`` ──▶ steps, checkpointed ──▶ ended, or back to the inbox to retry

Everything on the way may happen twice and changes nothing the second time: a claim is kept under the executor's name, a
workflow starts once per id, an attempt ends once.

An executor that dies, freezes or loses its database is taken for dead by the others, each of which looks for itself: nobody
leads. What it held is theirs then, and what it still does is refused: its checkpoints by the engine, its steps by the
execution's row (:mod:`..processes.life`).
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID
from dbos._core import WorkflowHandlePolling
from dbos._error import DBOSWorkflowConflictIDError

from ...connector.context import utc_now
from ...connector.errors import ConnectorError
from ...connector.result import ActionResult
from ..definition.expressions import TooLarge
from ..execution import outcome
from ..execution.runner import NEVER_REPEATED, FlowOutcome
from ..execution.runtime import Assignment, BrokenOff, Runtime, record_text
from ..execution.work import perform
from ..loggers import logger
from ..operating.retention import sweep
from ..processes.identity import Identity
from ..processes.life import Hold, Life, Stopping
from ..receiving.results import POLL, Ended, Results
from ..settings import Settings
from ..store import Store
from ..store.claiming import Claim
from ..store.database import close, log_failure
from ..store.executions import REPLACED, adopt, end, postpone
from ..store.instances import InstanceRecord
from ..store.schema import End
from . import durable
from .unread import left_to_newer

log = logger("engine")

FORGETTING = 30.0  # seconds between looks at what is to be forgotten
MAX_RECOVERIES = 20  # an execution that takes its process down each time must end


class Engine:
    """One per process: the engine underneath is a singleton."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._store: Store = runtime.store
        self.results = Results(runtime.store)
        self._active: dict[str, Hold] = {}
        self._begun: dict[str, Life] = {}  # the life that has an execution already, until it runs
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._identity: Identity | None = None
        self._life = Life("", settings.limits.acts)
        self._database: sa.Engine | None = None
        self._threads: list[threading.Thread] = []
        self._workflow: Callable[[str], Any] = self._execute

    @property
    def executor(self) -> str:
        """The name of this process now; empty before the start."""
        return self._life.name

    def start(self) -> None:
        """Begin a life, recover what the one before it left, and begin to pump."""
        self._identity = Identity.take(self._settings)
        self._store.executors.end(filter(self._identity.lived, self._store.executors.alive()))
        self._live()
        durable.share_the_log()
        config = durable.configuration(self._settings, self.executor)
        self._database = config.get("system_database_engine")
        DBOS(config=config)

        @DBOS.workflow(name="run_execution", max_recovery_attempts=MAX_RECOVERIES)
        def run_execution(text: str) -> str:  # a function, since the decorator cannot mark a method
            return self._execute(text)

        self._workflow = run_execution
        DBOS.launch()
        for target, name in ((self._beat_forever, "heartbeat"), (self._pump_forever, "pump")):
            self._threads.append(threading.Thread(target=target, name=name, daemon=True))
            self._threads[-1].start()

    def stop(self) -> None:
        """Take no more work, let steps that run end within the deadline, leave the rest to others or the next start."""
        self._runtime.stopping.set()
        self._wake.set()
        deadline = time.monotonic() + self._settings.limits.stop_deadline
        for thread in self._threads:  # first: the pump may be about to begin what it has claimed
            left = max(0.0, deadline - time.monotonic())
            thread.join(left)  # one that waits for a database that is gone is left behind
        while self._active and time.monotonic() < deadline:
            time.sleep(0.02)
        if self._active:
            log.warning("%s steps were interrupted; the next start looks after them", len(self._active))
        self._life.end()
        with suppress(sa.exc.SQLAlchemyError):  # then the others wait until it is taken for dead
            self._store.executors.end([self.executor])
        DBOS.destroy(destroy_registry=True)
        if self._database is not None:  # handed in, so the engine leaves it open
            close(self._database)
        if self._identity:
            self._identity.release()

    @property
    def may_act(self) -> bool:
        """Whether the heartbeat of this process is on disk."""
        return self._life.may_act

    def wake(self) -> None:
        """There may be work."""
        self._wake.set()

    # ── the workflow ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _execute(self, text: str) -> str:
        assignment = Assignment.from_text(text)
        name = _workflow_id(assignment.execution_id, assignment.attempt)
        hold = self._take_hold(name)
        try:
            if self._begun.pop(name, None) is hold.life or self._adopt(assignment, hold.life.name):
                self._run(assignment, hold)
            return "ended"
        finally:
            self._let_go(name, hold)
            self._wake.set()

    def _take_hold(self, name: str) -> Hold:
        """The newest run of a workflow has it: the engine starts one again only when the last is no more its owner."""
        hold = Hold(self._life, self._runtime.stopping)
        with self._lock:
            before = self._active.get(name)
            self._active[name] = hold
        if before:
            before.lost.set()
        return hold

    def _let_go(self, name: str, hold: Hold) -> None:
        with self._lock:
            if self._active.get(name) is hold:
                del self._active[name]

    def _adopt(self, assignment: Assignment, executor: str) -> bool:
        """Take over what this life did not begin itself; whether there is something left to run.

        Raises Stopping where the engine has given it to another since, as it does while a process is frozen on its way here.
        """
        execution_id, attempt = assignment.execution_id, assignment.attempt
        if durable.owner(_workflow_id(execution_id, attempt)) != executor:
            raise Stopping
        return self._runtime.write(lambda connection: adopt(connection, execution_id, attempt, executor))

    def _run(self, assignment: Assignment, hold: Hold) -> None:
        execution_id, attempt, executor = assignment.execution_id, assignment.attempt, hold.life.name
        try:
            done = perform(self._runtime, assignment, _checkpoint, hold)
            self._succeed(assignment, executor, done)
        except BrokenOff as off:
            self._end_failed(execution_id, attempt, executor, off.error)
        except Exception as error:  # noqa: BLE001 (an execution must end, whatever ended its flow)
            self._fail(assignment, executor, error)

    def _succeed(self, assignment: Assignment, executor: str, done: FlowOutcome) -> None:
        result = _kept(done.result)
        text = record_text(result, self._runtime)
        self._runtime.write(
            lambda connection: end(
                connection,
                assignment.execution_id,
                assignment.attempt,
                executor,
                status="succeeded",
                now=utc_now(),
                result=text,
            )
        )
        self.results.announce(Ended(execution_id=assignment.execution_id, status="succeeded", result=result))

    def _fail(self, assignment: Assignment, executor: str, error: Exception) -> None:
        described = self._runtime.redactor.strike_all(outcome.describe(error))
        if not isinstance(error, ConnectorError):
            log.error("execution %s: the host failed", assignment.execution_id, exc_info=error)
        delay = self._runtime.patiently(lambda: self._retry_delay(assignment, described))
        if delay is not None:
            until = utc_now() + timedelta(seconds=delay)
            self._runtime.write(
                lambda c: postpone(
                    c, assignment.execution_id, assignment.attempt, executor, until=until, error=described
                )
            )
            return
        self._end_failed(assignment.execution_id, assignment.attempt, executor, described)

    def _end_failed(self, execution_id: str, attempt: int, executor: str, error: dict[str, Any]) -> None:
        status: End = "cancelled" if error["kind"] == "cancelled" else "failed"
        now = utc_now()
        self._runtime.write(lambda c: end(c, execution_id, attempt, executor, status=status, now=now, error=error))
        self.results.announce(Ended(execution_id=execution_id, status="failed", error=error))

    def _retry_delay(self, assignment: Assignment, error: dict[str, Any]) -> float | None:
        """Seconds until the flow's next attempt; None when there is none."""
        record = self._store.executions.get(assignment.execution_id)
        try:
            retry = self._runtime.versions.load(record.version_id).flow(record.flow).retry if record else None
        except ConnectorError:  # this may be what it failed for
            return None
        if retry is None or assignment.attempt > retry.max_attempts or error["kind"] in NEVER_REPEATED:
            return None
        factor = 2 ** (assignment.attempt - 1) if retry.exponential else 1
        return max(60.0 * retry.delay_minutes * factor, error.get("retryAfter") or 0.0)

    # ── the heart ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _beat_forever(self) -> None:
        while not self._runtime.stopping.wait(self._settings.limits.beat):
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001 (the heart tries again, whatever it was)
                log.warning("the heartbeat could not be written: %s", type(error).__name__)

    def _beat(self) -> None:
        life, began = self._life, self._life.clock()
        if self._store.executors.beat(life.name):
            life.beaten(began)
        elif not self._runtime.stopping.is_set():
            log.warning("executor %s was taken for dead; what it held is run by others, and it goes on anew", life.name)
            life.end()
            self._live()

    def _live(self) -> None:
        """Begin a life. What the engine starts from now on is this one's."""
        assert self._identity is not None  # noqa: S101  there is one since the start
        life = Life(self._identity.new_life(), self._settings.limits.acts)
        began = life.clock()
        self._store.executors.begin(life.name)
        life.beaten(began)
        self._life = life
        durable.rename(life.name)

    # ── the pump ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _pump_forever(self) -> None:
        ticked = forgot = -FORGETTING
        tick = self._settings.limits.dead_after / 5
        while not self._runtime.stopping.is_set():
            self._wake.clear()
            try:
                if time.monotonic() - ticked >= tick:
                    ticked = time.monotonic()
                    self._tick()
                busy = self._claim_and_start()
                if time.monotonic() - forgot >= FORGETTING:
                    forgot = time.monotonic()
                    sweep(self._store.engine, self._settings.limits, utc_now())
            except Stopping:
                busy = False
            except Exception as error:  # noqa: BLE001 (whatever it was, it goes on)
                log_failure(log, "the pump failed and tries again", error)
                busy = self._runtime.stopping.wait(1)
            if not busy:
                self._wake.wait(POLL)

    def _claim_and_start(self) -> bool:
        """Start what is due, as far as workers are free. True when there may be more."""
        life = self._life
        free = self._settings.limits.workers - len(self._active)
        if free <= 0 or not life.may_act:
            return False
        claimed = self._store.executions.claim(life.name, utc_now(), free)
        instances = {id_: self._store.instances.get(id_) for id_ in {claim.instance_id for claim in claimed}}
        for claim in claimed:
            self._begin(claim, life, instances[claim.instance_id])
        return bool(claimed) and len(claimed) == free

    def _begin(self, claim: Claim, life: Life, instance: InstanceRecord | None) -> None:
        if instance is None:
            gone = {"kind": "input", "message": "the instance was removed before the execution began"}
            self._end_failed(claim.execution_id, claim.attempt, life.name, gone)
            return
        if claim.attempt > 1 and self._store.executions.is_replaced(claim.execution_id):
            self._end_failed(claim.execution_id, claim.attempt, life.name, dict(REPLACED))
            return
        if left_to_newer(self._runtime, claim, instance.version_id, life.name):
            return
        assignment = Assignment(
            execution_id=claim.execution_id,
            attempt=claim.attempt,
            config=instance.config,
            connections=instance.connections,
        )
        name = _workflow_id(claim.execution_id, claim.attempt)
        hold, self._begun[name] = self._take_hold(name), life
        started = None
        try:
            with SetWorkflowID(name):
                started = DBOS.start_workflow(self._workflow, assignment.to_text())
        finally:
            # What could not be started is claimed all the same: the next tick tries again. What was taken over while this
            # process was frozen is another's, and is not run here.
            if started is None or isinstance(started, WorkflowHandlePolling):
                self._let_go(name, hold)
                self._begun.pop(name, None)

    # ── housekeeping ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tick(self) -> None:
        """Take over what the dead left, and mend what is ours and does not run."""
        life = self._life
        if not life.may_act:
            return
        if life.may_bury:
            for dead in self._store.executors.bury(silent_for=self._settings.limits.dead_after, but=life.name):
                log.warning("executor %s is gone; its work is taken over", dead)
        self._store.executors.inherit(life.name)
        durable.recover(self._store.executors.alive)
        for claim in self._store.executions.running(life.name):
            if _workflow_id(claim.execution_id, claim.attempt) not in self._active:
                self._mend(claim, life)

    def _mend(self, claim: Claim, life: Life) -> None:
        """Ours but not running here: its process died between claim and start, or the engine gave the workflow up."""
        status = DBOS.get_workflow_status(_workflow_id(claim.execution_id, claim.attempt))
        if status is None:
            self._begin(claim, life, self._store.instances.get(claim.instance_id))
        elif status.status in durable.ENDED - {"SUCCESS"}:
            message = "the execution took its process down again and again, or was cancelled; it is not tried any more"
            described = {"kind": "failed", "message": message}
            self._end_failed(claim.execution_id, claim.attempt, life.name, described)


def _checkpoint(name: str, body: Callable[[], str]) -> str:
    """Raises Stopping when the engine has given the workflow to another run."""
    try:
        return DBOS.run_step({"name": name}, body)
    except DBOSWorkflowConflictIDError:
        raise Stopping from None


def _workflow_id(execution_id: str, attempt: int) -> str:
    return f"{execution_id}.{attempt}"


def _kept(last: ActionResult) -> dict[str, Any]:
    """A flow's result, as who waits for it and its record have it."""
    if isinstance(last.data, TooLarge):
        return dict(last.data.note)
    return {
        "data": last.data,
        "contentType": last.content_type,
        "statusCode": last.status_code,
        "headers": last.headers,
    }
