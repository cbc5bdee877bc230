"""Signed webhooks accepted durably, a second: the host beside what a user would write with Starlette and the official SDK.

    python benchmarks/accept.py [--requests 6000] [--connections 64]

Each server is a process of its own on SQLite, WAL, synchronous FULL. ``tutorial`` validates with the SDK and commits one row a
request; ``host`` verifies, normalises, de-duplicates, and answers when the row is on disk; ``host, executing`` runs the flow of
each as well. The load is the same signed form with its own MessageSid each time, over kept-alive connections, in turn.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import uvloop
from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN = "AC" + "0" * 32, "0123456789abcdef0123456789abcdef"
FLOW = Path(__file__).with_name("flows") / "receive" / "integration.yaml"
ROUNDS = 3
SERVERS = ("tutorial", "host", "host, executing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=6000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    rates: dict[str, list[float]] = {name: [] for name in SERVERS}
    for turn in range(ROUNDS):
        for name in SERVERS:
            with running(name) as url:
                rates[name].append(load(url, given.requests, given.connections, f"{turn}"))
    print(f"{'server':<18}{'accepts/s':>12}{'ratio':>9}")
    for name in SERVERS:
        ratio = median(ours / theirs for ours, theirs in zip(rates[name], rates["tutorial"], strict=True))
        print(f"{name:<18}{median(rates[name]):>12.0f}{ratio:>8.2f}x")


@contextmanager
def running(name: str) -> Iterator[str]:
    """A server in a process of its own; gives the address of its webhook."""
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, __file__, "--serve", name]
        process = subprocess.Popen(command, cwd=data, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(30)


def load(url: str, requests: int, connections: int, run: str) -> float:
    """Send them all; how many a second were answered 200."""
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
    waiting = iter([_request(url, host, run, index) for index in range(requests)])

    async def measure() -> float:
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        clients = [
            (await loop.create_connection(partial(Client, waiting), host, int(port)))[1] for _ in range(connections)
        ]
        accepted = sum(await asyncio.gather(*[client.done for client in clients]))
        seconds = time.perf_counter() - started
        if accepted != requests:
            raise SystemExit(f"{url}: {requests - accepted} of {requests} were not accepted")
        return requests / seconds

    return uvloop.run(measure())


class Client(asyncio.Protocol):
    """One kept-alive connection; ``done`` gives how many of its requests were accepted. Answers are small: one read each."""

    def __init__(self, waiting: Iterator[bytes]) -> None:
        self.waiting, self.accepted = waiting, 0
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        if b"HTTP/1.1 " in data:
            self.accepted += data.startswith(b"HTTP/1.1 200")
            self._next()

    def _next(self) -> None:
        request = next(self.waiting, None)
        if request is not None:
            self.transport.write(request)
        elif not self.done.done():
            self.done.set_result(self.accepted)
            self.transport.close()


def _request(url: str, host: str, run: str, index: int) -> bytes:
    sid = f"SM{int(run):08x}{index:024x}"
    texts = {"From": "+14155550123", "To": "+14155550100", "Body": "Hello! How are you?", "NumSegments": "1"}
    places = {f"{who}{what}": "CA" for who in ("From", "To") for what in ("City", "State", "Zip", "Country")}
    params = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "NumMedia": "0", "ApiVersion": "2010-04-01"}
    params |= texts | places
    body = urlencode(params).encode()
    signature = RequestValidator(TOKEN).compute_signature(url, params)
    head = (
        f"POST /{url.partition('://')[2].partition('/')[2]} HTTP/1.1\r\nHost: {host}\r\nX-Twilio-Signature: {signature}\r\n"
        f"I-Twilio-Idempotency-Token: {sid}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def serve(name: str) -> None:
    tutorial() if name == "tutorial" else host(executing=name == "host, executing")


def tutorial() -> None:
    """The SDK's validator, a form parser and a row, as one would write them."""
    import sqlite3

    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    database = sqlite3.connect("texts.db", isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.execute("create table texts (sid text primary key, body text)")
    validator = RequestValidator(TOKEN)
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/sms"

    async def receive(request: Request) -> Response:
        form = dict(await request.form())
        if not validator.validate(url, form, request.headers["X-Twilio-Signature"]):
            return Response(status_code=403)
        database.execute("insert into texts values (?, ?)", (form["MessageSid"], json.dumps(form)))
        return Response("<Response/>", media_type="text/xml")

    print(url, flush=True)
    app = Starlette(routes=[Route("/sms", receive, methods=["POST"])])
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])


def host(*, executing: bool) -> None:
    from twilio_connector.host.host import Host
    from twilio_connector.host.settings import Settings
    from twilio_connector.host.web.access import Access
    from twilio_connector.host.web.app import create_app
    from twilio_connector.host.web.server import listen, server, url_of

    listening = listen()
    opened = Host.open(Settings(data=Path(os.curdir).resolve(), public_url=url_of(listening)))
    fields = {"username": ACCOUNT, "password": TOKEN}
    opened.add_connection(name="Twilio", component="twilio", key="basic", fields=fields)
    instance = opened.deploy(FLOW, customer="bench", config={"Twilio Connection": "Twilio"})
    if executing:
        opened.start()
    print(next(iter(opened.addresses(instance.id).values())), flush=True)
    server(create_app(opened, Access(opened.credentials))).run(sockets=[listening])
    opened.stop()


if __name__ == "__main__":
    main()
