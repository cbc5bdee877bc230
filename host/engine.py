"""The durable engine: accepted executions become workflows that survive the death of the process.

    inbox row ── claim ──▶ workflow ``<execution>.<attempt>`` ──▶ steps, checkpointed ──▶ ended, or back to the inbox to retry

Everything on the way may happen twice and changes nothing the second time: a claim is kept under the executor's name, a
workflow starts once per id, an attempt ends once.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID

from ..connector.context import utc_now
from ..connector.errors import ConnectorError
from . import durable, outcome
from .identity import Identity
from .results import POLL, Ended, Results
from .retention import forget_checkpoints, forget_executions
from .runner import NEVER_REPEATED, FlowOutcome
from .settings import Settings
from .store import Store
from .store.executions import REPLACED, Claim, end, postpone
from .store.instances import InstanceRecord
from .work import perform
from .workshop import Assignment, Workshop, record_text

log = logging.getLogger("twilio_connector.engine")

TICK = 5.0  # seconds between heartbeats
DEAD_AFTER = timedelta(seconds=60)  # an executor that was not seen for so long is taken for dead
MAX_RECOVERIES = 20  # an execution that takes its process down each time must end


class Engine:
    """One per process: the engine underneath is a singleton."""

    def __init__(self, settings: Settings, workshop: Workshop) -> None:
        self._settings = settings
        self._workshop = workshop
        self._store: Store = workshop.store
        self.results = Results(workshop.store)
        self._active: set[str] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._identity: Identity | None = None
        self._database: sa.Engine | None = None
        self._pump: threading.Thread | None = None
        self._workflow: Callable[[str], Any] = self._execute

    @property
    def executor(self) -> str:
        return self._identity.name if self._identity else ""

    def start(self) -> None:
        """Take this process's name, recover what its predecessor left, and begin to pump."""
        self._identity = Identity.take(self._settings)
        self._store.executors.begin(self.executor)
        durable.share_the_log()
        config = durable.configuration(self._settings, self.executor)
        self._database = config.get("system_database_engine")
        DBOS(config=config)

        @DBOS.workflow(name="run_execution", max_recovery_attempts=MAX_RECOVERIES)
        def run_execution(text: str) -> str:  # a function, since the decorator cannot mark a method
            return self._execute(text)

        self._workflow = run_execution
        DBOS.launch()
        self._pump = threading.Thread(target=self._pump_forever, name="pump", daemon=True)
        self._pump.start()

    def stop(self) -> None:
        """Take no more work, let steps that run end within the deadline, leave the rest to the next start."""
        self._workshop.stopping.set()
        self._wake.set()
        if self._pump:
            self._pump.join()
        deadline = time.monotonic() + self._settings.limits.stop_deadline
        while self._active and time.monotonic() < deadline:
            time.sleep(0.02)
        if self._active:
            log.warning("%s steps were interrupted; the next start looks after them", len(self._active))
        DBOS.destroy(destroy_registry=True)
        if self._database is not None:  # handed in, so the engine leaves it open
            self._database.dispose()
        if self._identity:
            self._identity.release()

    def wake(self) -> None:
        """There may be work."""
        self._wake.set()

    # ── the workflow ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _execute(self, text: str) -> str:
        assignment = Assignment.from_text(text)
        name = _workflow_id(assignment.execution_id, assignment.attempt)
        with self._lock:
            self._active.add(name)
        try:
            return self._run(assignment)
        finally:
            with self._lock:
                self._active.discard(name)
            self._wake.set()

    def _run(self, assignment: Assignment) -> str:
        try:
            done = perform(self._workshop, assignment, _checkpoint)
            self._succeed(assignment, done)
        except Exception as error:  # noqa: BLE001 (an execution must end, whatever ended its flow)
            self._fail(assignment, error)
        return "ended"

    def _succeed(self, assignment: Assignment, done: FlowOutcome) -> None:
        last = done.result
        result = {
            "data": last.data,
            "contentType": last.content_type,
            "statusCode": last.status_code,
            "headers": last.headers,
        }
        text = record_text(result, self._workshop)
        self._workshop.write(
            lambda connection: end(
                connection,
                assignment.execution_id,
                assignment.attempt,
                status="succeeded",
                now=utc_now(),
                result=text,
            )
        )
        self.results.announce(Ended(execution_id=assignment.execution_id, status="succeeded", result=result))

    def _fail(self, assignment: Assignment, error: Exception) -> None:
        described = self._workshop.redactor.strike_all(outcome.describe(error))
        if not isinstance(error, ConnectorError):
            log.error("execution %s: the host failed", assignment.execution_id, exc_info=error)
        delay = self._workshop.patiently(lambda: self._retry_delay(assignment, described))
        if delay is not None:
            until = utc_now() + timedelta(seconds=delay)
            self._workshop.write(
                lambda c: postpone(c, assignment.execution_id, assignment.attempt, until=until, error=described)
            )
            return
        self._end_failed(assignment.execution_id, assignment.attempt, described)

    def _end_failed(self, execution_id: str, attempt: int, error: dict[str, Any]) -> None:
        self._workshop.write(lambda c: end(c, execution_id, attempt, status="failed", now=utc_now(), error=error))
        self.results.announce(Ended(execution_id=execution_id, status="failed", error=error))

    def _retry_delay(self, assignment: Assignment, error: dict[str, Any]) -> float | None:
        """Seconds until the flow's next attempt; None when there is none."""
        record = self._store.executions.get(assignment.execution_id)
        retry = self._workshop.versions.load(record.version_id).flow(record.flow).retry if record else None
        if retry is None or assignment.attempt > retry.max_attempts or error["kind"] in NEVER_REPEATED:
            return None
        factor = 2 ** (assignment.attempt - 1) if retry.exponential else 1
        return max(60.0 * retry.delay_minutes * factor, error.get("retryAfter") or 0.0)

    # ── the pump ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _pump_forever(self) -> None:
        ticked = -TICK
        while not self._workshop.stopping.is_set():
            self._wake.clear()
            try:
                if time.monotonic() - ticked >= TICK:
                    ticked = time.monotonic()
                    self._tick()
                busy = self._claim_and_start()
            except Exception:
                log.exception("the pump failed and tries again")
                busy = self._workshop.stopping.wait(1)
            if not busy:
                self._wake.wait(POLL)

    def _claim_and_start(self) -> bool:
        """Start what is due, as far as workers are free. True when there may be more."""
        free = self._settings.limits.workers - len(self._active)
        claimed = self._store.executions.claim(self.executor, utc_now(), free) if free > 0 else []
        instances = {id_: self._store.instances.get(id_) for id_ in {claim.instance_id for claim in claimed}}
        for claim in claimed:
            self._begin(claim, instances[claim.instance_id])
        return bool(claimed) and len(claimed) == free

    def _begin(self, claim: Claim, instance: InstanceRecord | None) -> None:
        if instance is None:
            gone = {"kind": "input", "message": "the instance was removed before the execution began"}
            self._end_failed(claim.execution_id, claim.attempt, gone)
            return
        if claim.attempt > 1 and self._store.executions.is_replaced(claim.execution_id):
            self._end_failed(claim.execution_id, claim.attempt, dict(REPLACED))
            return
        assignment = Assignment(
            execution_id=claim.execution_id,
            attempt=claim.attempt,
            config=instance.config,
            connections=instance.connections,
        )
        name = _workflow_id(claim.execution_id, claim.attempt)
        with self._lock:
            self._active.add(name)
        try:
            with SetWorkflowID(name):
                DBOS.start_workflow(self._workflow, assignment.to_text())
        except BaseException:
            with self._lock:
                self._active.discard(name)  # claimed all the same: the next tick tries again
            raise

    # ── housekeeping ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tick(self) -> None:
        now = utc_now()
        self._store.executors.beat(self.executor, now)
        for dead in self._store.executors.silent_since(now - DEAD_AFTER):
            log.warning("executor %s is gone; taking over its work", dead)
            DBOS._recover_pending_workflows([dead])  # noqa: SLF001 (the engine's only way to take over)
            self._store.executors.take_over(dead, self.executor)
        for claim in self._store.executions.running(self.executor):
            if _workflow_id(claim.execution_id, claim.attempt) not in self._active:
                self._mend(claim)
        forget_checkpoints(now)
        forget_executions(self._store.engine, now - timedelta(days=self._settings.limits.days_kept))

    def _mend(self, claim: Claim) -> None:
        """Claimed but not running here: the process died between claim and start, or the engine gave the workflow up."""
        status = DBOS.get_workflow_status(_workflow_id(claim.execution_id, claim.attempt))
        if status is None:
            self._begin(claim, self._store.instances.get(claim.instance_id))
        elif status.status in {"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}:
            message = "the execution took its process down again and again, or was cancelled; it is not tried any more"
            self._end_failed(claim.execution_id, claim.attempt, {"kind": "failed", "message": message})


def _checkpoint(name: str, body: Callable[[], str]) -> str:
    return DBOS.run_step({"name": name}, body)


def _workflow_id(execution_id: str, attempt: int) -> str:
    return f"{execution_id}.{attempt}"
