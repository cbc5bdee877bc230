"""The wall around the pages: our Host names only, our own pages only, signed in only; strict headers on every answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..operating.changes import by
from .access import SAFE_METHODS, Access, Origin, is_own_request
from .render import Pages

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Let through what may pass; answer the rest itself."""

    app: ASGIApp
    access: Access
    origin: Origin
    pages: Pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        refused = await self._refusal(request)
        answer = await run_in_threadpool(self._refused, request, *refused) if refused else self.app
        with by(f"page:{self.access.name_of(request.cookies.get(self.access.cookie))}"):
            await answer(scope, receive, _strict(send))

    async def _refusal(self, request: Request) -> tuple[int, str] | None:
        """Status and what to do."""
        if not self.origin.knows(request.headers):
            return 421, (
                "These pages are not served under this name. Use the address that the command printed, or start it with "
                "--name and the name that you use."
            )
        if request.method not in SAFE_METHODS and not is_own_request(request.headers):
            return 403, "The request did not come from this host's own pages. Open the page here and try again."
        if is_open(request.scope["path"]):
            return None
        if not await run_in_threadpool(self.access.knows, request.cookies.get(self.access.cookie)):
            return 401, ""
        return None

    def _refused(self, request: Request, status: int, message: str) -> Response:
        """A page that says so; where a password would help, the one that asks for it."""
        if status == HTTPStatus.UNAUTHORIZED and request.method == "GET" and self.access.credentials.password.is_set:
            return RedirectResponse("/login", 303)
        return self.pages.refusal(request, status, message, bare=True)


def is_open(path: str) -> bool:
    """Paths that need no session: to sign in, and what that page looks like."""
    return path == "/login" or path.startswith("/static/")


def _strict(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            headers.update(HEADERS)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return with_headers
