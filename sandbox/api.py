"""Twilio's REST API over HTTP: `/{product}/…` here is `https://{product}.twilio.com/…` there."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from . import shapes
from .access import identify
from .errors import TwilioError
from .records import Exchange, Message
from .resources import OPERATIONS, Call, Reply
from .settings import new_sid
from .state import State

log = logging.getLogger(__name__)
ROUTES = [
    (re.compile(f"/{shapes.VERSION}" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/.]+)", path)), methods)
    for path, methods in OPERATIONS.items()
]


class Api:
    """The product hosts below one ASGI path; the product is the first part of the path."""

    def __init__(self, state: State, canceled: Callable[[Message], None]) -> None:
        self._state = state
        self._canceled = canceled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, started = Request(scope, receive), perf_counter()
        request_id, seconds = new_sid("RQ"), 0.0
        form = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        response = self._answer(request, form)
        seconds = perf_counter() - started
        response.headers.update(_headers(request_id, seconds))
        self._record(request, form, response, request_id, seconds)
        await response(scope, receive, send)

    def _answer(self, request: Request, form: dict[str, list[str]]) -> Response:
        path, extension = _split(request.path_params["path"])
        try:
            caller = identify(self._state, request.headers.get("authorization", ""))
            operation, ids = _find(request.path_params["product"], request.method, path)
            query = dict(request.query_params)
            reply = operation(Call(self._state, caller, path, ids, query, form, self._canceled))
        except TwilioError as refused:
            return _refusal(refused, extension)
        return _response(reply, extension)

    def _record(
        self, request: Request, form: dict[str, list[str]], response: Response, request_id: str, seconds: float
    ) -> None:
        query = f"?{request.url.query}" if request.url.query else ""
        self._state.record(
            Exchange(
                "in",
                request.method,
                request.url.path + query,
                response.status_code,
                seconds,
                self._state.settings.clock(),
                request_id,
                parameters=tuple((key, value) for key, values in form.items() for value in values),
            ),
        )


def _find(product: str, method: str, path: str) -> tuple[Callable[[Call], Reply], dict[str, str]]:
    """Find the operation. Raises TwilioError 20404 for a path and 20004 for a method that is not here."""
    for pattern, methods in ROUTES if product == "api" else []:
        if match := pattern.fullmatch(path):
            if method not in methods:
                raise TwilioError(20004)
            return methods[method], match.groupdict()
    raise TwilioError(20404, path)


def _split(path: str) -> tuple[str, str]:
    path = f"/{path}"
    for extension in (".json", ".xml", ".csv"):
        if path.endswith(extension):
            return path.removesuffix(extension), extension
    return path, ""


def _response(reply: Reply, extension: str) -> Response:
    if reply.status == 204:  # noqa: PLR2004 -- No Content
        return Response(status_code=204)
    if reply.raw and not extension:
        return _media(reply)
    if extension == ".json":
        return JSONResponse(reply.data, reply.status)
    return _xml(reply.data, reply.name, reply.status)


def _media(reply: Reply) -> Response:
    """Send the bytes as Twilio sends them: from elsewhere, by a redirect, or as they are kept here."""
    media = reply.raw
    if media is not None and media.url:
        return RedirectResponse(media.url, 307)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
    return Response(media.data if media else b"", media_type=media.content_type if media else None, headers=headers)


def _refusal(refused: TwilioError, extension: str) -> Response:
    body = refused.body()
    json = extension == ".json"
    response = JSONResponse(body, refused.status) if json else _xml(body, "RestException", refused.status)
    if refused.status == 401:  # noqa: PLR2004 -- Unauthorized
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response


def _xml(data: dict[str, Any], name: str, status: int) -> Response:
    return Response(shapes.to_xml(data, name), status, media_type="application/xml")


def _headers(request_id: str, seconds: float) -> dict[str, str]:
    return {
        "Twilio-Request-Id": request_id,
        "Twilio-Request-Duration": f"{seconds:.3f}",
        "Twilio-Concurrent-Requests": "1",
        "X-Home-Region": "us1",
        "X-API-Domain": "api.twilio.com",
        "X-Powered-By": "AT-5000",
        "X-Shenanigans": "none",
    }
