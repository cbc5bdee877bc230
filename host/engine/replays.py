"""Executions again: one, from its start or from a step; or all failed ones that a filter finds, in the background.

A replay is an execution of its own with the payload of another. From its start it runs the version that the instance has now,
so that a flow that was mended is replayed mended. From a step it runs the version that it ran before, for the results of the
steps before that one are taken over. Both use the instance's present configuration and connections.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import ConnectorError, InvalidInput
from ..execution.past import obstacles
from ..integrations.versions import Versions
from ..loggers import logger
from ..registry import Registry
from ..store import Store, search, turns
from ..store.database import log_failure, reading, storable
from ..store.executions import ENDED, ExecutionRecord, next_in_sequence
from ..store.ids import time_id
from ..store.schema import executions, instances, states
from ..store.schema import replay_jobs as jobs

MOST = 10_000
AT_ONCE = 1_000  # unless more or fewer are asked for
CHUNK = 100
POLL = 2.0  # seconds between looks at jobs that another process was given

log = logger("engine")

_COPIED = ("endpoint_id", "instance_id", "flow", "subject", "sequence", "concurrency", "payload")


JobStatus = Literal["running", "ended", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Failed executions being replayed: ``done`` so far, at most ``left`` more."""

    id: str
    filter: dict[str, Any]
    cursor: str
    left: int
    done: int
    created_at: datetime
    ended_at: datetime | None

    @property
    def status(self) -> JobStatus:
        """What was stopped leaves a cursor, with more to do behind it."""
        if self.ended_at is None:
            return "running"
        return "stopped" if self.left and self.cursor else "ended"


class Replays:
    """``arrived`` is called when there is new work. After :meth:`start` a thread works at the jobs."""

    def __init__(self, store: Store, versions: Versions, registry: Registry, arrived: Callable[[], None]) -> None:
        self._store, self._versions, self._registry, self._arrived = store, versions, registry, arrived
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="replays", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread:
            self._thread.join()

    def replay(self, execution_id: str, from_step: str | None = None) -> str:
        """The new execution's id. ``from_step`` is a step's path. Raises InvalidInput, saying what to do."""
        record = self._store.executions.get(execution_id)
        if record is None:
            raise InvalidInput(f"there is no execution {execution_id}; it was removed", field="execution")
        if record.status not in ENDED:
            raise InvalidInput("it has not ended: wait for its end, or cancel it first", field="execution")
        version = record.version_id if from_step else self._version(record)
        if version is None or self._store.instances.get(record.instance_id) is None:
            lost = f"the instance's present version has no flow {record.flow!r}, or cannot be read here"
            what = "the instance was removed" if version else lost
            raise InvalidInput(f"{what}, so there is nothing to replay it with", field="execution")
        if from_step is not None:
            self._check(record, from_step)
        new_id = time_id()
        with self._store.engine.begin() as connection:
            _again(connection, record, new_id, version, from_step)
        self._arrived()
        return new_id

    def find(self, wanted: search.Filter, limit: int) -> search.Found:
        """The newest of those that :meth:`replay_failed` would replay."""
        if not wanted.is_possible:
            return search.Found()
        with reading(self._store.engine).begin() as connection:
            page = search.page(connection, wanted, limit=limit, also=_LEFT)
        return replace(page, rows=[record for record in page.rows if self._version(record) is not None])

    def replay_failed(self, wanted: search.Filter, limit: int = AT_ONCE) -> str:
        """Replay the newest of those that the filter finds and that were not replayed yet; gives the job's id.

        Raises InvalidInput for a filter of other executions than failed ones, and a limit beyond 1 to 10,000.
        """
        if wanted.status not in {"", "failed"} or not wanted.is_possible:
            raise InvalidInput("filter: only failed executions are replayed together", field="filter")
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"limit: give a number from 1 to {MOST:,}", field="limit")
        new_id = time_id()
        row = {"id": new_id, "filter": replace(wanted, status="failed").to_json(), "cursor": new_id, "left": limit}
        with self._store.engine.begin() as connection:
            connection.execute(sa.insert(jobs).values(**row, done=0, created_at=utc_now()))
        self._wake.set()
        return new_id

    def end(self, job_id: str) -> None:
        """Replay no more for this job; what it made already runs on. Raises InvalidInput for one that is over."""
        running = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.ended_at.is_(None))
        with self._store.engine.begin() as connection:
            if not connection.execute(running.values(ended_at=utc_now())).rowcount:
                raise InvalidInput("it has ended already: there is nothing to stop", field="job")

    def job(self, job_id: str) -> Job | None:
        return next(iter(self._jobs(jobs.c.id == job_id)), None) if storable(job_id) else None

    def jobs(self, limit: int = 5) -> Sequence[Job]:
        """The newest first."""
        return self._jobs(sa.true(), limit)

    def _jobs(self, condition: sa.ColumnElement[bool], limit: int = 1) -> Sequence[Job]:
        query = sa.select(jobs).where(condition).order_by(jobs.c.id.desc()).limit(limit)
        with reading(self._store.engine).begin() as connection:
            return [Job(**row) for row in connection.execute(query).mappings()]

    def _check(self, record: ExecutionRecord, from_step: str) -> None:
        found = obstacles(self._store.steps.of(record.id), self._registry)
        if from_step not in found:
            raise InvalidInput(f"fromStep: it did not come to a step {from_step!r}", field="fromStep")
        if found[from_step]:
            raise InvalidInput(
                f"fromStep: {found[from_step]}; replay it from an earlier step, or from the start", field="fromStep"
            )

    def _version(self, record: ExecutionRecord) -> str | None:
        """The instance's present version, where it has the flow; that of the execution where the instance is gone."""
        instance = self._store.instances.get(record.instance_id)
        if instance is None:
            return record.version_id
        try:
            flows = {flow.name for flow in self._versions.load(instance.version_id).flows}
        except ConnectorError:  # a newer program published it
            return None
        return instance.version_id if record.flow in flows else None

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self._advance()
            except Exception as error:  # noqa: BLE001 (whatever it was, it goes on)
                log_failure(log, "replaying failed and is tried again", error)
                busy = self._stopping.wait(1)
            if busy:
                self._arrived()
            else:
                self._wake.wait(POLL)
                self._wake.clear()

    def _advance(self) -> bool:
        """Replay some of the oldest job, unless another process is just at work on one.

        What is replayed and how far it came are written together, so nothing is twice.
        """
        with self._store.engine.begin() as connection:
            if not turns.take_if_free(connection, turns.Turn.REPLAYING):
                return False
            open_jobs = sa.select(jobs).where(jobs.c.ended_at.is_(None)).order_by(jobs.c.id).limit(1)
            row = connection.execute(open_jobs.with_for_update()).mappings().one_or_none()
            if row is None:
                return False
            job = Job(**row)
            wanted = search.Filter.of_json(job.filter)
            limit = min(CHUNK, job.left)
            found = search.page(connection, wanted, before=job.cursor, limit=limit, also=_LEFT)
            done = sum(self._again(connection, record) for record in reversed(found.rows))  # the oldest goes first
            left = job.left - len(found.rows)
            ended = None if found.next and left else utc_now()
            changes = {"cursor": found.next, "left": left, "done": job.done + done, "ended_at": ended}
            connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(changes))
        return True

    def _again(self, connection: sa.Connection, record: ExecutionRecord) -> bool:
        version = self._version(record)
        if version is not None:
            _again(connection, record, time_id(), version, None)
        return version is not None


