"""Tells open pages that something changed, by server-sent events; the page then fetches itself anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from .state import Change, State

MAX_STREAMS = 64
REST = 0.08  # seconds in which changes become one event
ALIVE = 15.0  # seconds after which a silent stream says that it is there


class PageEvents:
    def __init__(self, state: State) -> None:
        self._state = state
        self._open: set[asyncio.Event] = set()
        self._closing = False

    def close(self) -> None:
        """End every stream, so that the server can stop. Call it in the server's loop."""
        self._closing = True
        for changed in self._open:
            changed.set()

    async def respond(self, _: Request) -> Response:
        if len(self._open) >= MAX_STREAMS:
            return PlainTextResponse("Too many pages are open.\n", 503)
        return StreamingResponse(self._events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _events(self) -> AsyncIterator[str]:
        changed, loop = asyncio.Event(), asyncio.get_running_loop()

        def heed(_: Change) -> None:
            loop.call_soon_threadsafe(changed.set)

        unsubscribe = self._state.subscribe(heed)
        self._open.add(changed)
        try:
            yield "retry: 1000\nevent: change\ndata: open\n\n"
            while not self._closing:
                yield await _next(changed)
        finally:
            unsubscribe()
            self._open.discard(changed)


async def _next(changed: asyncio.Event) -> str:
    try:
        await asyncio.wait_for(changed.wait(), ALIVE)
    except TimeoutError:
        return ": alive\n\n"
    changed.clear()
    await asyncio.sleep(REST)
    return "event: change\ndata: state\n\n"
