"""What is forgotten, and when: neither our tables nor the engine's would stop growing by themselves."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from dbos import DBOS

from .ids import first_id
from .portable import instant
from .store.schema import claims, executions, identities, journal, outcomes, states, steps

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


def forget_executions(engine: sa.Engine, before: datetime) -> int:
    """Delete executions accepted before that time and ended, with their steps, state and identities; how many."""
    old = sa.select(executions.c.id).where(
        executions.c.id < first_id(before), executions.c.status.in_(["succeeded", "failed"])
    )
    with engine.begin() as connection:
        ids = list(connection.execute(old.order_by(executions.c.id).limit(_BATCH)).scalars())
        if ids:
            connection.execute(sa.delete(journal).where(journal.c.execution_id.in_(ids)))
            connection.execute(sa.delete(claims).where(claims.c.execution_id.in_(ids)))
            connection.execute(sa.delete(outcomes).where(outcomes.c.execution_id.in_(ids)))
            connection.execute(sa.delete(steps).where(steps.c.execution_id.in_(ids)))
            connection.execute(
                sa.delete(states).where(states.c.scope == "execution", sa.func.substr(states.c.owner, 1, 36).in_(ids))
            )
            connection.execute(sa.delete(executions).where(executions.c.id.in_(ids)))
        connection.execute(sa.delete(identities).where(identities.c.created_at < before))
    return len(ids)
