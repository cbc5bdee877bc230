"""Twilio's REST API over HTTP: `/{product}/…` here is `https://{product}.twilio.com/…` there."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from . import shapes
from .access import identify
from .carrier import Carrier
from .errors import TwilioError
from .forms import json_of
from .records import Exchange
from .resources import OPERATIONS
from .rest import ApiRequest, ApiResponse, Operation
from .settings import new_sid
from .state import State
from .switchboard import Switchboard

EXTENSIONS = (".json", ".xml", ".csv", ".wav", ".mp3")
ROUTES = [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), methods) for path, methods in OPERATIONS.items()]


class Api:
    """The product hosts below one ASGI path; the product is the first part of the path."""

    def __init__(self, state: State, carrier: Carrier, switchboard: Switchboard) -> None:
        self._state = state
        self._carrier = carrier
        self._switchboard = switchboard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, started = Request(scope, receive), perf_counter()
        request_id, seconds = new_sid("RQ"), 0.0
        body = await request.body()
        is_json = request.headers.get("content-type", "").startswith("application/json")
        form = {} if is_json else parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        response = self._answer(request, form, _json(body) if is_json else None)
        seconds = perf_counter() - started
        response.headers.update(_headers(request_id, seconds))
        self._record(request, form, response, request_id, seconds)
        await response(scope, receive, send)

    def _answer(self, request: Request, form: dict[str, list[str]], body: Any) -> Response:
        product = request.path_params["product"]
        path, extension = _split(product, request.path_params["path"])
        try:
            caller = identify(self._state, request.headers.get("authorization", ""))
            operation, ids = _find(request.method, f"/{product}{path}", f"{path}{extension}")
            asked = ApiRequest(
                self._state,
                caller,
                product,
                request.headers.get("host", ""),
                path,
                extension,
                ids,
                dict(request.query_params),
                form,
                body,
                self._carrier,
                self._switchboard,
            )
            reply = operation(asked)
        except TwilioError as refused:
            return _refusal(refused, product, extension)
        return _response(reply, product, extension)

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


def _json(body: bytes) -> Any:
    try:
        return json_of(body or b"{}")
    except ValueError:
        return None


def _find(method: str, path: str, shown: str) -> tuple[Operation, dict[str, str]]:
    """Find the operation. Raises TwilioError 20404 for a path and 20004 for a method that is not here."""
    for pattern, methods in ROUTES:
        if match := pattern.fullmatch(path):
            if method not in methods:
                raise TwilioError(20004)
            return methods[method], match.groupdict()
    raise TwilioError(20404, shown)


def _split(product: str, path: str) -> tuple[str, str]:
    """Cut the extension off, which says in what form to answer; only the 2010 API has them."""
    path = f"/{path}"
    for extension in EXTENSIONS if product == "api" else ():
        if path.endswith(extension):
            return path.removesuffix(extension), extension
    return path, ""


def _response(made: ApiResponse, product: str, extension: str) -> Response:
    if made.status == 204:  # noqa: PLR2004 -- No Content
        return Response(status_code=204)
    if made.location:
        return RedirectResponse(made.location, 307)
    if product != "api" or extension == ".json":
        return JSONResponse(made.data, made.status)
    return _xml(made.data, made.name, made.status)


def _refusal(refused: TwilioError, product: str, extension: str) -> Response:
    body, as_json = refused.body(), product != "api" or extension == ".json"
    response = JSONResponse(body, refused.status) if as_json else _xml(body, "RestException", refused.status)
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
