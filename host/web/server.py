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
    """A listening socket; port 0 is a free one. Raises InvalidInput beyond loopback and for a port in use."""
    address = "127.0.0.1" if host == "localhost" else host
    if not _is_loopback(address):
        raise InvalidInput(
            f"host: {host} is reachable from other machines, and the pages have no password yet; listen on 127.0.0.1 and let a "
            "tunnel or proxy pass on /trigger/",
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
    """``http://127.0.0.1:8000``."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


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
