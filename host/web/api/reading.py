"""A request's body and query, as the models that the route declares. Every bad form of them is a problem that says where."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ...store.portable import DEEPEST, is_deeper
from ..body import read_body
from ..refusal import Refusal
from .problems import unreadable
from .route import Route

BODY_LIMIT = 1 << 20
UPLOAD_FACTOR = 2  # files are larger in JSON than they are
BODY_SECONDS = 30.0
ZIP = "application/zip"
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # UTF-8 has none, so they come as escapes alone


def query_of(route: Route, request: Request) -> BaseModel | None:
    """Raises Refusal."""
    given = dict(request.query_params.multi_items())
    if route.asks is None:
        if given:
            raise unreadable(f"{min(given)}: this address takes no query", 422, min(given))
        return None
    _require_text(given)
    return _made(route.asks, given)


async def body_of(route: Route, request: Request, upload_limit: int) -> Any:
    """The model, bytes of an upload, or None. Raises Refusal, BodyRefused and Disconnected."""
    limit = UPLOAD_FACTOR * upload_limit if route.uploads else BODY_LIMIT
    data = await read_body(request.scope, request.receive, limit=limit, seconds=BODY_SECONDS)
    if route.takes is None:
        if data:
            raise unreadable("this address takes no body")
        return None
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if route.uploads and media == ZIP:
        return data
    if media != "application/json" and not media.endswith("+json"):
        raise unreadable(f"the body must be application/json{' or ' + ZIP if route.uploads else ''}", 415)
    return await run_in_threadpool(_read, route.takes, data)  # megabytes take seconds


def _read(model: type[BaseModel], data: bytes) -> BaseModel:
    return _made(model, _json(data))


def _json(data: bytes) -> Any:
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number)
        if _HALF.search(data):
            _require_text(value)
        if is_deeper(value, DEEPEST):
            raise unreadable(f"the body nests more than {DEEPEST} lists and objects")
    except Refusal:
        raise
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise unreadable(f"the body is not JSON{where}") from None
    return value


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _require_text(value: Any) -> None:
    """Half a surrogate pair is no character: nothing can store it or send it on."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise unreadable("a text holds half a surrogate pair, which is no character") from None


def _made(model: type[BaseModel], value: Any) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        # Of what may be a text or an object, each form has its errors: the deepest is of the one that was meant.
        told = max(
            (each for each in found if each["loc"][:1] == found[0]["loc"][:1]), key=lambda each: len(each["loc"])
        )
        field = ".".join(_sent(told["loc"], value, is_there=told["type"] != "missing")) or "body"
        raise Refusal(422, "input", f"{field}: {told['msg'][:1].lower()}{told['msg'][1:]}", field=field) from None


def _sent(location: Sequence[int | str], value: Any, *, is_there: bool) -> Iterator[str]:
    """A place as whoever sent it knows it: pydantic names the forms of a value too, which are no keys."""
    for depth, part in enumerate(location, 1):
        try:
            value = value[part]
        except (TypeError, LookupError):
            if is_there or depth < len(location):
                continue
        yield str(part)
