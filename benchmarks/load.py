"""Webhooks as Twilio sends them, over kept connections, as fast as they are answered; and a server that does nothing else.

``python benchmarks/load.py PORT`` is that server: how fast it is loaded is the limit of the load.
"""

import asyncio
import sys
import time
from functools import partial
from urllib.parse import urlencode, urlsplit

import uvloop
from loopback import ACCOUNT, TOKEN
from twilio.request_validator import RequestValidator

CONNECTIONS = 64
NOTHING = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<Response/>"


def webhooks(url: str, count: int, run: int) -> list[bytes]:
    """Signed requests, each of another message; those of another run are others."""
    return [_request(url, f"SM{run:08x}{index:024x}") for index in range(count)]


def signed(url: str, sid: str) -> tuple[dict[str, str], bytes]:
    """Headers and body."""
    texts = {"From": "+14155550123", "To": "+14155550100", "Body": "Hello! How are you?", "NumSegments": "1"}
    places = {f"{who}{what}": "CA" for who in ("From", "To") for what in ("City", "State", "Zip", "Country")}
    params = {"MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "AccountSid": ACCOUNT, "NumMedia": "0"}
    params |= texts | places
    params |= {"ApiVersion": "2010-04-01", "SmsStatus": "received", "MessagingServiceSid": "MG" + "0" * 32}
    body = urlencode(params).encode()
    headers = {
        "Host": urlsplit(url).netloc,
        "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, params),
        "I-Twilio-Idempotency-Token": sid,
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "Content-Length": str(len(body)),
    }
    return headers, body


def _request(url: str, sid: str) -> bytes:
    headers, body = signed(url, sid)
    lines = [f"POST {urlsplit(url).path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(url: str, requests: list[bytes], connections: int = CONNECTIONS) -> float:
    """Send them all; the seconds that it took. Raises SystemExit unless each was answered 200."""
    split, waiting = urlsplit(url), requests[::-1]
    host, port = split.hostname or "", split.port or 80

    async def measure() -> tuple[float, int]:
        started = time.perf_counter()
        accepted = await asyncio.gather(*[_connection(waiting, host, port) for _ in range(connections)])
        return time.perf_counter() - started, sum(accepted)

    seconds, accepted = uvloop.run(measure())
    if accepted != len(requests):
        raise SystemExit(f"{url}: {len(requests) - accepted} of {len(requests)} were not accepted")
    return seconds


async def _connection(waiting: list[bytes], host: str, port: int) -> int:
    """How many were accepted. A server that closes the connection after its answer gets the next on another."""
    accepted = 0
    while waiting:
        _, client = await asyncio.get_running_loop().create_connection(partial(Client, waiting), host, port)
        accepted += await client.done
    return accepted


class Client(asyncio.Protocol):
    """One connection; ``done`` gives how many of its requests were accepted."""

    def __init__(self, waiting: list[bytes]) -> None:
        self.waiting, self.accepted, self.closes = waiting, 0, False
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        """The head of an answer, whole: they are small. Its body may come by itself."""
        if b"HTTP/1.1 " not in data:
            return
        self.accepted += b"HTTP/1.1 200" in data
        self.closes = b"\r\nconnection: close" in data.lower()
        if not self.closes:
            self._next()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(self.accepted)

    def _next(self) -> None:
        if self.waiting:
            self.transport.write(self.waiting.pop())
        else:
            self.transport.close()


class Nothing(asyncio.Protocol):
    """Answers whatever comes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        self.transport.write(NOTHING)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Nothing, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
