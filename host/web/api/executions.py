"""Executions: what ran, what each step was given and gave. Secrets were struck out before anything was stored."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from ... import portable
from ...store.executions import Status
from ...store.search import Filter, find
from .route import Call, Route, found
from .shapes import Page, Shape, Text, Window, plain


class Execution(Shape):
    """One run of a flow. ``runAs`` is a user's id or ``system``; empty until that is decided."""

    id: str
    instance_id: str
    version_id: str
    flow: str
    run_as: str
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


class Asked(Window):
    """Which executions: ``text`` is the beginning of an id, a number, or whole words of what was said."""

    text: Text = ""
    instance_id: Text = ""
    customer_id: Text = ""
    flow: Text = ""
    status: Status | None = None
    run_as: Text = ""
    since: datetime | None = None
    until: datetime | None = None


class Replay(Shape):
    """From its start, or from the step of that ``path``."""

    from_step: str | None = None


class Replayed(Shape):
    """The execution that was made."""

    id: str


def listing(call: Call) -> dict[str, Any]:
    asked: Asked = call.query
    names = {field.name for field in fields(Filter)}
    wanted = Filter(
        **{name: value for name, value in asked.model_dump().items() if name in names and value is not None}
    )
    page = find(call.host.store.engine, wanted, before=asked.before or "", limit=asked.limit)
    return {"items": page.rows, "next": page.next or None}


def detail(call: Call) -> ExecutionDetail:
    store = call.host.store.executions
    record = found(store.get(call.path["id"]), "execution")
    shown = Execution.model_validate(record).model_dump()
    steps = [_step(row) for row in store.steps(record.id)]
    return ExecutionDetail(**shown, payload=_value(record.payload), steps=steps, result=_value(record.result))


def replay(call: Call) -> Replayed:
    return Replayed(id=call.host.replay(_id(call), call.body.from_step))


def cancel(call: Call) -> None:
    call.host.cancel(_id(call))


def _id(call: Call) -> str:
    return found(call.host.store.executions.get(call.path["id"]), "execution").id


def _step(row: Any) -> Step:
    values = {name: getattr(row, name) for name in Step.model_fields if name not in {"inputs", "output"}}
    return Step(**values, inputs=_value(row.inputs), output=_value(row.output))


def _value(text: str | None) -> Any:
    return None if text is None else plain(portable.loads(text))


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
)
