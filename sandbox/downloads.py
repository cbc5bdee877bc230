"""Where the bytes of media and recordings are: at another host, by an address that is its own permission.

Twilio redirects to a content network whose addresses are signed; credentials that follow there are refused.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from urllib.parse import quote, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from . import audio
from .records import Media
from .settings import Settings
from .state import State

OTHER_NAME = {"127.0.0.1": "localhost", "localhost": "127.0.0.1", "::1": "localhost"}


def location(settings: Settings, host: str, path: str) -> str:
    """Return the address of the bytes at `path`, by another name of the `host` that was asked."""
    asked = urlsplit(f"//{host}")
    name = OTHER_NAME.get(asked.hostname or "", asked.hostname or "")
    netloc = name if asked.port is None else f"{name}:{asked.port}"
    return urlunsplit(("http", netloc, f"/_media/{quote(path)}", f"signature={_seal(settings, path)}", ""))


def _seal(settings: Settings, path: str) -> str:
    return hmac.new(settings.auth_token.encode(), path.encode(), sha256).hexdigest()


class Downloads:
    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        return [Route("/_media/{path:path}", self.respond)]

    async def respond(self, request: Request) -> Response:
        path = request.path_params["path"]
        if "authorization" in request.headers:
            return PlainTextResponse("Credentials of Twilio's API do not belong here.\n", 400)
        given = request.query_params.get("signature", "")
        if not hmac.compare_digest(given.encode(), _seal(self._state.settings, path).encode()):
            return PlainTextResponse("The signature is not of this address.\n", 403)
        found = self._find(path)
        if found is None:
            return PlainTextResponse("It is gone.\n", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
        return Response(found[1], media_type=found[0], headers=headers)

    def _find(self, path: str) -> tuple[str, bytes] | None:
        """Return content type and bytes of `MM…/ME…`, `RE….wav`, `RE….mp3`; `RE…-2.wav` has two channels."""
        owner, _, name = path.rpartition("/")
        if not owner:
            return _sound(self._state, path)
        message = self._state.message(owner)
        media: tuple[Media, ...] = message.media if message else ()
        return next(((it.content_type, it.data) for it in media if it.sid == name), None)


def _sound(state: State, name: str) -> tuple[str, bytes] | None:
    stem, _, extension = name.partition(".")
    sid, _, channels = stem.partition("-")
    if state.recordings.get(sid) is None:
        return None
    if extension == "mp3":
        return "audio/mpeg", audio.mp3()
    return "audio/x-wav", audio.wav(int(channels or "1"))
