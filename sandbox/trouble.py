"""Makes faults happen around the REST API: refusals, slowness, connections that break."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import TwilioError
from .faults import Fault
from .records import Exchange
from .state import State

STATUS_CODES = {429: 20429, 500: 20500, 503: 20503}


class Trouble:
    """Asks the state's faults about each request before `app` gets it."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        fault = self._state.faults.take(request.method, f"/{request.path_params['path']}")
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "slow":
            body = await request.body()
            await asyncio.sleep(fault.seconds)
            await self._app(scope, _again(body), send)
        elif fault.kind == "status":
            self._record(request, fault, fault.status)
            await _refuse(fault)(scope, receive, send)
        else:
            await self._drop(request, fault, scope, receive)

    async def _drop(self, request: Request, fault: Fault, scope: Scope, receive: Receive) -> None:
        if fault.kind == "drop-after":
            await self._app(scope, receive, _into_nothing)
        self._record(request, fault, None)
        _close(scope)
        while (await receive())["type"] != "http.disconnect":
            pass

    def _record(self, request: Request, fault: Fault, status: int | None) -> None:
        now, note = self._state.settings.clock(), f"fault {fault.id}: {fault.kind}"
        self._state.record(Exchange("in", request.method, request.url.path, status, 0.0, now, note=note))


def _again(body: bytes) -> Receive:
    """Give a body that was read already, so that who hung up meanwhile is served all the same."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _refuse(fault: Fault) -> JSONResponse:
    code = STATUS_CODES.get(fault.status, 20500)
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    refused = TwilioError(code, status=fault.status)
    return JSONResponse(refused.body(), fault.status, headers)


def _close(scope: Scope) -> None:
    """Break the connection. The server puts its transport into the request's state (see server.py)."""
    transport = scope.get("state", {}).get("transport")
    if transport is None:
        raise ConnectionAbortedError("this server lends no transport to close; run the app by sandbox.server")
    transport.abort()


async def _into_nothing(_: Message) -> None:
    """Swallow a response: the service did its work and nobody hears of it."""
