"""Runs the local Twilio: in the foreground, or in a thread for a test or a demo."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from . import presets
from .app import create_app
from .settings import Settings
from .state import State


class Lending(H11Protocol):
    """Lends each request the connection's transport, so that a fault can break it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server(uvicorn.Server):
    """Ends the pages' event streams before it waits for connections to close."""

    def __init__(self, app: Starlette, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Lending,
                ws="none",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            ),
        )
        self._app = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.close_streams()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, port 0 for a free one. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=512)
    # asyncio turns Nagle's delay (40 ms a response) off only for sockets that name their protocol; this one does not.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _settings(settings: Settings | None, host: str, listening: socket.socket) -> Settings:
    """Fill in where it is reached, and let it be called by the host that it was told to listen on."""
    settings = settings or Settings()
    return replace(settings, url=address(listening), allowed_hosts=(*settings.allowed_hosts, host))


def run(
    host: str = "127.0.0.1",
    port: int = 0,
    settings: Settings | None = None,
    ready: Callable[[State], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` gets the state, whose settings hold the URL, once requests are answered."""
    with listen(host, port) as listening:
        state = State(_settings(settings, host, listening))
        Server(create_app(state), lambda: ready(state)).run(sockets=[listening])


class Sandbox:
    """A local Twilio in a thread, on a free loopback port; use it as a context manager, or close it."""

    def __init__(self, settings: Settings | None = None, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listening = listen(host, port)
        self.state = State(_settings(settings, host, self._listening))
        up = Event()
        self._server = Server(create_app(self.state), up.set)
        self._thread = Thread(
            target=self._server.run, args=([self._listening],), name="local-twilio-server", daemon=True
        )
        self._thread.start()
        if not up.wait(30):
            raise RuntimeError(f"the local Twilio did not start at {self.url}")

    @property
    def url(self) -> str:
        return self.state.settings.url

    @property
    def base_url(self) -> str:
        """The value of a connection's `baseUrl`, with `{product}` in it."""
        return f"{self.url}/{{product}}"

    @property
    def account_sid(self) -> str:
        return self.state.settings.account_sid

    @property
    def auth_token(self) -> str:
        return self.state.settings.auth_token

    @property
    def api_key(self) -> str:
        return self.state.settings.api_key

    @property
    def api_secret(self) -> str:
        return self.state.settings.api_secret

    @property
    def number(self) -> str:
        """The first of the account's phone numbers."""
        return self.state.settings.numbers[0]

    @property
    def handset(self) -> str:
        """The handset that the phone page shows first."""
        return self.state.settings.handsets[0]

    @property
    def messaging_service(self) -> str:
        """The messaging service that there is from the start, with all numbers but the first in its pool."""
        return presets.sid("MG", self.account_sid, "service")

    @property
    def verify_service(self) -> str:
        """The Verify service that there is from the start."""
        return presets.sid("VA", self.account_sid, "verify")

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._listening.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
