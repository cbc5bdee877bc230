"""Behind a proxy, which urllib3 blames for all that breaks: what has passed it may have been done."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests
from twilio_connector.connector.errors import ConnectorError, OutcomeUnknown, TryLater
from twilio_connector.connector.http import HttpRequest, Transport
from twilio_connector.connector.twilio.failures import network_failure


@contextmanager
def proxy(says: bytes) -> Iterator[str]:
    """The address of one that reads a request, says this and closes the connection."""

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            for line in iter(self.rfile.readline, b"\r\n"):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            self.wfile.write(says)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def posted(url: str, through: str, monkeypatch: pytest.MonkeyPatch) -> ConnectorError:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, through)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with closing(Transport()) as transport, pytest.raises(requests.RequestException) as failed:
        transport.send(HttpRequest(method="POST", url=url, data=b"To=%2B1555", timeout=5))
    return network_failure("POST", failed.value)


def test_what_the_proxy_took_without_an_answer_may_have_been_done(monkeypatch):
    with proxy(b"") as address:
        error = posted("http://api.twilio.test/Messages", address, monkeypatch)
    assert type(error) is OutcomeUnknown


def test_what_the_proxy_let_nobody_through_for_was_not_sent(monkeypatch):
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as address:
        error = posted("https://api.twilio.test/Messages", address, monkeypatch)
    assert type(error) is TryLater


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_found_no_proxy_was_not_sent(monkeypatch, scheme):
    with proxy(b"") as address:
        pass
    assert type(posted(f"{scheme}://api.twilio.test/Messages", address, monkeypatch)) is TryLater
