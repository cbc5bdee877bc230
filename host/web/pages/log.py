"""Who changed what, and who ran which action: the log of changes, filtered and page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...operating.changes import Change, Wanted
from ..site import Site, site_of

PAGE = 50
KINDS = (
    ("action", "Actions that were run"),
    ("connection", "Connections"),
    ("customer", "Customers"),
    ("execution", "Executions"),
    ("instance", "Instances"),
    ("integration", "Integrations"),
    ("key", "API keys of webhooks"),
    ("password", "The password"),
    ("schedule", "Schedules"),
    ("secret", "Named secrets"),
    ("token", "API tokens"),
    ("user", "Users"),
    ("vault", "The vault"),
    ("webhook", "Webhooks"),
)
_ADDRESSES = {"connection": "connections", "customer": "customers", "execution": "executions", "instance": "instances"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A change as it is drawn; ``href`` where there is a page of what was changed."""

    at: datetime
    who: str
    what: str
    label: str
    href: str
    summary: str


def listing(request: Request) -> Response:
    site = site_of(request)
    given = {name: request.query_params.get(name, "").strip() for name in ("what", "who", "subject")}
    before = request.query_params.get("before", "")
    rows, next_one = site.host.changes.find(Wanted(**given), before=before, limit=PAGE)
    kept = {name: value for name, value in given.items() if value}
    return site.pages.page(
        request,
        "log.html",
        section="admin",
        lines=list(_lines(site, rows, _session(request))),
        given=given,
        kinds=KINDS if given["what"] in {"", *dict(KINDS)} else (*KINDS, (given["what"], given["what"])),
        narrowed=bool(kept),
        before=before,
        older=urlencode({**kept, "before": next_one}) if next_one else "",
    )


def _lines(site: Site, rows: list[Change], session: str) -> Iterator[Line]:
    names = _names(site)
    for row in rows:
        name = names.get(row.subject, "")
        yield Line(
            at=row.at,
            who=f"{row.who}, this session" if row.who == session else row.who,
            what=row.what,
            label=name or row.subject,
            href=_href(row, is_there=bool(name)),
            summary=row.summary,
        )


def _session(request: Request) -> str:
    access = site_of(request).access
    return f"page:{access.name_of(request.cookies.get(access.cookie))}"


def _names(site: Site) -> dict[str, str]:
    """Of what is still there, by id."""
    store = site.host.store
    return {
        item.id: item.name for items in (store.connections, store.customers, store.instances) for item in items.all()
    }


def _href(row: Change, *, is_there: bool) -> str:
    kind = row.what.partition(".")[0]
    if kind == "action":
        component, _, key = row.subject.partition(".")
        return f"/components/{quote(component)}/actions/{quote(key)}"
    if row.what in {"execution.replay", "execution.cancel"} or (is_there and kind in _ADDRESSES):
        return f"/{_ADDRESSES[kind]}/{quote(row.subject)}"
    return ""


def routes() -> list[Route]:
    return [Route("/log", listing)]
