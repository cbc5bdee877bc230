"""Who changed what, and which webhooks were refused."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ...operating.changes import Wanted
from .route import Call, Route
from .shapes import MAX_PAGE, Page, Shape, Text, Window


class Change(Shape):
    """``who`` is ``api:<token>``, ``page:<session>`` or ``cli:<user>``; ``summary`` of an action tells how it ended."""

    id: str
    at: datetime
    who: str
    what: str
    subject: str
    summary: str


class Refusal(Shape):
    """A request that did not reach a flow, and why."""

    id: str
    endpoint_id: str
    reason: str
    method: str
    source: str
    at: datetime


class AskedChanges(Window):
    """Which changes."""

    what: Annotated[Text, Field(description="Such as connection.update, or connection for all of them.")] = ""
    who: Annotated[Text, Field(description="Any part of it, such as api or billing.")] = ""
    subject: Annotated[Text, Field(description="Only of this one, by its id or name.")] = ""


class AskedRefusals(Shape):
    """Which refusals."""

    endpoint_id: Text | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


def changes(call: Call) -> dict[str, Any]:
    asked: AskedChanges = call.query
    wanted = Wanted(what=asked.what, who=asked.who, subject=asked.subject)
    rows, next_one = call.host.changes.find(wanted, before=asked.before or "", limit=asked.limit)
    return {"items": rows, "next": next_one or None}


def refusals(call: Call) -> dict[str, Any]:
    return {"items": call.host.store.refusals.recent(endpoint_id=call.query.endpoint_id, limit=call.query.limit)}


TAG = "log"
ROUTES = (
    Route(
        method="GET",
        path="/changes",
        handle=changes,
        asks=AskedChanges,
        gives=Page[Change],
        summary="Who changed what, and who ran which action, the newest first",
        tag=TAG,
    ),
    Route(
        method="GET",
        path="/refusals",
        handle=refusals,
        asks=AskedRefusals,
        gives=Page[Refusal],
        summary="The last refused webhooks, the newest first",
        tag=TAG,
    ),
)
