"""The ASGI application behind ``/api``: who may, what is asked, the handler in a thread, one shape of answers and errors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...host import Host
from ...operating.changes import by
from ...store.database import storable
from ..access import SAFE_METHODS, Access, Origin, is_own_request
from ..bearer import Bearer, unknown
from ..body import Disconnected
from ..refusal import Refusal
from . import openapi, problems
from .problems import missing
from .reading import body_of, query_of
from .route import Call, Route
from .table import ROUTES

PREFIX = "/api"
LONGEST_KEY = 255
_KEY = re.compile(rf"[\x21-\x7e]([\x20-\x7e]{{0,{LONGEST_KEY - 2}}}[\x21-\x7e])?")
SLOW = 16  # calls that wait for services at a time: the pages' threads are left alone
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Api:
    """Serves ``routes`` to whoever has a token, or a session of the pages on their own origin."""

    host: Host
    access: Access
    origin: Origin
    bearer: Bearer
    routes: Sequence[Route] = ROUTES
    _slow: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(SLOW), repr=False)
    _document: list[dict[str, Any]] = field(default_factory=list, repr=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets a problem)
            response = problems.answer(error, self.host.redactor)
        MutableHeaders(raw=response.raw_headers).update(HEADERS)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        who = await self._let_in(request)
        route, path = self._route(request)
        if route.writes and not who.may_write:
            raise Refusal(403, "access", "the token may only read; this takes one with the scope write")
        call = Call(
            host=self.host,
            who=who.name,
            path=path,
            query=query_of(route, request),
            body=await body_of(route, request, self.host.settings.limits.definition),
            key=_key(request) if route.keyed else None,
            document=self._describe,
        )
        with by(who.name):
            handle = partial(_handle, route, call)
            run = partial(to_thread.run_sync, limiter=self._slow) if route.slow else run_in_threadpool
            response: Response = await run(handle)
        return response

    def _route(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        """Raises HTTPException for an address or a method that there is not, Refusal for an id that is none."""
        path = request.scope["path"].removeprefix(PREFIX)
        found = [(route, values) for route in self.routes if (values := route.match(path)) is not None]
        for route, values in found:
            if route.method == request.method:
                if not all(map(storable, values.values())):
                    raise missing("thing")
                return route, values
        if not found:
            raise HTTPException(404)
        raise HTTPException(405, headers={"allow": ", ".join(sorted({route.method for route, _ in found}))})

    async def _let_in(self, request: Request) -> "_Who":
        """Raises Refusal for whoever is not to be let in."""
        if request.headers.get("authorization"):
            record = await run_in_threadpool(self.bearer.check, request)
            return _Who(f"api:{record.name}", may_write=record.scope == "write")
        cookie = request.cookies.get(self.access.cookie)
        if self._is_own_page(request) and await run_in_threadpool(self.access.knows, cookie):
            return _Who(f"page:{self.access.name_of(cookie)}", may_write=True)
        raise unknown("there is no token")

    def _is_own_page(self, request: Request) -> bool:
        if not self.origin.knows(request.headers):
            return False
        looked_at = request.method in SAFE_METHODS and request.headers.get("sec-fetch-site", "none") == "none"
        return looked_at or is_own_request(request.headers)

    def _describe(self) -> dict[str, Any]:
        """The OpenAPI document, made when it is first asked for."""
        if not self._document:
            self._document.append(openapi.document(self.routes, self.host.registry))
        return self._document[0]


@dataclass(frozen=True, slots=True)
class _Who:
    name: str
    may_write: bool


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        detail = f"Idempotency-Key: give 1 to {LONGEST_KEY} printable ASCII characters, such as a UUID"
        raise Refusal(422, "input", detail, field="Idempotency-Key")
    return key


def _handle(route: Route, call: Call) -> Response:
    result = route.handle(call)
    if isinstance(result, Response):
        return result
    if route.gives is None:
        return Response(status_code=204)
    shaped = route.gives.model_validate(result)
    return Response(shaped.model_dump_json(by_alias=True), route.status, media_type="application/json")
