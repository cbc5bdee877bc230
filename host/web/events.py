"""What changes while a page is open, told by server-sent events.

An event says only that something changed and, in a few words, what: the page then fetches itself anew. Its id is what was seen,
so a browser that comes back after a break is told at once if it missed something. Any process may have changed it, so the
database is looked at, once a second for everybody who asks the same.
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

MOST = 32
EVERY = 1.0  # seconds between looks
HEARTBEAT = 15.0
LONGEST = 600.0  # after so many seconds the browser is to come back: proxies end long answers less kindly
HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to see now. ``is_over`` when it will not change any more."""

    seen: Mapping[str, Any]
    is_over: bool = False

    @property
    def id(self) -> str:
        return sha256(json.dumps(self.seen, sort_keys=True).encode()).hexdigest()[:16]


@dataclass
class Streams:
    """The open streams of this process, at most ``most``; a browser beyond them asks the old way, every few seconds."""

    most: int = MOST
    every: float = EVERY
    heartbeat: float = HEARTBEAT
    longest: float = LONGEST
    open: int = 0
    _closing: threading.Event = field(default_factory=threading.Event, repr=False)
    _looks: dict[str, tuple[float, Look]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def close(self) -> None:
        """End them all: the server stops."""
        self._closing.set()

    def of(self, request: Request, key: str, look: Callable[[], Look], is_allowed: Callable[[], bool]) -> Response:
        """The answer to a browser that listens; ``is_allowed`` is asked again before each look."""
        last = request.headers.get("last-event-id") or request.query_params.get("seen", "")
        return _Stream(self, self._events(key, look, is_allowed, last))

    async def _events(
        self, key: str, look: Callable[[], Look], is_allowed: Callable[[], bool], last: str
    ) -> AsyncIterator[str]:
        began = spoke = time.monotonic()
        yield "retry: 2000\n\n"
        while not self._closing.is_set() and time.monotonic() - began < self.longest:
            if not await run_in_threadpool(is_allowed):
                yield "event: end\ndata: {}\n\n"
                return
            found = await run_in_threadpool(self._look, key, look)
            if found.id != last:
                last, spoke = found.id, time.monotonic()
                yield f"id: {last}\nevent: change\ndata: {json.dumps(found.seen)}\n\n"
            if found.is_over:
                yield "event: end\ndata: {}\n\n"
                return
            if time.monotonic() - spoke >= self.heartbeat:
                spoke = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(self.every)

    def _look(self, key: str, look: Callable[[], Look]) -> Look:
        """What another stream has just seen, or a look of one's own."""
        with self._lock:
            kept = self._looks.get(key)
            if kept and time.monotonic() - kept[0] < self.every / 2:
                return kept[1]
            found = look()
            while len(self._looks) >= 2 * self.most:
                del self._looks[next(iter(self._looks))]
            self._looks[key] = (time.monotonic(), found)
            return found


class _Stream(StreamingResponse):
    def __init__(self, streams: Streams, events: AsyncIterator[str]) -> None:
        super().__init__(events, headers=HEADERS)
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.streams.open >= self.streams.most:
            full = PlainTextResponse("Too many pages are listening.\n", 503, {"retry-after": "30"})
            await full(scope, receive, send)
            return
        self.streams.open += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.streams.open -= 1
