"""HTTP/1.1 as uvicorn speaks it, with an end to what never ends: a head that dribbles or grows, a body that nobody reads.

uvicorn's own clock starts with the first answer, and its parser takes a head of any size. A connection that asks for nothing,
or is always about to, would be kept; as many of them as the server takes would shut everybody else out.
"""

from asyncio import TimerHandle, Transport
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WHOLE = "twilio_connector.whole"
"""In the scope of a request whose body has arrived: reading it waits for nothing."""
MAX_HEAD = 64 << 10
"""Bytes without a body in them: a request's line and headers, or what follows a body in chunks. Proxies send 32 KiB at most."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Bounded(HttpToolsProtocol):
    """A head has ``seconds`` to arrive; so has the rest of a body whose answer is out already."""

    seconds: ClassVar[float] = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_head, self._has_begun = True, False
        self._unused = 0
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unused += len(data)
        super().data_received(data)
        if self._is_in_head and (self._unused or self._has_begun):  # part of a head: a whole one needs no clock
            self._hurry()
        if self._unused > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = True

    def on_headers_complete(self) -> None:
        self._is_in_head, self._has_begun, self._unused = False, False, 0
        self._calm()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unused = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_head, self._unused = True, 0
        self._calm()
        self.scope[WHOLE] = True  # type: ignore[literal-required]
        super().on_message_complete()
        if self.cycle.response_complete:  # what comes now is the next head, or nothing
            self._hurry()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_in_head:
            self._hurry()

    def _hurry(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self.transport.close)

    def _calm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
