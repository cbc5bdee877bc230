"""Signing in by the one-time link, making another link, signing out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..access import SESSION_SECONDS
from ..forms import Form
from ..site import see_other, site_of, with_form
from . import overview

FIRST_DELAY, LONGEST_DELAY = 0.25, 4.0
_USED = (
    "This link was used already, or a newer one replaced it. A link works once, for the first browser that opens it."
)


@dataclass(slots=True)
class Login:
    """Takes the link. Wrong tokens are answered ever more slowly, right ones at once; ``sleep`` takes seconds."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    failures: int = 0

    async def __call__(self, request: Request) -> Response:
        access, cookie = site_of(request).access, _cookie(request)
        if access.knows(cookie):
            return see_other("/")
        if request.method != "GET" or "prefetch" in request.headers.get("sec-purpose", ""):
            return Response()  # looking at a link does not use it up
        token = request.query_params.get("token", "")
        session = access.redeem(token)
        if session is not None:
            self.failures = 0
            return _welcome(request, session)
        if token:
            self.failures += 1
            await self.sleep(min(FIRST_DELAY * 2 ** min(self.failures - 1, 10), LONGEST_DELAY))
        return site_of(request).pages.refusal(request, 401, _USED if token else "", bare=True)


def _welcome(request: Request, session: str) -> Response:
    """To the overview. After a click on another site's page a redirect would not carry the new cookie; a refresh does."""
    response: Response = RedirectResponse("/", 303)
    if request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        response = site_of(request).pages.page(request, "welcome.html", signed_in=False)
        response.headers["refresh"] = "0; url=/"
    response.set_cookie(site_of(request).access.cookie, session, SESSION_SECONDS, httponly=True, samesite="strict")
    return response


def _cookie(request: Request) -> str | None:
    return request.cookies.get(site_of(request).access.cookie)


def _link(request: Request, _form: Form) -> Response:
    token = site_of(request).access.new_token()
    return overview.draw(request, link=f"{request.url.scheme}://{request.headers['host']}/login?token={token}")


def _logout(request: Request, _form: Form) -> Response:
    site = site_of(request)
    site.access.end(_cookie(request))
    response = site.pages.refusal(request, 401, "You are signed out.", bare=True)
    response.delete_cookie(site.access.cookie, httponly=True, samesite="strict")
    return response


def routes(sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> list[Route]:
    return [
        Route("/login", Login(sleep).__call__),
        Route("/login/link", with_form(_link), methods=["POST"]),
        Route("/logout", with_form(_logout), methods=["POST"]),
    ]
