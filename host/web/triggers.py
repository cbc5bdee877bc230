"""Webhooks come in here: ``/trigger/<endpoint>[/path]``, outside the wall around the pages, for they carry signatures.

Nothing is parsed before the trigger has verified it, and nothing is answered before it is on disk.
"""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ...connector.payload import TriggerResult, WebhookRequest
from ..ids import time_id
from ..inbox import Accepted, Busy
from . import answers
from .body import BodyRefused, Disconnected, read_body
from .ports import Endpoint, Host

PREFIX = "/trigger/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ALLOW = {"allow": ", ".join((*METHODS, "HEAD", "OPTIONS"))}
# A flow may answer with HTML made of what a stranger sent; sandboxed, it is not of the pages' origin.
HEADERS = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff", "cache-control": "no-store"}
BODY_SECONDS = 10.0
MAX_NOTING = 16
"""Refusals being written at once; more than that is a flood, and is in the log alone."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Triggers:
    """The ASGI application behind ``/trigger/``."""

    host: Host
    body_seconds: float = BODY_SECONDS
    _noting: set["asyncio.Task[None]"] = field(default_factory=set, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(scope, receive)
        except Disconnected:
            return
        except BodyRefused as error:
            response = answers.refusal(error.status, str(error), {"connection": "close"})
        response.headers.update(HEADERS)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] == "OPTIONS":
            return Response(status_code=204, headers=ALLOW)
        if scope["method"] not in {*METHODS, "HEAD"}:
            return answers.refusal(405, "webhooks do not use this method", ALLOW)
        endpoint = await self.host.endpoint(_endpoint_id(scope))
        if endpoint is None or not endpoint.enabled:
            return answers.refusal(404, "there is no webhook at this address")
        if scope["method"] == "HEAD":
            return Response()
        return await self._receive(endpoint, scope, receive)

    async def _receive(self, endpoint: Endpoint, scope: Scope, receive: Receive) -> Response:
        request = request_of(scope, self.host.settings.public_url)
        if not endpoint.admits(request.header("api-key")):
            self._note(endpoint, request, scope, "the Api-Key header is missing or is none of this flow's keys")
            return answers.refusal(401, "this webhook needs one of its API keys in the Api-Key header")
        limit = self.host.settings.limits.body
        body = await read_body(scope, receive, limit=limit, seconds=self.body_seconds)
        execution_id = time_id()
        try:
            # In the event loop: verifying is microseconds of arithmetic, a thread would cost more than it.
            result = endpoint.receive(replace(request, body=body), execution_id)
        except Exception as error:
            if not hasattr(error, "kind"):
                raise
            self._note(endpoint, request, scope, str(error))
            return answers.refusal(403, "the request could not be verified")
        return await self._accept(endpoint, execution_id, result)

    async def _accept(self, endpoint: Endpoint, execution_id: str, result: TriggerResult) -> Response:
        try:
            accepted = await self.host.accept(endpoint, execution_id, result)
        except Busy:
            return answers.refusal(503, "too much at once; send it again in a moment", {"retry-after": "1"})
        response = await self._reply(endpoint, accepted, result)
        response.headers["x-execution-id"] = accepted.execution_id
        return response

    async def _reply(self, endpoint: Endpoint, accepted: Accepted, result: TriggerResult) -> Response:
        """A repeated request gets the answer of the first: it may be asked again because that answer was lost."""
        execution_id, limits = accepted.execution_id, self.host.settings.limits
        if not endpoint.synchronous:
            return answers.of_trigger(result.response) if result.response else answers.accepted(execution_id)
        try:
            ended = await self.host.result(execution_id, limits.sync_deadline)
        except TimeoutError:
            ended = None
        if ended is not None and "data" in ended.result:
            return answers.of_result(ended.result)
        if result.response:
            return answers.of_trigger(result.response)
        if ended is None:
            return answers.refusal(504, "the flow is still running", executionId=execution_id)
        return answers.refusal(500, "the flow failed", executionId=execution_id)

    def _note(self, endpoint: Endpoint, request: WebhookRequest, scope: Scope, reason: str) -> None:
        """Leave a log line and a row for the page; whoever sent it waits for neither."""
        url = request.url.partition("?")[0]
        log.warning("refused %s %s: %s", request.method, url, reason)
        if len(self._noting) >= MAX_NOTING:
            return
        source = str((scope.get("client") or ("",))[0])
        row: dict[str, Any] = {"reason": reason, "method": request.method, "source": source}
        add = self.host.store.refusals.add
        task = asyncio.create_task(run_in_threadpool(add, endpoint_id=endpoint.id, **row))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)


def request_of(scope: Scope, public_url: str) -> WebhookRequest:
    """The request with its public URL: path and query as they were received, host and scheme as configured.

    Never from Host or Forwarded headers, which the sender chooses.
    """
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return WebhookRequest(
        method=scope["method"],
        url=f"{public_url}{path}?{query}" if query else f"{public_url}{path}",
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        path_fragment=_rest(scope)[1],
    )


def _endpoint_id(scope: Scope) -> str:
    return _rest(scope)[0]


def _rest(scope: Scope) -> tuple[str, str]:
    endpoint_id, _, fragment = scope["path"].removeprefix(PREFIX).partition("/")
    return endpoint_id, fragment
