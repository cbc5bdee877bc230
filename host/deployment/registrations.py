"""Webhooks that triggers register at their services: on deployment, on removal, and again after a process died between.

What is to be done is written down with the instance, in its transaction; then it is done, and then marked as done. Whoever
finds something to be done that nobody works on, does it: the lock of an instance opens with the death of its holder.
"""

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from ...connector.component import Trigger
from ...connector.context import ActionContext, utc_now
from ...connector.errors import ConnectorError, InvalidInput, TryLater, is_told
from ...connector.webhooks import Change
from ..definition import model
from ..integrations.configuration import Configuration
from ..integrations.versions import Versions
from ..loggers import logger
from ..processes.locks import Locks
from ..receiving.routes import Routes
from ..store import Store
from ..store.database import log_failure
from ..store.registrations import RegistrationRecord
from .ledger import RowLedger

log = logger("registrations")

TICK = 5.0
FIRST, LONGEST = timedelta(seconds=15), timedelta(hours=1)  # between attempts to put back, twice as long each time


@dataclass(frozen=True, kw_only=True)
class Registrations:
    """``stopping`` ends waits between attempts, and the thread that :meth:`start` begins."""

    store: Store
    versions: Versions
    configuration: Configuration
    routes: Routes
    locks: Locks
    stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list, repr=False)

    def flows(self, integration: model.Integration) -> list[str]:
        """The flows whose triggers register, if their inputs ask for it."""
        return [flow.name for flow in integration.flows if self.configuration.trigger(flow).registers]

    def deploy(self, instance_id: str) -> None:
        """Do what the deployment wrote down. Raises the error of the first flow that cannot be registered.

        What this deployment has registered is put back then; the instance stays, and deploying again mends it.
        """
        with self.locks.hold(instance_id):
            instance = self.store.instances.require(instance_id)
            flows = self.flows(self.versions.load(instance.version_id))
            self.store.registrations.intend(instance, flows)  # again: another deployment may have ended meanwhile
            found = self.store.registrations.of(instance_id)
            for record in found:
                if record.status == "removing":
                    self._try_to_remove(record)
            pending = [record for record in found if record.status == "pending"]
            names = {endpoint.id: endpoint.flow for endpoint in self.store.instances.endpoints(instance_id)}
            self._register(sorted(pending, key=lambda record: flows.index(names[record.endpoint_id])))

    def again(self, endpoint_id: str) -> None:
        """Register one flow anew, or put it back, as it is meant to be. Raises what keeps it from that."""
        known = self._require(endpoint_id)
        with self.locks.hold(known.instance_id):
            record = self._require(endpoint_id)
            if record.status != "removing":
                self._register([record])
            elif error := self._try_to_remove(record):
                raise error

    def remove(self, instance_id: str, *, force: bool = False) -> None:
        """Put the webhooks back and remove the instance. Raises what keeps one from being put back: it is tried again then.

        With ``force`` the instance goes at once, and its webhooks stay as they are.
        """
        if force:
            self.store.registrations.forget(instance_id)
            return
        with self.locks.hold(instance_id):
            if not self.store.registrations.leave(instance_id):
                self.store.registrations.forget(instance_id)
            failures = [self._try_to_remove(record) for record in self.store.registrations.of(instance_id)]
        for error in filter(None, failures):
            raise _explained(
                error,
                "the instance is switched off and goes once its webhooks are put back, which is tried again by itself; now",
            )

    # ── what nobody waits for ─────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Finish what others left, now and from time to time."""
        thread = threading.Thread(target=self._finish_forever, name="registrations", daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self, seconds: float) -> None:
        """End waits at once, and give a request that is under way that long: the next start finishes what it began."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(seconds)

    def finish(self) -> None:
        """Do what is due and nobody works on."""
        self._remove_retired()
        for due in self.store.registrations.due(utc_now()):
            with self.locks.attempt(due.instance_id) as held:
                record = self.store.registrations.get(due.endpoint_id) if held else None
                if record and record.status == "removing":
                    self._try_to_remove(record)
                elif record and record.status == "pending":
                    self._finish(record)

    def _remove_retired(self) -> None:
        """The instances that are to go once what their removal started has ended."""
        for instance_id in self.store.instances.leaving():
            if not self.store.executions.any_open(instance_id):
                try:
                    self.remove(instance_id)
                except ConnectorError as error:
                    log.warning("instance %s: %s", instance_id, self._said(error))
                    if not self.store.registrations.is_leaving(instance_id):
                        continue  # somebody else was at work on it
                self.store.instances.settle(instance_id)

    def _finish_forever(self) -> None:
        while not self.stopping.is_set():
            try:
                self.finish()
            except Exception as error:  # noqa: BLE001 (whatever it was, it goes on)
                log_failure(log, "registrations could not be finished, and are tried again", error)
            self.stopping.wait(TICK)

    def _finish(self, record: RegistrationRecord) -> None:
        try:
            self._create(record)
        except Exception as error:  # noqa: BLE001  (whatever a unit raises)
            if getattr(error, "kind", "") in {"retry", "unknown"}:
                self._postpone(record, error)
            else:
                self._fail(record, self._said(error))

    # ── registering ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _register(self, records: Sequence[RegistrationRecord]) -> None:
        """Bring up to date what is there, then register what is new: all of it or nothing. Raises the first error."""
        failed = [(record, error) for record in records if record.ledger and (error := self._try_to_create(record))]
        made: list[RegistrationRecord] = []
        for record in (record for record in records if not record.ledger):
            if failed:
                self._fail(record, f"not tried, since the flow {failed[0][0].flow!r} could not be registered")
            elif error := self._try_to_create(record):
                failed.append((record, error))
            else:
                made.append(record)
        for record, error in failed:
            for other in made:
                self._take_back(other, record.flow)
            raise _explained(error, f"the flow {record.flow!r} is deployed, but its webhook is not registered")

    def _try_to_create(self, record: RegistrationRecord) -> Exception | None:
        try:
            self._create(record)
        except Exception as error:  # noqa: BLE001  (whatever a unit raises)
            self._fail(record, self._said(error))
            return error
        return None

    def _create(self, record: RegistrationRecord) -> None:
        instance = self.store.instances.require(record.instance_id)
        endpoint = self.store.instances.endpoint(record.endpoint_id)
        wanted: dict[str, Any] = {
            "flow": endpoint.flow if endpoint else record.flow,  # it may have been renamed since
            "version_id": instance.version_id,
            "config": instance.config,
            "connections": instance.connections,
        }
        after = replace(record, **wanted)
        if record.ledger and self._identity(record) != self._identity(after):
            self._undo(record)
        self.store.registrations.save(record.endpoint_id, **wanted)
        trigger, inputs, context = self._unit(after)
        ledger = self._ledger(record)
        changes = trigger.create_webhook(context, inputs, ledger)
        if not ledger.read():
            self.store.registrations.end(replace(record, leaving=False))
            return
        since = record.registered_at or utc_now()
        self.store.registrations.save(
            record.endpoint_id, status="registered", changes=_told(changes), error=None, attempts=0, registered_at=since
        )

    def _take_back(self, record: RegistrationRecord, failed: str) -> None:
        """What this deployment registered, since another of its flows failed. What cannot be now, the ledger tells."""
        current = self.store.registrations.get(record.endpoint_id)
        if current is None:
            return
        said = f"put back, since the flow {failed!r} could not be registered"
        try:
            self._undo(current)
        except Exception as error:  # noqa: BLE001  (the first failure is the one to tell)
            said = f"to be put back, since the flow {failed!r} could not be registered, but: {self._said(error)}"
        self._fail(record, said)

    def _fail(self, record: RegistrationRecord, said: str) -> None:
        log.warning("flow %s: its webhook is not registered: %s", record.flow, said)
        self.store.registrations.save(record.endpoint_id, status="failed", error=said)

    # ── putting back ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _try_to_remove(self, record: RegistrationRecord) -> Exception | None:
        try:
            self._remove(record)
        except Exception as error:  # noqa: BLE001  (whatever a unit raises: it is tried again)
            self._postpone(record, error)
            return error
        return None

    def _remove(self, record: RegistrationRecord) -> None:
        self._undo(record)
        self.store.registrations.end(record)
        self.routes.forget()

    def _undo(self, record: RegistrationRecord) -> None:
        """Put back all that is in the ledger, with what it was done with."""
        if not record.ledger:
            return
        trigger, inputs, context = self._unit(record)
        for change in trigger.delete_webhook(context, inputs, self._ledger(record)):
            log.info("%s: %s is %s again %s", change.target, change.setting, change.after or "blank", change.note)

    def _postpone(self, record: RegistrationRecord, error: Exception) -> None:
        log.warning("flow %s: tried again later: %s", record.flow, self._said(error))
        wait = min(FIRST * 2 ** min(record.attempts, 16), LONGEST)
        values = {"error": self._said(error), "attempts": record.attempts + 1, "due_at": utc_now() + wait}
        self.store.registrations.save(record.endpoint_id, **values)

    # ── what a unit is given ──────────────────────────────────────────────────────────────────────────────────────────────

    def _unit(self, record: RegistrationRecord) -> tuple[Trigger, BaseModel, ActionContext]:
        integration = self.versions.load(record.version_id)
        flow = integration.flow(record.flow)
        inputs = self.configuration.trigger_inputs(integration, flow, record.config, record.connections)
        context = self.routes.context(record.instance_id, record.version_id, record.flow)
        return self.configuration.trigger(flow), inputs, replace(context, sleep=self._nap, logger=log)

    def _identity(self, record: RegistrationRecord) -> tuple[Any, ...]:
        """What must be the same for a trigger to change its own registration: which trigger it is, and its connections."""
        flow = self.versions.load(record.version_id).flow(record.flow)
        given = flow.trigger.inputs.values()
        used = [record.connections.get(each.name) for each in given if isinstance(each, model.ConfigVarRef)]
        return flow.trigger.action.component.key, flow.trigger.action.key, [each for each in used if each]

    def _ledger(self, record: RegistrationRecord) -> RowLedger:
        return RowLedger(self.store, self.configuration, record.endpoint_id)

    def _require(self, endpoint_id: str) -> RegistrationRecord:
        record = self.store.registrations.get(endpoint_id)
        if record is None:
            raise InvalidInput("the flow registers no webhook: its trigger's target is none", field="endpoint")
        return record

    def _nap(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise TryLater("the host stopped while it waited to try again", retry_after=seconds)

    def _said(self, error: Exception) -> str:
        if not is_told(error):
            log.error("a trigger failed at its registration", exc_info=error)
            return f"the trigger failed: {type(error).__name__}"
        return self.configuration.redactor.strike(str(error))


def _told(changes: Sequence[Change]) -> list[dict[str, str]]:
    return [asdict(change) for change in changes]


def _explained(error: Exception, what: str) -> Exception:
    """The same kind of error, which says what became of the instance too."""
    if not isinstance(error, ConnectorError):
        return error
    return type(error)(f"{what}: {error.message}", **error.details)
