"""``/events/executions`` tells of all executions, ``/events/executions/{id}`` of one; see :mod:`..events`."""

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...store.database import reading
from ...store.executions import ENDED
from ...store.schema import OPEN, executions, logs, refusals, replay_jobs, status_in, steps
from ..events import Look
from ..site import Site, missing, site_of

_NEWEST = 50
_OPEN = 200


def everything(site: Site) -> Look:
    """The newest executions and the open ones with their statuses, the last refusal, and how far replaying came."""
    columns = (executions.c.id, executions.c.status, executions.c.attempt)
    waiting = sa.select(*columns).where(status_in(executions, *OPEN))
    with reading(site.host.store.engine).begin() as connection:
        newest = connection.execute(sa.select(*columns).order_by(executions.c.id.desc()).limit(_NEWEST)).all()
        open_ = connection.execute(waiting.order_by(executions.c.available_at, executions.c.id).limit(_OPEN)).all()
        refused = connection.scalar(sa.select(sa.func.max(refusals.c.id)))
        how_far = (sa.func.sum(replay_jobs.c.done), sa.func.count(replay_jobs.c.ended_at))
        done = list(connection.execute(sa.select(*how_far)).one())
    seen = {row.id: [row.status, row.attempt] for row in [*newest, *open_]}
    return Look({"executions": seen, "refused": refused, "replayed": done})


def one(site: Site, execution_id: str) -> Look:
    """Its status, and how many steps and log lines it has."""
    row = sa.select(executions.c.status, executions.c.attempt, executions.c.cancelled_at)
    mine = sa.select(sa.func.count(), sa.func.max(steps.c.ended_at)).where(steps.c.execution_id == execution_id)
    lines = sa.select(sa.func.count()).where(logs.c.execution_id == execution_id)
    with reading(site.host.store.engine).begin() as connection:
        found = connection.execute(row.where(executions.c.id == execution_id)).first()
        count, last = connection.execute(mine).one()
        written = connection.scalar(lines)
    if found is None:
        return Look({"id": execution_id, "status": "removed"}, is_over=True)
    seen = {"id": execution_id, "status": found.status, "attempt": found.attempt, "steps": count, "lines": written}
    marks = {"ended": str(last or ""), "isCancelling": found.cancelled_at is not None}
    return Look(seen | marks, is_over=found.status in ENDED)


async def executions_changed(request: Request) -> Response:
    site = site_of(request)
    return site.streams.of(request, "", lambda: everything(site), lambda: _is_signed_in(request, site))


async def execution_changed(request: Request) -> Response:
    site, execution_id = site_of(request), request.path_params["id"]
    if await run_in_threadpool(site.host.store.executions.status, execution_id) is None:
        raise missing("execution")
    return site.streams.of(request, execution_id, lambda: one(site, execution_id), lambda: _is_signed_in(request, site))


def _is_signed_in(request: Request, site: Site) -> bool:
    return site.access.knows(request.cookies.get(site.access.cookie))


def routes() -> list[Route]:
    return [Route("/events/executions", executions_changed), Route("/events/executions/{id}", execution_changed)]