_later = executions.alias("later")
_LEFT = (  # not replayed yet, and with an instance
    ~sa.exists().where(_later.c.replay_of == executions.c.id),
    sa.exists().where(instances.c.id == executions.c.instance_id),
)


def _again(
    connection: sa.Connection, record: ExecutionRecord, new_id: str, version: str, from_step: str | None
) -> None:
    now = utc_now()
    sequence = record.sequence or ""
    dates = next_in_sequence(connection, {sequence} - {""}, now)
    new: dict[str, Any] = {
        "id": new_id,
        "version_id": version,
        "replay_of": record.id,
        "from_step": from_step,
        "run_as": record.run_as if from_step else "",
        "status": "accepted",
        "attempt": 1,
        "available_at": now,
        "created_at": dates.get(sequence, now),
    }
    values = [sa.literal(value, executions.c[name].type) for name, value in new.items()]
    copied = sa.select(*values, *(executions.c[name] for name in _COPIED)).where(executions.c.id == record.id)
    connection.execute(sa.insert(executions).from_select([*new, *_COPIED], copied))
    if from_step:
        _keep_state(connection, record, f"{new_id}.1")


def _keep_state(connection: sa.Connection, record: ExecutionRecord, owner: str) -> None:
    """What the steps that are taken over left in the execution's state; what later ones left there goes with it."""
    left = (states.c.scope == "execution", states.c.owner == f"{record.id}.{record.attempt}")
    copied = sa.select(states.c.scope, sa.literal(owner), states.c.key, states.c.value).where(*left)
    connection.execute(sa.insert(states).from_select(["scope", "owner", "key", "value"], copied))
