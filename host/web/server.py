"""The server: a socket on loopback first, so that the address is known before anything is assembled; then the pages."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread

import uvicorn
from starlette.types import ASGIApp

from ...connector.errors import InvalidInput
from .events import Streams
from .protocol import Bounded

MAX_CONNECTIONS = 2_000


def listen(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A listening socket; port 0 is a free one. Raises InvalidInput for what is no address of this machine, or in use.

    Beyond loopback only for a host whose credentials were asked for: :meth:`Credentials.require`.
    """
    address = "127.0.0.1" if host == "localhost" else host
    if not is_address(address):
        raise InvalidInput(
            f"host: {host!r} is no address; give one of this machine's, such as 127.0.0.1, or 0.0.0.0 for all",
            field="host",
        )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # By its name: asyncio turns Nagle's delay off only for sockets that say they are TCP.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise InvalidInput(
            f"port: cannot listen on {address}:{port}: {error.strerror}; choose another port", field="port"
        ) from None
    return sock


def url_of(sock: socket.socket) -> str:
    """``http://127.0.0.1:8000``; for a socket on all addresses, that of this machine alone."""
    host, port = sock.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def server(app: ASGIApp, *, stop_seconds: float = 10.0) -> uvicorn.Server:
    """A server for ``run(sockets=[listen()])``. Ended by SIGINT, SIGTERM or ``should_exit``, it answers what it has begun."""
    config = uvicorn.Config(
        app,
        http=Bounded,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=max(1, round(stop_seconds)),
    )
    return _Server(config, getattr(getattr(app, "state", None), "streams", None) or Streams())


class _Server(uvicorn.Server):
    """Ends what would be answered without end, before it waits for the rest."""

    def __init__(self, config: uvicorn.Config, streams: Streams) -> None:
        super().__init__(config)
        self._streams = streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.close()
        await super().shutdown(sockets)


@contextmanager
def serving(app: ASGIApp, sock: socket.socket, *, stop_seconds: float = 10.0) -> Iterator[str]:
    """Serve from a thread inside the block; gives the address. For demonstrations and tests."""
    running = server(app, stop_seconds=stop_seconds)
    thread = Thread(target=running.run, kwargs={"sockets": [sock]}, name="web", daemon=True)
    thread.start()
    try:
        yield url_of(sock)
    finally:
        running.should_exit = True
        thread.join()
        sock.close()
