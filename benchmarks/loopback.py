"""A Twilio of one process on loopback, over TLS, that costs next to nothing: what is measured is the client.

It creates and lists messages, and takes ``latency`` seconds for each answer. It knows no state and checks nothing; for a Twilio
that does, see ``sandbox/``.
"""

import argparse
import asyncio
import datetime as dt
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ACCOUNT, TOKEN = "AC" + "0" * 32, "0123456789abcdef0123456789abcdef"
LIST = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Loopback:
    """Where it is reached, and the CA bundle that trusts it: certifi's, so that loading it costs what it costs, and its own."""

    url: str
    bundle: str

    @property
    def connection(self) -> dict[str, Any]:
        """The value of a connection input."""
        return {"key": "basic", "fields": {"username": ACCOUNT, "password": TOKEN, "baseUrl": self.url}}

    def sdk(self) -> Any:
        """The official SDK's client, as its README makes it; only the host that it calls is another."""
        from twilio.rest import Client

        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = self.url
        return client


@contextmanager
def serving(latency: float = 0.0, messages: int = 0) -> Iterator[Loopback]:
    """Serve in a process of its own; every client in this process, ours and the SDK's, then trusts it."""
    with tempfile.TemporaryDirectory() as folder:
        bundle, certificate = _certificates(Path(folder))
        command = [sys.executable, __file__, certificate, str(latency), str(messages)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        before = os.environ.get("REQUESTS_CA_BUNDLE")
        os.environ["REQUESTS_CA_BUNDLE"] = bundle
        try:
            yield Loopback(process.stdout.readline().strip(), bundle)
        finally:
            process.terminate()
            process.wait(30)
            os.environ.pop("REQUESTS_CA_BUNDLE")
            if before is not None:
                os.environ["REQUESTS_CA_BUNDLE"] = before


def _certificates(folder: Path) -> tuple[str, str]:
    """A bundle of trusted certificates, and a certificate for this machine with its key."""
    import certifi
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    places = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    own = folder / "server.pem"
    own.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()) + certificate)
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + certificate)
    return str(bundle), str(own)


def message(index: int, body: str = "Your table is ready.") -> dict[str, Any]:
    """A message as Twilio lists it."""
    sid = f"SM{index:032x}"
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}"
    date = f"Sun, {1 + index // 3600 % 28:02} Nov 2026 14:{index // 60 % 60:02}:{index % 60:02} +0000"
    return {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": body, "date_created": date, "date_sent": date,
        "date_updated": date, "direction": "outbound-api", "error_code": None, "error_message": None,
        "from": "+15557654321", "messaging_service_sid": None, "num_media": "0", "num_segments": "1", "price": "-0.00790",
        "price_unit": "USD", "sid": sid, "status": "delivered",
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": f"+1555{index % 10_000_000:07}", "uri": f"{uri}.json",
    }  # fmt: skip


def _page(number: int, total: int) -> bytes:
    start, end = number * PAGE, min((number + 1) * PAGE, total)
    following = f"{LIST}?PageSize={PAGE}&Page={number + 1}&PageToken=PA{end}" if end < total else None
    page = {
        "page": number, "page_size": PAGE, "start": start, "end": max(end - 1, 0), "uri": f"{LIST}?Page={number}",
        "first_page_uri": f"{LIST}?Page=0", "previous_page_uri": None, "next_page_uri": following,
        "messages": [message(index) for index in range(start, end)],
    }  # fmt: skip
    return json.dumps(page).encode()


class Answering(asyncio.Protocol):
    """One connection. Requests have their length in a header, as clients of Twilio send them."""

    def __init__(self, pages: list[bytes], latency: float) -> None:
        self.pages, self.latency, self.received = pages, latency, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, rest = self.received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(rest) < int(length or 0):
            return
        self.received = b""
        asyncio.get_running_loop().call_later(self.latency, self.transport.write, self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        if head.startswith(b"POST"):
            return _response(b"201 Created", _made())
        number = head.partition(b"Page=")[2]
        digits = number[: len(number) - len(number.lstrip(b"0123456789"))]
        return _response(b"200 OK", self.pages[int(digits or 0)])


def _made() -> bytes:
    _made.count += 1  # type: ignore[attr-defined]
    return MADE.replace(b"SM" + b"0" * 32, b"SM%032x" % _made.count)  # type: ignore[attr-defined]


_made.count = 0  # type: ignore[attr-defined]
MADE = json.dumps(message(0) | {"status": "queued"}).encode()


def _response(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: %d\r\n" % (
        status,
        len(body),
    )
    return head + b"Twilio-Request-Id: RQ00000000000000000000000000000000\r\nX-Shenanigans: none\r\n\r\n" + body


def serve() -> None:
    """Print the address, then answer until terminated."""
    import uvloop

    parser = argparse.ArgumentParser()
    parser.add_argument("certificate")
    parser.add_argument("latency", type=float)
    parser.add_argument("messages", type=int)
    given = parser.parse_args()
    pages = [_page(number, given.messages) for number in range(max(1, -(-given.messages // PAGE)))]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.certificate)

    async def run() -> None:
        make = partial(Answering, pages, given.latency)
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=context, backlog=512)
        print(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()

    uvloop.run(run())


if __name__ == "__main__":
    serve()
