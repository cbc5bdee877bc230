"""The host's web application: webhooks and the API beside the pages, and a wall around the pages alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from ...connector.errors import InvalidInput
from ..host import Host
from .access import Access, Origin
from .api.app import PREFIX, Api
from .bearer import Bearer
from .body import BodyRefused, Disconnected
from .guard import Guard
from .health import Health
from .operations import Scrape
from .pages import (
    components,
    connections,
    customers,
    deploy,
    events,
    executions,
    flows,
    instances,
    integrations,
    log,
    login,
    overview,
    registrations,
    schedules,
    tokens,
    units,
    wizard,
)
from .render import STATIC, Pages
from .site import Site
from .triggers import PREFIX as TRIGGER
from .triggers import Triggers

if TYPE_CHECKING:
    from ..operating.metrics import Metrics


def create_app(
    host: Host,
    access: Access,
    *,
    names: Iterable[str] = (),
    metrics: "Metrics | None" = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Starlette:
    """The application. The pages answer on loopback names and ``names``; webhooks on any. Raises InvalidInput.

    ``metrics`` are given to API tokens at ``/metrics``.
    """
    public_url = host.settings.public_url
    if not public_url:
        raise InvalidInput(
            "public_url: webhooks are verified against it; set TWILIO_CONNECTOR_PUBLIC_URL, or listen first and give "
            "that address",
            field="public_url",
        )
    pages = Pages.load(host.redactor.strike)
    site = Site(host, pages, access)
    origin = Origin.of(names)
    bearer = Bearer(host.store.tokens, access.programs)
    guarded, api = Guard(_site_app(site, sleep), access, origin, pages), Api(host, access, origin, bearer)
    app = _Front(
        Triggers(host),
        routes=[
            Mount("/health", routes=Health(host).routes()),
            Route("/metrics", Scrape(host, metrics, bearer).answer),
            Mount(PREFIX, api),
            Mount("/", guarded),
        ],
    )
    # An address with a line end in it is in no mount; whatever it is, it is told like the API's.
    app.router.default = api
    app.state.streams = site.streams
    return app


class _Front(Starlette):
    """Webhooks go past the router and its error pages: they are most of what comes, and answer for themselves."""

    def __init__(self, triggers: Triggers, **options: Any) -> None:
        super().__init__(**options)
        self._triggers = triggers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_webhook = scope["type"] == "http" and scope["path"].startswith(TRIGGER)
        await (self._triggers if is_webhook else super().__call__)(scope, receive, send)


def _site_app(site: Site, sleep: Callable[[float], Awaitable[None]]) -> Starlette:
    app = Starlette(
        routes=[
            *overview.routes(),
            *components.routes(),
            *units.routes(),
            *connections.routes(),
            *customers.routes(),
            *deploy.routes(site.host.settings.limits),
            *wizard.routes(),
            *integrations.routes(),
            *instances.routes(),
            *registrations.routes(),
            *schedules.routes(),
            *executions.routes(),
            *events.routes(),
            *flows.routes(),
            *log.routes(),
            *tokens.routes(),
            *login.routes(sleep),
            Mount("/static", _Kept(directory=STATIC)),
        ],
        exception_handlers={HTTPException: _http_error, BodyRefused: _body_refused, Disconnected: _gone, 500: _broken},
    )
    app.router.redirect_slashes = False
    app.state.site = site
    return app


class _Kept(StaticFiles):
    """Static files that browsers may keep: their addresses change with their content."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "private, max-age=31536000, immutable"
        return response


def _http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    detail = getattr(error, "detail", "")
    told = "" if detail == HTTPStatus(status).phrase else detail
    return _draw(request, status, told)


def _body_refused(request: Request, error: Exception) -> Response:
    return _draw(request, getattr(error, "status", 400), f"{error}."[:1].upper() + f"{error}."[1:])


def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)


def _broken(request: Request, _error: Exception) -> Response:
    return _draw(request, 500, "")


def _draw(request: Request, status: int, message: str) -> Response:
    site: Site = request.app.state.site
    return site.pages.refusal(request, status, message)
