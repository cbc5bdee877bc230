"""From a request to an accepted execution: find the endpoint, ask for its key, verify, normalise, commit."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ...connector.context import utc_now
from ...connector.errors import InvalidInput, Refused
from ...connector.payload import FlowEnd, HttpResponse, WebhookRequest
from ..loggers import logger
from ..operating.telemetry import Telemetry, WebhookAnswered
from ..settings import Limits
from ..store import portable
from ..store.commit import Busy, GroupCommit
from ..store.database import Write
from ..store.ids import rising_ids
from ..store.refusals import Refusals
from .acceptance import inbound
from .diagnosis import Diagnoses, signed_url
from .inbox import Inbox
from .routes import Route, Routes

_ENDPOINT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFUSALS_AT_ONCE = 100

log = logger("webhooks")


class NoSuchEndpoint(Refused):
    """An address that nobody was given, or of an instance that is switched off, or of a flow that only a schedule starts."""


class KeyRefused(Refused):
    """The flow asks for an API key and this is none of its keys."""


class TooLarge(InvalidInput):
    """The body is larger than the host takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An accepted request, and what its sender is answered.

    With ``wait`` that is what ``answer`` makes of the flow's end, or the host where the trigger leaves it to it; ``response``
    is the trigger's answer otherwise. There is no execution where the event holds nothing for the flow.
    """

    execution_id: str | None
    duplicate: bool = False
    wait: bool = False
    response: HttpResponse | None = None
    answer: Callable[[FlowEnd], HttpResponse] | None = None


@dataclass(frozen=True, kw_only=True)
class Reception:
    """``records`` writes down what was refused, together with other writes.

    Ids rise in the order in which requests reach the inbox of this process, so this is the order of those of a sequence that
    are accepted at once.
    """

    routes: Routes
    inbox: Inbox
    records: GroupCommit[Write, Any]
    refusals: Refusals
    limits: Limits
    telemetry: Telemetry = field(default_factory=Telemetry, repr=False)
    new_id: Callable[[], str] = field(default_factory=rising_ids)
    _refusing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_REFUSALS_AT_ONCE), repr=False)
    _diagnoses: Diagnoses = field(default_factory=Diagnoses, repr=False)

    async def receive(
        self, endpoint_id: str, request: WebhookRequest, *, api_key: str | None = None, source: str = ""
    ) -> Received:
        """Verify, normalise and accept; when it returns, the request is on disk.

        Raises NoSuchEndpoint, KeyRefused, WebhookRejected, TooLarge, InvalidInput (the body is malformed), or Busy.
        """
        route: Route | None = None
        try:
            route = await self.routes.find(endpoint_id) if _ENDPOINT.fullmatch(endpoint_id) else None
            if route and route.instance.enabled and route.trigger.takes_requests:
                return await self._accept(route, request, api_key)
        except Exception as error:
            self.telemetry.tell(WebhookAnswered(outcome="refused", reason=str(getattr(error, "kind", "failed"))))
            kind = getattr(error, "kind", "retry")  # a mounted component may raise classes of its own
            if kind != "retry":
                is_unsigned = route is not None and kind == "refused" and not isinstance(error, KeyRefused)
                doubt = partial(self._signed_url, route, request) if route and is_unsigned else None
                self._note_refusal(endpoint_id, f"{kind}: {error}", request.method, source, doubt)
            raise
        self.telemetry.tell(WebhookAnswered(outcome="refused", reason="no such endpoint"))
        raise NoSuchEndpoint(
            "there is no such endpoint, its instance is switched off, or only a schedule starts the flow", status=404
        )

    async def _accept(self, route: Route, request: WebhookRequest, api_key: str | None) -> Received:
        if not route.admits(api_key):
            raise KeyRefused("the flow asks for an API key in the header Api-Key", status=401)
        if route.keys:  # it has done its work: flows, records and pages need not know it
            request = replace(request, headers=tuple(h for h in request.headers if h[0].lower() != "api-key"))
        if len(request.body) > self.limits.body:
            raise TooLarge(f"the body is larger than {self.limits.body} bytes", field="body", status=413)
        execution_id = self.new_id()
        context = route.context.of_execution(execution_id, portable.instant(utc_now()))
        result = route.trigger.emit(context, request, route.inputs)
        if result.polled_no_changes:
            return Received(execution_id=None, response=result.response)
        accepted = await self.inbox.accept(inbound(route, execution_id, result))
        self.telemetry.tell(WebhookAnswered(outcome="duplicate" if accepted.duplicate else "accepted"))
        return Received(
            execution_id=accepted.execution_id,
            duplicate=accepted.duplicate,
            wait=route.flow.synchronous if result.wait is None else result.wait,
            response=result.response,
            answer=result.answer,
        )

    def _note_refusal(
        self, endpoint_id: str, reason: str, method: str, source: str, doubt: Callable[[], str] | None = None
    ) -> None:
        """Written down with other writes, and only so many at a time: rubbish must not slow down what is accepted.

        ``doubt`` finds for which address it was signed, elsewhere and seldom.
        """
        log.warning("refused %s to endpoint %s…: %s", method, endpoint_id[:6], reason)
        if not self._refusing.acquire(blocking=False):
            return
        add = partial(self.refusals.write, endpoint_id=endpoint_id, reason=reason, method=method, source=source)
        if doubt is None or not self._diagnoses.try_start(doubt, lambda url: self._write(partial(add, signed_url=url))):
            self._write(add)

    def _write(self, add: Write) -> None:
        try:
            self.records.put(add).add_done_callback(lambda _: self._refusing.release())
        except Busy:  # the host is stopping
            self._refusing.release()

    def _signed_url(self, route: Route, request: WebhookRequest) -> str:
        return signed_url(route, request, self.routes.address("").removesuffix("/trigger/"))
