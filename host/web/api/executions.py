"""Executions: what ran, what each step was given and gave. Secrets were struck out before anything was stored."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.alias_generators import to_camel

from ....connector.errors import InvalidInput
from ...engine.replays import AT_ONCE, MOST, JobStatus
from ...engine.replays import Job as JobRecord
from ...store.database import storable
from ...store.executions import StartedBy, Status
from ...store.search import Filter, find
from ..timeline import value_of
from .route import Call, Route, found
from .shapes import MAX_PAGE, Moment, Page, Shape, Text, Window, plain


class Execution(Shape):
    """One run of a flow. ``runAs`` is a user's id or ``system``; empty until that is decided.

    ``plannedAt`` is when its schedule meant it to start, ``parentId`` the execution that invoked it.
    """

    id: str
    instance_id: str
    version_id: str
    flow: str
    run_as: str
    started_by: StartedBy
    planned_at: datetime | None
    parent_id: str | None
    replay_of: str | None
    status: Status
    attempt: int
    created_at: datetime
    available_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: dict[str, Any] | None


class Step(Shape):
    """One attempt at one step. ``path`` says the turn inside loops."""

    path: str
    name: str
    component: str
    action: str
    flow_attempt: int
    attempt: int
    status: str
    inputs: Any = None
    output: Any = None
    error: dict[str, Any] | None
    started_at: datetime
    ended_at: datetime | None


class ExecutionDetail(Execution):
    """With what started it, its steps in the order they began, and what the last gave."""

    payload: Any = None
    steps: list[Step]
    result: Any = None


class Which(Shape):
    """Which executions: ``text`` is the beginning of an id, a number, or whole words of what was said."""

    text: Text = ""
    instance_id: Text = ""
    customer_id: Text = ""
    flow: Text = ""
    run_as: Text = ""
    started_by: StartedBy | None = None
    since: Moment | None = None
    until: Moment | None = None

    def filter(self, status: Status | Literal[""] = "") -> Filter:
        given = {field.name: getattr(self, field.name, None) for field in fields(Filter) if field.name != "status"}
        return Filter(**{name: value for name, value in given.items() if value is not None}, status=status)


class Asked(Which, Window):
    """Which executions: ``text`` is the beginning of an id, a number, or whole words of what was said."""

    status: Status | None = None


class AskedJobs(Shape):
    """How many."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class Replay(Shape):
    """From its start, or from the step of that ``path``."""

    from_step: str | None = None


class FailedOnes(Which):
    """Which failed executions: the newest ``limit`` that were not replayed yet."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = AT_ONCE


class Job(Shape):
    """Failed executions being replayed, ``done`` so far. ``left`` is how many more it may take, as long as there are some."""

    id: str
    status: JobStatus
    done: int
    left: int
    created_at: datetime
    ended_at: datetime | None


class Replayed(Shape):
    """The execution that was made."""

    id: str


def listing(call: Call) -> dict[str, Any]:
    asked: Asked = call.query
    page = find(call.host.store.engine, asked.filter(asked.status or ""), before=asked.before or "", limit=asked.limit)
    return {"items": page.rows, "next": page.next or None}


def detail(call: Call) -> ExecutionDetail:
    store = call.host.store
    record = found(store.executions.get(call.path["id"]), "execution")
    shown = Execution.model_validate(record).model_dump()
    steps = [_step(row) for row in store.steps.of(record.id)]
    return ExecutionDetail(**shown, payload=_value(record.payload), steps=steps, result=_value(record.result))


def replay(call: Call) -> Replayed:
    return Replayed(id=call.host.executions.replay(_id(call), call.body.from_step))


def cancel(call: Call) -> None:
    call.host.executions.cancel(_id(call))


def replay_failed(call: Call) -> JobRecord:
    given: FailedOnes = call.body
    wanted = given.filter()
    if not wanted.is_possible:
        unknown = (key for key in ("flow", "instance_id", "customer_id", "run_as") if not storable(getattr(given, key)))
        key = to_camel(next(unknown, "text"))
        raise InvalidInput(f"{key}: holds nothing that could be found", field=key)
    return found(call.host.replays.job(call.host.executions.replay_failed(wanted, given.limit)), "replay")


def jobs(call: Call) -> dict[str, Any]:
    return {"items": call.host.replays.jobs(call.query.limit)}


def job(call: Call) -> JobRecord:
    return found(call.host.replays.job(call.path["id"]), "replay")


def stop_replaying(call: Call) -> JobRecord:
    call.host.executions.stop_replaying(job(call).id)
    return job(call)


def _id(call: Call) -> str:
    return found(call.host.store.executions.get(call.path["id"]), "execution").id


def _step(row: Any) -> Step:
    values = {name: getattr(row, name) for name in Step.model_fields if name not in {"inputs", "output"}}
    return Step(**values, inputs=_value(row.inputs), output=_value(row.output))


def _value(text: str | None) -> Any:
    return plain(value_of(text))


TAG = "executions"
ROUTES = (
    Route(
        method="GET",
        path="/executions",
        handle=listing,
        asks=Asked,
        gives=Page[Execution],
        summary="List them, the newest first",
        tag=TAG,
    ),
    Route(
        method="GET",
        path="/executions/{id}",
        handle=detail,
        gives=ExecutionDetail,
        summary="One of them, with its steps",
        tag=TAG,
    ),
    Route(
        method="POST",
        path="/executions/{id}/replay",
        handle=replay,
        takes=Replay,
        gives=Replayed,
        status=201,
        summary="Run it again; what its steps send goes out again",
        tag=TAG,
    ),
    Route(method="POST", path="/executions/{id}/cancel", handle=cancel, summary="End it before its next step", tag=TAG),
    Route(
        method="POST",
        path="/replays",
        handle=replay_failed,
        takes=FailedOnes,
        gives=Job,
        status=201,
        summary="Run failed executions again, in the background; what their steps send goes out again",
        tag=TAG,
    ),
    Route(
        method="GET",
        path="/replays",
        handle=jobs,
        asks=AskedJobs,
        gives=Page[Job],
        summary="Such replays and how far they came, the newest first",
        tag=TAG,
    ),
    Route(method="GET", path="/replays/{id}", handle=job, gives=Job, summary="One of them", tag=TAG),
    Route(
        method="POST",
        path="/replays/{id}/stop",
        handle=stop_replaying,
        gives=Job,
        summary="Replay no more; what runs again already runs on",
        tag=TAG,
    ),
)
