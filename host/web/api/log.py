"""Who changed what, and which webhooks were refused."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from .route import Call, Route
from .shapes import MAX_PAGE, Page, Shape, Text


class Change(Shape):
    """``who`` is ``api:<token>``, ``page:<session>`` or ``cli:<user>``."""

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


class AskedChanges(Shape):
    """Which changes."""

    subject: Annotated[Text, Field(description="Only of this one, by its id or name.")] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


class AskedRefusals(Shape):
    """Which refusals."""

    endpoint_id: Text | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50


def changes(call: Call) -> dict[str, Any]:
    return {"items": call.host.changes.recent(call.query.limit, call.query.subject)}


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
        summary="Who changed what, the newest first",
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
