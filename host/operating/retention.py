"""What is forgotten, and when: neither our tables nor the engine's would stop growing by themselves."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from dbos import DBOS

from ..settings import Limits
from ..store import turns
from ..store.database import reading
from ..store.ids import first_id
from ..store.portable import instant
from ..store.schema import (
    ENDED,
    calls,
    changes,
    claims,
    executions,
    identities,
    journal,
    logs,
    outcomes,
    states,
    status_in,
    steps,
    terms,
)
from .changes import RUNS

CHECKPOINTS_KEPT = timedelta(minutes=10)  # after the end; our own record of the execution stays longer
_BATCH = 500


def sweep(engine: sa.Engine, limits: Limits, now: datetime, seconds: float = 1.0) -> None:
    """Forget what is over its time or too many, checkpoints and the rest for about so long each; more with the next sweep.

    Steps and logs may go before their executions. The identities of events stay longer: an event that comes again after its
    execution is forgotten must not run again.
    """
    _all(time.monotonic() + seconds, lambda: forget_checkpoints(engine, now - CHECKPOINTS_KEPT))
    until = time.monotonic() + seconds
    kept = timedelta(days=limits.days_kept)
    details = timedelta(days=limits.details_days_kept or limits.days_kept)
    _all(until, lambda: forget_details(engine, now - min(details, kept)))
    _all(until, lambda: forget_executions(engine, now - kept))
    if limits.executions_kept:
        _all(until, lambda: forget_surplus(engine, limits.executions_kept))
    forget_calls(engine, now - kept)
    forget_runs(engine, now - kept)
    forget_identities(engine, now - max(timedelta(days=limits.identities_days_kept), kept))


def _all(until: float, forget: Callable[[], int]) -> None:
    """Batch after batch, while there is more and time for it."""
    while forget() == _BATCH and time.monotonic() < until:
        pass


def forget_checkpoints(engine: sa.Engine, before: datetime) -> int:
    """Delete the checkpoints of some that ended before that time; how many were looked at, 0 if none can go.

    One process does, the others need not wait. What the engine gave up stays until the execution has ended too: until then
    nothing else tells that it is not run again.
    """
    with reading(engine).begin() as connection:
        if not turns.take_if_free(connection, turns.Turn.FORGETTING):
            return 0
        turns.work_elsewhere(connection)
        found = DBOS.list_workflows(completed_before=instant(before), limit=_BATCH, load_input=False, load_output=False)
        given_up = [workflow.workflow_id for workflow in found if workflow.status != "SUCCESS"]
        left = _running(connection, given_up) if given_up else set()
        ids = [workflow.workflow_id for workflow in found if workflow.workflow_id not in left]
        if ids:
            DBOS.delete_workflows(ids)
    return len(found) if ids else 0


def _running(connection: sa.Connection, workflows: Sequence[str]) -> set[str]:
    """Those of them whose attempt has not ended for us."""
    ids = [workflow.partition(".")[0] for workflow in workflows]
    query = sa.select(executions.c.id, executions.c.attempt).where(executions.c.id.in_(ids))
    return {f"{row.id}.{row.attempt}" for row in connection.execute(query.where(status_in(executions, "running")))}


def forget_executions(engine: sa.Engine, before: datetime) -> int:
    """Delete some of the executions accepted before that time and ended, with all that is theirs; how many."""
    with engine.begin() as connection:
        return _forget(connection, executions.c.id < first_id(before))


def forget_surplus(engine: sa.Engine, kept: int) -> int:
    """Delete some that have ended, of those beyond the newest ``kept``; how many."""
    with engine.begin() as connection:
        first = sa.select(executions.c.id).order_by(executions.c.id.desc()).offset(kept).limit(1)
        newest = connection.scalar(first)
        return 0 if newest is None else _forget(connection, executions.c.id <= newest)


def forget_details(engine: sa.Engine, before: datetime) -> int:
    """Delete steps and logs of some executions accepted before that time and ended; of how many."""
    with engine.begin() as connection:
        ids: set[str] = set()
        for table in (steps, logs):
            old = sa.select(table.c.execution_id).distinct().where(table.c.execution_id < first_id(before))
            ended = old.join(executions, executions.c.id == table.c.execution_id).where(status_in(executions, *ENDED))
            ids |= set(connection.execute(ended.order_by(table.c.execution_id).limit(_BATCH)).scalars())
        some = sorted(ids)[:_BATCH]
        _delete(connection, some, steps, logs)
    return len(some)


def forget_calls(engine: sa.Engine, before: datetime) -> None:
    """Delete calls made before that time, with what they claimed: their keys are new again."""
    with engine.begin() as connection:
        connection.execute(sa.delete(calls).where(calls.c.id < first_id(before)))


def forget_runs(engine: sa.Engine, before: datetime) -> None:
    """Delete the log's lines of actions that were run before that time; who changed what stays."""
    with engine.begin() as connection:
        connection.execute(sa.delete(changes).where(changes.c.id < first_id(before), changes.c.what.in_(RUNS)))


def forget_identities(engine: sa.Engine, before: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(identities).where(identities.c.created_at < before))


def _forget(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    ended = sa.select(executions.c.id).where(which, status_in(executions, *ENDED))
    ids = list(connection.execute(ended.order_by(executions.c.id).limit(_BATCH)).scalars())
    _delete(connection, ids, journal, claims, outcomes, steps, logs, terms)
    if ids:
        theirs = sa.func.substr(states.c.owner, 1, 36).in_(ids)
        near = states.c.owner.between(ids[0], ids[-1] + "g")  # the character after f
        connection.execute(sa.delete(states).where(states.c.scope == "execution", near, theirs))
        connection.execute(sa.delete(executions).where(executions.c.id.in_(ids)))
    return len(ids)


def _delete(connection: sa.Connection, ids: Sequence[str], *tables: sa.Table) -> None:
    for table in tables if ids else ():
        connection.execute(sa.delete(table).where(table.c.execution_id.in_(ids)))
