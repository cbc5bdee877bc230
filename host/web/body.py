"""A request's body, read within a size and a time."""

import asyncio

from starlette.types import Message, Receive, Scope

from .protocol import WHOLE


class BodyRefused(Exception):
    """The body was not taken. ``status`` is 400 for a length that is no number, 408 for too slow, 413 for too large."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Disconnected(Exception):
    """The caller hung up before the body was complete; nobody is left to answer."""


async def read_body(scope: Scope, receive: Receive, *, limit: int, seconds: float) -> bytes:
    """All of the body, at most ``limit`` bytes within ``seconds``. Raises BodyRefused and Disconnected."""
    _check_announced(scope, limit)
    if WHOLE in scope:
        return await _collect(receive, limit)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, limit)
    except TimeoutError:
        raise BodyRefused(408, f"the body did not arrive within {seconds:g} seconds") from None


def _check_announced(scope: Scope, limit: int) -> None:
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not announced.isdigit():
        raise BodyRefused(400, "the Content-Length is not a number")
    if len(announced) > len(str(limit)) or int(announced) > limit:
        raise _too_large(limit)


async def _collect(receive: Receive, limit: int) -> bytes:
    message = await _next(receive)
    if not message.get("more_body", False) and len(message.get("body", b"")) <= limit:
        return bytes(message.get("body", b""))
    parts, size = [message.get("body", b"")], len(message.get("body", b""))
    while size <= limit and message.get("more_body", False):
        message = await _next(receive)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if size > limit:
        raise _too_large(limit)
    return b"".join(parts)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused(413, f"the body is larger than {limit} bytes")
