"""Signing in by the one-time link or the password, making another link, signing out."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..access import LOOPBACK_NAMES, SESSION_SECONDS
from ..forms import Form
from ..site import see_other, site_of, with_form
from . import overview

FIRST_DELAY, LONGEST_DELAY = 0.25, 4.0
_USED = (
    "This link was used already, or a newer one replaced it. A link works once, for the first browser that opens it."
)


@dataclass(slots=True)
class Login:
    """Takes the link. Wrong ones are answered ever more slowly, right ones at once; ``sleep`` takes seconds."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    failures: int = 0

    async def __call__(self, request: Request) -> Response:
        access = site_of(request).access
        if await run_in_threadpool(access.knows, _cookie(request)):
            return see_other("/")
        if request.method != "GET" or "prefetch" in request.headers.get("sec-purpose", ""):
            return Response()  # looking at a link does not use it up
        token = request.query_params.get("token", "")
        if not token:
            return await run_in_threadpool(_ask, request)
        session = await run_in_threadpool(access.redeem, token)
        if session is not None:
            self.failures = 0
            return _welcome(request, session)
        self.failures += 1
        await self.sleep(min(FIRST_DELAY * 2 ** min(self.failures - 1, 10), LONGEST_DELAY))
        return site_of(request).pages.refusal(request, 401, _USED, bare=True)


def _ask(request: Request, problem: str = "", status: int = 200) -> Response:
    """The form for the password; where none is set, how else to sign in."""
    site = site_of(request)
    if not site.access.credentials.password.is_set:
        return site.pages.refusal(request, 401, bare=True)
    return site.pages.page(request, "login.html", status=status, signed_in=False, problem=problem)


def _enter(request: Request, form: Form) -> Response:
    access, address = site_of(request).access, request.client.host if request.client else ""
    wait = math.ceil(access.throttle.take(address))
    if wait:
        answer = _ask(request, f"Too many wrong passwords. Try again in {wait} second{'s' * (wait > 1)}.", 429)
        answer.headers["retry-after"] = str(wait)
        return answer
    session = access.enter(form.get("password"))
    if session is None:
        return _ask(request, "That is not the password.", 401)
    access.throttle.right(address)
    return _welcome(request, session)


def _welcome(request: Request, session: str) -> Response:
    """To the overview. After a click on another site's page a redirect would not carry the new cookie; a refresh does."""
    response: Response = RedirectResponse("/", 303)
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        response = site_of(request).pages.page(request, "welcome.html", signed_in=False)
        response.headers["refresh"] = "0; url=/"
    response.set_cookie(
        site_of(request).access.cookie,
        session,
        SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=_is_behind_tls(request),
    )
    return response


def _is_behind_tls(request: Request) -> bool:
    """Whether a proxy takes TLS off before us: the public URL is https, and this is not this machine's own address."""
    return site_of(request).host.settings.public_url.startswith("https:") and request.url.hostname not in LOOPBACK_NAMES


def _cookie(request: Request) -> str | None:
    return request.cookies.get(site_of(request).access.cookie)


def _link(request: Request, _form: Form) -> Response:
    token = site_of(request).access.new_token()
    scheme = "https" if _is_behind_tls(request) else request.url.scheme
    return overview.draw(request, link=f"{scheme}://{request.headers['host']}/login?token={token}")


def _logout(request: Request, _form: Form) -> Response:
    site = site_of(request)
    site.access.end(_cookie(request))
    response = site.pages.refusal(request, 401, "You are signed out.", bare=True)
    response.delete_cookie(site.access.cookie, httponly=True, samesite="strict")
    return response


def routes(sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> list[Route]:
    return [
        Route("/login", Login(sleep).__call__),
        Route("/login", with_form(_enter), methods=["POST"]),
        Route("/login/link", with_form(_link), methods=["POST"]),
        Route("/logout", with_form(_logout), methods=["POST"]),
    ]
