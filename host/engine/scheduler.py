"""Starts flows at their times: one ticker for all schedules, a thread for each run that is due.

    due ── claim (lease) ──▶ trigger.emit, outside of any transaction ──▶ execution + states + next time, in one transaction

A process that dies, or that lost the lease meanwhile, has written nothing: the run is due again and another one makes it. So
each time gives one execution, and a poll neither loses nor doubles what it found. However many times were missed while no
host ran, one run makes up for them all.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from ...connector.context import ActionContext, utc_now
from ...connector.errors import InvalidInput, TryLater, is_told
from ...connector.payload import TriggerResult, WebhookRequest
from ..execution import outcome
from ..execution.runtime import Runtime
from ..loggers import logger
from ..operating.telemetry import PollFailed
from ..processes.life import Stopping
from ..receiving.acceptance import inbound
from ..receiving.inbox import Inbound, admit
from ..receiving.routes import Route
from ..store import portable, states
from ..store.database import log_failure
from ..store.ids import time_id
from ..store.schedules import Due, LeaseLost, is_open, settle

log = logger("schedules")

FIRST_WAIT = timedelta(minutes=1)
"""After a failure that may pass; each more doubles it."""
LONGEST_WAIT = timedelta(hours=1)
LONGEST_ASKED = timedelta(days=7)
"""Nobody who asks to be left alone is believed for longer."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """What a run gave: an execution, unless a poll found nothing, and what the trigger remembers."""

    owners: dict[states.Scope, str]
    result: TriggerResult
    item: Inbound | None

    def write(self, connection: sa.Connection) -> None:
        if self.item is not None:
            admit(connection, [self.item])
        instance, cross_flow = self.result.instance_state, self.result.cross_flow_state
        states.merge(connection, self.owners, {"instance": instance, "cross_flow": cross_flow})


class Scheduler:
    """``arrived`` is called when there is new work. Any number of processes may run one each on a database."""

    def __init__(
        self, runtime: Runtime, arrived: Callable[[], None] = lambda: None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._runtime, self._arrived, self._clock = runtime, arrived, clock
        self._lease = timedelta(seconds=runtime.limits.schedule_lease)
        self._running: dict[str, Due] = {}
        self._renewed = clock()
        self._lock = threading.Lock()
        self._ticker: threading.Thread | None = None

    def start(self) -> None:
        self._ticker = threading.Thread(target=self._tick_forever, name="scheduler", daemon=True)
        self._ticker.start()

    def stop(self) -> None:
        """Begin nothing more, let runs end within the deadline; the others are given back and cannot write any more."""
        self._runtime.stopping.set()
        if self._ticker is None:
            return
        self._ticker.join()
        deadline = time.monotonic() + self._runtime.limits.stop_deadline
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)
        if left := self._leases():
            log.warning("%s scheduled runs were interrupted; they are due again", len(left))
            with suppress(sa.exc.SQLAlchemyError):  # they end by themselves
                self._runtime.store.schedules.release(left)

    def tick(self) -> None:
        """Keep the leases of what runs, and begin what is due."""
        now = self._clock()
        running = self._leases()
        if running and now - self._renewed >= self._lease / 3:
            self._runtime.store.schedules.renew(running, now + self._lease)
            self._renewed = now
        free = self._runtime.limits.polls - sum(due.polling for due in list(self._running.values()))
        for due in self._runtime.store.schedules.claim(now, now + self._lease, free):
            with self._lock:
                self._running[due.lease] = due
            threading.Thread(target=self._run, args=(due,), name="scheduled-run", daemon=True).start()

    def _tick_forever(self) -> None:
        while not self._runtime.stopping.wait(self._runtime.limits.schedule_tick):
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001 (whatever it was, it goes on)
                log_failure(log, "the scheduler failed and tries again", error)

    def _leases(self) -> list[str]:
        with self._lock:
            return list(self._running)

    # ── one run ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, due: Due) -> None:
        try:
            self._make(due)
        except LeaseLost as lost:
            log.warning("a run of endpoint %s… wrote nothing: %s", due.endpoint_id[:6], lost)
        except Stopping:
            log.info("a run of endpoint %s… is left to the next start", due.endpoint_id[:6])
        except Exception:
            log.exception("a run of endpoint %s… could not be ended; it is due again", due.endpoint_id[:6])
        finally:
            with self._lock:
                self._running.pop(due.lease, None)

    def _make(self, due: Due) -> None:
        try:
            route = self._route(due)
            if self._is_singleton_and_busy(route):
                log.info("%s: the run before is still open, so this one is left out", route.flow.name)
                self._settle(due, None)
            else:
                self._settle(due, self._emit(due, route))
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a unit raises is how its run ended)
            self._fail(due, error)

    def _route(self, due: Due) -> Route:
        route = self._runtime.patiently(lambda: self._runtime.routes.load(due.endpoint_id))
        if route is None or not route.instance.enabled:
            raise LeaseLost("the instance was removed or paused")
        return route

    def _is_singleton_and_busy(self, route: Route) -> bool:
        queue = route.flow.queue
        return bool(queue and queue.singleton and is_open(self._runtime.store.engine, route.endpoint_id))

    def _emit(self, due: Due, route: Route) -> Emitted:
        """Let the trigger look. Nothing is written here."""
        owners = states.of_flow(route.instance.id, route.flow.name, route.context.integration.name)
        context = self._context(route, owners)
        request = WebhookRequest(method="POLL" if due.polling else "SCHEDULE", url=route.context.invoke_url)
        result = route.trigger.emit(context, request, route.inputs)
        found = None if result.polled_no_changes else inbound(route, context.execution_id, result)
        item = replace(found, planned_at=due.time) if found else None
        self._require_room(item.payload if item else "", "what the trigger found")
        self._require_room(portable.dumps([result.instance_state, result.cross_flow_state]), "what it remembers")
        return Emitted(owners, result, item)

    def _context(self, route: Route, owners: dict[states.Scope, str]) -> ActionContext:
        kept = self._runtime.patiently(lambda: self._runtime.store.states.read(owners))
        return replace(
            route.context,
            logger=logger("flow"),
            clock=self._clock,
            sleep=self._nap,
            execution_id=time_id(),
            started_at=portable.instant(self._clock()),
            instance_state=kept["instance"],
            cross_flow_state=kept["cross_flow"],
            integration_state=kept["integration"],
        )

    def _nap(self, seconds: float) -> None:
        if self._runtime.stopping.wait(seconds):
            raise TryLater("the host stopped while the trigger waited to ask again", retry_after=seconds)

    def _require_room(self, text: str, what: str) -> None:
        limit = self._runtime.limits.step
        if len(text) > limit:
            raise InvalidInput(
                f"{what} takes {len(text)} bytes and the limit is {limit}: lower the trigger's own limit, so that it gives "
                "less at a time. Nothing is lost: it is found again",
                field="limit",
            )

    def _settle(self, due: Due, emitted: Emitted | None) -> None:
        now = self._clock()
        next_at = due.following(now)

        def write(connection: sa.Connection) -> None:
            settle(connection, due, now=now, next_at=next_at)
            if emitted is not None:
                emitted.write(connection)

        self._runtime.write(write)
        self._arrived()

    def _fail(self, due: Due, error: Exception) -> None:
        """Keep the error for the instance's page. What may pass is tried again after a wait, the rest at the next time."""
        described = self._runtime.redactor.strike_all(outcome.describe(error))
        if is_told(error):
            log.warning("a run of endpoint %s… failed: %s", due.endpoint_id[:6], described["message"])
        else:
            log.error("a run of endpoint %s… failed: its trigger is at fault", due.endpoint_id[:6], exc_info=error)
        self._runtime.telemetry.tell(PollFailed(kind=described["kind"]))
        now = self._clock()
        next_at = now + wait(due.failures, error) if described["kind"] == TryLater.kind else due.following(now)
        self._runtime.write(lambda connection: settle(connection, due, now=now, next_at=next_at, error=described))


def wait(failures: int, error: Exception) -> timedelta:
    """Until the next try: doubled with each failure before, and never less than the service asked for."""
    doubled = min(FIRST_WAIT * (1 << min(failures, 16)), LONGEST_WAIT)
    asked = min(float(getattr(error, "retry_after", None) or 0), LONGEST_ASKED.total_seconds())
    return max(doubled, timedelta(seconds=asked))
