"""Bodies that are too large, or never come: each address has its measure, and waits no longer than its time."""

import asyncio
import selectors

import pytest
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app

MIB = 1 << 20


class Skipping(selectors.DefaultSelector):
    """Waits for nothing that has a time: counts it instead."""

    skipped = 0.0

    def select(self, timeout=None):
        found = super().select(timeout and 0)
        self.skipped += 0 if found or timeout is None else timeout
        return found


class Loop(asyncio.SelectorEventLoop):
    """Its clock runs while nothing else does."""

    def __init__(self):
        super().__init__(Skipping())

    def time(self):
        return self._selector.skipped


@pytest.fixture
def announce(tmp_path):
    """Announce so many bytes, send none of them; the answer's status, and the seconds until it came."""
    host = Host.open(Settings(data=tmp_path, public_url="https://hooks.example.com"))
    access = Access(host.credentials)
    app, cookie = create_app(host, access), access.redeem(access.new_token())
    own = {
        "host": "127.0.0.1",
        "sec-fetch-site": "same-origin",
        "cookie": f"{access.cookie}={cookie}",
        "content-type": "application/json",
    }

    async def ask(method, path, length):
        sent = []

        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        headers = [(k.encode(), v.encode()) for k, v in (own | {"content-length": str(length)}).items()]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await app(scope, receive, send)
        return sent[0]["status"], round(asyncio.get_running_loop().time())

    def run(*asked):
        with asyncio.Runner(loop_factory=Loop) as runner:
            return runner.run(ask(*asked))

    yield run
    host.stop()


@pytest.mark.parametrize(
    ("method", "path", "most", "seconds"),
    [
        ("POST", "/trigger/x", MIB, 10),
        ("POST", "/customers", MIB, 10),
        ("POST", "/instances/new", 17 * MIB, 120),
        ("PUT", "/api/customers", MIB, 30),
        ("POST", "/api/integrations", 32 * MIB, 30),
    ],
)
def test_a_body_is_taken_up_to_a_size_and_within_a_time(announce, method, path, most, seconds):
    assert announce(method, path, most + 1) == (413, 0)
    assert announce(method, path, most) == (408, seconds)
