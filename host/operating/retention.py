"""What is forgotten, and when: neither our tables nor the engine's would stop growing by themselves."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from dbos import DBOS

from ..settings import Limits
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


def forget_checkpoints(now: datetime) -> int:
    """Delete checkpoints of what has ended well; how many. What the engine gave up is first recorded, so it stays."""
    old = instant(now - CHECKPOINTS_KEPT)
    found = DBOS.list_workflows(
        status="SUCCESS", completed_before=old, limit=_BATCH, load_input=False, load_output=False
    )
    ids = [workflow.workflow_id for workflow in found]
    if ids:
        DBOS.delete_workflows(ids)
    return len(ids)


def sweep(engine: sa.Engine, limits: Limits, now: datetime, seconds: float = 1.0) -> None:
    """Forget what is over its time or too many, for about so long; the rest with the next sweep.

    Steps and logs may go before their executions. The identities of events stay longer: an event that comes again after its
    execution is forgotten must not run again.
    """
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
        owner = sa.func.substr(states.c.owner, 1, 36)
        connection.execute(sa.delete(states).where(states.c.scope == "execution", owner.in_(ids)))
        connection.execute(sa.delete(executions).where(executions.c.id.in_(ids)))
    return len(ids)


def _delete(connection: sa.Connection, ids: Sequence[str], *tables: sa.Table) -> None:
    for table in tables if ids else ():
        connection.execute(sa.delete(table).where(table.c.execution_id.in_(ids)))
