"""Executions: list; one as a timeline of its steps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ... import portable
from ...registry import Registry
from ...store.executions import ENDED, ExecutionRecord, Status, StepRow
from ..hints import Trouble
from ..site import missing, names_of, site_of
from .instances import unit_label

PAGE = 50
STATUSES = (
    ("", "All"),
    ("running", "Running"),
    ("waiting", "Waiting"),
    ("succeeded", "Succeeded"),
    ("failed", "Failed"),
)
BAR = 1000.0
MIN_BAR = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step's attempt on the timeline. ``left`` and ``width`` are thousandths of the execution's time."""

    name: str
    unit: str
    status: str
    attempt: int
    flow_attempt: int
    started_at: datetime
    ended_at: datetime | None
    depth: int
    turn: str
    left: float
    width: float
    inputs: Any
    output: Any
    error: Trouble | None


def listing(request: Request) -> Response:
    site, params = site_of(request), request.query_params
    store = site.host.store
    status = params.get("status", "")
    instance = store.instances.get(params.get("instance", ""))
    rows = store.executions.recent(
        instance_id=instance.id if instance else None,
        status=cast("Status", status) if status in get_args(Status) else None,
        before=params.get("before") or None,
        limit=PAGE + 1,
    )
    return site.pages.page(
        request,
        "executions.html",
        section="executions",
        executions=rows[:PAGE],
        next=rows[PAGE - 1].id if len(rows) > PAGE else "",
        names=names_of(store.instances.all()),
        instance=instance,
        wanted=status,
        before=params.get("before", ""),
        statuses=STATUSES,
        query=_query({"instance": instance.id if instance else "", "status": status}),
    )


def _query(kept: dict[str, str]) -> Any:
    def query(**changed: str) -> str:
        return urlencode({name: value for name, value in (kept | changed).items() if value})

    return query


def detail(request: Request) -> Response:
    site = site_of(request)
    store = site.host.store
    execution = store.executions.get(request.path_params["id"])
    if execution is None:
        raise missing("execution")
    rows = store.executions.steps(execution.id)
    steps = timeline(execution, rows, site.host.registry)
    payload, result = _value(execution.payload), _result(execution)
    return site.pages.page(
        request,
        "execution.html",
        section="executions",
        execution=execution,
        instance=store.instances.get(execution.instance_id),
        user=store.users.get(execution.run_as),
        running=execution.status not in ENDED,
        payload=payload,
        body=_body(payload),
        steps=steps,
        result=None if steps and steps[-1].output == result else result,
        error=None if _is_told(rows, execution) else Trouble.of(execution.error),
    )


def _is_told(rows: Sequence[StepRow], execution: ExecutionRecord) -> bool:
    """Whether the execution's error is that of its last step, which shows it already."""
    return bool(
        rows and execution.error and rows[-1].error and rows[-1].error.get("message") == execution.error.get("message")
    )


def timeline(execution: ExecutionRecord, rows: Sequence[StepRow], registry: Registry) -> list[StepView]:
    """The steps in their order, with bars to the scale of the whole."""
    first = min([execution.created_at, *(row.started_at for row in rows)])
    last = max([execution.created_at, *(row.ended_at or row.started_at for row in rows)])
    return [_view(row, first, last - first, registry) for row in rows]


def _view(row: StepRow, first: datetime, span: timedelta, registry: Registry) -> StepView:
    whole = max(span.total_seconds(), 0.001)
    took = ((row.ended_at or row.started_at) - row.started_at).total_seconds()
    width = max(MIN_BAR, BAR * took / whole)
    left = min(BAR * (row.started_at - first).total_seconds() / whole, BAR - width)
    turns = re.findall(r"\[(\d+)\]", row.path)
    return StepView(
        name=row.name,
        unit=unit_label(registry, row.component, row.action),
        status=row.status,
        attempt=row.attempt,
        flow_attempt=row.flow_attempt,
        started_at=row.started_at,
        ended_at=row.ended_at,
        depth=min(len(turns), 4),
        turn=".".join(str(int(turn) + 1) for turn in turns),
        left=round(max(left, 0.0), 1),
        width=round(width, 1),
        inputs=_value(row.inputs),
        output=_value(row.output),
        error=Trouble.of(row.error),
    )


def _body(payload: Any) -> Any:
    """What was said to the flow, without the envelope; None where there is no such thing."""
    match payload:
        case {"body": {"data": str() | dict() | list() as data}}:
            return data
    return None


def _result(execution: ExecutionRecord) -> Any:
    """The last step's data alone, where nothing else was said with it."""
    value = _value(execution.result)
    said = {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value
    return said["data"] if isinstance(said, dict) and said.keys() == {"data"} else said or None


def _value(text: str | None) -> Any:
    return None if text is None else portable.loads(text)


def routes() -> list[Route]:
    return [Route("/executions", listing), Route("/executions/{id}", detail)]
