"""Webhooks come in here: ``/trigger/<endpoint>[/path]``, outside the wall around the pages, for they carry signatures.

Nothing is parsed before the trigger has verified it, and nothing is answered before it is on disk.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...connector.payload import FlowEnd, HttpResponse, WebhookRequest
from ..host import Ended, Host, KeyRefused, NoSuchEndpoint, Received, TooLarge
from ..loggers import logger
from ..receiving import answer
from ..receiving.inbox import Busy
from ..store.database import is_away
from . import answers
from .body import BodyRefused, Disconnected, read_body

PREFIX = "/trigger/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ALLOW = {"allow": ", ".join((*METHODS, "HEAD", "OPTIONS"))}
# A flow may answer with HTML made of what a stranger sent; sandboxed, it is not of the pages' origin.
HEADERS = [
    (b"content-security-policy", b"sandbox"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
BODY_SECONDS = 10.0

log = logger("webhooks")


@dataclass(frozen=True, slots=True)
class Triggers:
    """The ASGI application behind ``/trigger/``. A body may take ``body_seconds`` to arrive."""

    host: Host
    body_seconds: float = BODY_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(scope, receive)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets an answer of the same shape)
            response = refused(error)
        response.raw_headers.extend(HEADERS)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=ALLOW)
        if scope["method"] == "HEAD":
            return Response()  # says nothing about which addresses exist
        if scope["method"] not in METHODS:
            return answers.refusal(405, "webhooks do not use this method", ALLOW)
        began = time.monotonic()
        body = await read_body(scope, receive, limit=self.host.settings.limits.body, seconds=self.body_seconds)
        request = request_of(scope, self.host.settings.public_url, body)
        # In the event loop: verifying is microseconds of arithmetic, a thread would cost more than it.
        received = await self.host.receive(
            scope["path"].removeprefix(PREFIX).partition("/")[0],
            request,
            api_key=request.header("api-key"),
            source=str((scope.get("client") or ("",))[0]),
        )
        if received.execution_id is None or not received.wait:
            response = answers.of(received.response or answer.accepted(received.execution_id))
        else:
            response = await self._reply(received, received.execution_id, began)
        if received.execution_id is not None:
            response.raw_headers.append((b"x-execution-id", received.execution_id.encode()))
        return response

    async def _reply(self, received: Received, execution_id: str, began: float) -> Response:
        """A repeated request gets the answer of the first: it may be asked again because that answer was lost."""
        left = self.host.settings.limits.sync_deadline - (time.monotonic() - began)
        try:
            ended = await self.host.result(execution_id, max(0.0, left))
        except TimeoutError:
            return answers.of(received.response or answer.too_late(execution_id))
        if received.answer:
            return _made(received.answer, ended) or _unanswered(received, execution_id, "the answer could not be made")
        if ended.status == "succeeded" and "data" in ended.result:
            return answers.of(answer.answer(ended))
        what = "the flow failed" if ended.status == "failed" else "the flow's result is too large to be an answer"
        return _unanswered(received, execution_id, what)


def _made(make: Callable[[FlowEnd], HttpResponse], ended: Ended) -> Response | None:
    """What the trigger makes of the flow's end; None where it fails, which is in the log and told to nobody else."""
    try:
        return answers.of(make(answer.flow_end(ended)))
    except Exception:
        log.exception("execution %s: its trigger could not make an answer of the flow's end", ended.execution_id)
        return None


def _unanswered(received: Received, execution_id: str, what: str) -> Response:
    if received.response:
        return answers.of(received.response)
    return answers.refusal(500, f"{what}; its execution says more", executionId=execution_id)


AGAIN: Mapping[str, str] = {"retry-after": "1"}
_NOT_VERIFIED = (403, "the request could not be verified")
_BY_CLASS: Mapping[type[Exception], tuple[int, str]] = {
    NoSuchEndpoint: (404, "there is no webhook at this address"),
    KeyRefused: (401, "this webhook needs one of its API keys in the header Api-Key"),
    TooLarge: (413, "the body is too large"),
    Busy: (503, "too much at once; send it again in a moment"),
}
_BY_KIND = {"refused": _NOT_VERIFIED, "connection": _NOT_VERIFIED, "input": (400, "the request cannot be read")}


def refused(error: Exception) -> Response:
    """What the caller is told: which kind of thing is wrong, never why. What nobody expected is logged.

    Nothing was accepted where the database is away, and a line in the log is enough for that.
    """
    if isinstance(error, BodyRefused):
        return answers.refusal(error.status, str(error), {"connection": "close"})
    known = _BY_CLASS.get(type(error)) or _BY_KIND.get(getattr(error, "kind", ""))
    if known is None and is_away(error):
        log.warning("a webhook could not be received: the database does not answer")
        return answers.refusal(503, "the host's database does not answer; send it again in a moment", AGAIN)
    if known is None:
        log.error("a webhook could not be received", exc_info=error)
        return answers.refusal(500, "the host could not take the request")
    return answers.refusal(*known, AGAIN if isinstance(error, Busy) else None)


def request_of(scope: Scope, public_url: str, body: bytes) -> WebhookRequest:
    """The request with its public URL: path and query as they were received, scheme and host as configured.

    Never from Host or Forwarded headers, which the sender chooses.
    """
    path = scope.get("raw_path") or scope["path"].encode()
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    return WebhookRequest(
        method=scope["method"],
        url=public_url + (path + query).decode("latin-1"),
        headers=tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]),
        body=body,
        path_fragment=scope["path"].removeprefix(PREFIX).partition("/")[2],
    )
