"""What every page has at hand, and how its functions are called: in a thread, with the form that was sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ..host import Host
from ..store.instances import InstanceRecord
from .access import Access
from .body import read_body
from .events import Streams
from .forms import Form
from .multipart import MULTIPART, multipart
from .render import Pages

FORM_LIMIT = 1 << 20
FORM_SECONDS = 10.0
UPLOAD_SECONDS = 120.0

Page = Callable[[Request], Response]
Action = Callable[[Request, Form], Response]


@dataclass(frozen=True, slots=True)
class Site:
    """The host, how pages are drawn, and who may see them."""

    host: Host
    pages: Pages
    access: Access
    streams: Streams = field(default_factory=Streams)


def site_of(request: Request) -> Site:
    found: Site = request.app.state.site
    return found


def with_form(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that reads the form and calls ``action`` in a thread, for it may wait for the database or a service."""

    async def endpoint(request: Request) -> Response:
        body = await read_body(request.scope, request.receive, limit=FORM_LIMIT, seconds=FORM_SECONDS)
        kind = request.headers.get("content-type", "")
        return await run_in_threadpool(lambda: action(request, Form.parse(kind, body) if body else Form()))

    return endpoint


def with_upload(action: Action, limit: int) -> Callable[[Request], Awaitable[Response]]:
    """The same for a form that may bring files, of ``limit`` bytes together."""

    async def endpoint(request: Request) -> Response:
        most = FORM_LIMIT + limit
        body = await read_body(request.scope, request.receive, limit=most, seconds=UPLOAD_SECONDS)
        kind = request.headers.get("content-type", "")
        files = await multipart(request.headers, body) if kind.startswith(MULTIPART) else None
        return await run_in_threadpool(lambda: action(request, files or Form.parse(kind, body)))

    return endpoint


def see_other(path: str, **query: str) -> RedirectResponse:
    """Go there next: what a form that changed something answers, so that a reload does not change it twice."""
    return RedirectResponse(f"{quote(path)}?{urlencode(query)}" if query else quote(path), 303)


def missing(what: str) -> HTTPException:
    return HTTPException(404, f"There is no such {what}. It may have been removed.")


def notice(request: Request, texts: Mapping[str, str]) -> str:
    """The sentence for ``?done=…``; only our own are shown."""
    return texts.get(request.query_params.get("done", ""), "")


def names_of(instances: list[InstanceRecord]) -> dict[str, str]:
    return {instance.id: f"{instance.name} · {instance.customer}" for instance in instances}
