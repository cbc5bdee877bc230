"""What makes credentials leave for somebody else, or a flow reach what only this machine should."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import responses
from pydantic import SecretStr
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, ConnectorError, InvalidInput, Refused
from twilio_connector.connector.http import Transport
from twilio_connector.connector.twilio.base import Base
from twilio_connector.connector.twilio.client import TwilioClient
from twilio_connector.connector.twilio.download import download
from twilio_connector.connector.twilio.resources.messages import MESSAGES
from twilio_connector.connector.twilio.retry import Retry
from twilio_connector.host.components.http import request as http
from twilio_connector.host.components.http.public import ALLOW, is_public

ACCOUNT, SECRET = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "the-secret-of-the-account"
CONNECTION = {"key": "basic", "fields": {"username": ACCOUNT, "password": SECRET}}
RAW = load("twilio_connector").actions["rawRequest"]


def client(**given):
    return TwilioClient(
        account_sid=ACCOUNT, username=ACCOUNT, secret=SecretStr(SECRET), retry=Retry(attempts=1), **given
    )


@pytest.fixture
def wire():
    """Nothing leaves: a call to a host that a test did not name fails it."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as edge:
        yield edge


ELSEWHERE = [
    "https://evil.example/x",
    "https://api.twilio.com@evil.example/",
    "https://api.twilio.com:x@evil.example/",
    "https://evil.example\\@api.twilio.com/",
    "https://api.twilio.com\\@evil.example/",
    "https://api.twilio.com%2eevil.example/",
    "https://api.twilio.com%40evil.example/",
    "https://api.twilio.com%00.evil.example/",
    "https://api。twilio。com/",
    "https://api.twilio.com./",
    "https://api.tw\u0131lio.com/",
    "https://\u0251pi.twilio.com/",
    "https://api.twilio.com\u200b/",
    "https://api.twilio.com\u2044evil.example/",
    "https://api.twilio.com\uff0fevil.example/",
    "https://api.twilio.com:443:80/",
    "https://api.twilio.com:0443/",
    "https://api.twilio.com:/",
    "https://[api.twilio.com]/",
    "https://[::ffff:7f00:1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https:///evil.example/",
    "https:/evil.example/",
    "https:evil.example/",
    "HTTPS:\\\\evil.example",
    "//evil.example/",
    "\\/evil.example/",
    "/%2e%2e/x",
    "/x/..%2f..%2fy",
    "/x/%2e%2e%5cy",
    "/x/..;/y",
    "/x/%252e%252e%252fy",
    "http://api.twilio.com/",
    "wss://api.twilio.com/",
    "data:text/plain,x",
    "{product}.twilio.com",
    "https://{product}.twilio.com/",
    "https://api.twilio.com/x\r\nHost: evil.example",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_raw_request_takes_the_credentials_to_twilio_only(wire, url):
    wire.add(responses.GET, "https://api.twilio.com/2010-04-01/{product}.twilio.com", json={})
    inputs = {"twilioConnection": CONNECTION, "url": url, "method": "GET"}
    if url == "{product}.twilio.com":  # no scheme, no slash: a path below the API's root
        RAW.perform(ActionContext(), inputs)
        return
    with pytest.raises(InvalidInput) as refused:
        RAW.perform(ActionContext(), inputs)
    assert refused.value.field == "url"
    assert len(wire.calls) == 0
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    ["Authorization", "authorization", "Host", "HOST", "Content-Length", "Transfer-Encoding", "Proxy-Authorization",
     "Connection", "X-A\r\nHost", "X A", ""],
)  # fmt: skip
def test_a_raw_request_brings_no_header_that_says_whose_it_is(wire, name):
    headers = [{"key": name, "value": "x"}]
    with pytest.raises(InvalidInput):
        RAW.perform(ActionContext(), {"twilioConnection": CONNECTION, "url": "/x", "method": "GET", "headers": headers})
    assert len(wire.calls) == 0


NEXT_PAGES = [u for u in ELSEWHERE if ":" in u or u.startswith(("/", "\\"))]


@pytest.mark.parametrize("address", NEXT_PAGES)
def test_a_next_page_elsewhere_is_not_asked_for(wire, address):
    page = {"messages": [], "next_page_uri": address}
    wire.add(responses.GET, f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json", json=page)
    with pytest.raises(ConnectionFailed):
        list(client().list(MESSAGES))
    assert len(wire.calls) == 1


NOT_PUBLIC = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "localhost", "localhost.", "x.localhost", "10.0.0.1",
    "192.168.1.1", "172.16.0.1", "169.254.169.254", "0xa9fea9fe", "100.64.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[fe80::1]", "[fd00::1]", "127.0.0.1.",
]  # fmt: skip


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_a_download_is_not_redirected_into_the_network_of_the_host(wire, host):
    url = "https://api.twilio.com/2010-04-01/x"
    wire.add(responses.GET, url, status=307, headers={"Location": f"https://{host}/latest/meta-data"})
    with pytest.raises(Refused, match="redirects to where"):
        download(client(), url)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "location",
    ["http://media.example/", "//user@media.example/", "https://media.example\\@api.twilio.com/", "file:///etc/passwd",
     "ftp://media.example/", "https://[", "javascript:1", "gopher://media.example/"],
)  # fmt: skip
def test_a_download_is_redirected_to_plain_https_only(wire, location):
    url = "https://api.twilio.com/2010-04-01/x"
    wire.add(responses.GET, url, status=302, headers={"Location": location})
    with pytest.raises(ConnectorError):
        download(client(), url)
    assert len(wire.calls) == 1


def test_credentials_stay_behind_when_a_download_is_redirected(wire):
    url = "https://api.twilio.com/2010-04-01/x"
    wire.add(responses.GET, url, status=307, headers={"Location": "https://media.example/a"})
    wire.add(responses.GET, "https://media.example/a", status=302, headers={"Location": "https://api.twilio.com/y"})
    wire.add(responses.GET, "https://api.twilio.com/y", body=b"media")
    answer = download(client(), url, headers={"X-Key": "k"}, params=(("token", "t"),))
    first, *others = [call.request for call in wire.calls]
    assert answer.body == b"media"
    assert first.headers["Authorization"].startswith("Basic ")
    for request in others:
        assert "Authorization" not in request.headers
        assert "X-Key" not in request.headers
        assert "token" not in request.url


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_changes_something_follows_no_redirect(wire, status):
    address = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    wire.add(responses.POST, address, status=status, headers={"Location": "https://evil.example/"})
    with pytest.raises(ConnectorError):
        client().create(MESSAGES, {"To": "+1", "Body": "x"})
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "template",
    ["http://evil.example/{product}", "https://user:pass@evil.example/{product}", "https://evil.example/?{product}",
     "https://evil.example/#{product}", "http://127.0.0.1.evil.example/{product}", "http://localhost.evil.example",
     "http://127.0.0.1@evil.example", "http://2130706433/{product}", "https://evil\n.example/{product}", "{product}"],
)  # fmt: skip
def test_a_base_that_would_show_the_credentials_is_refused(template):
    with pytest.raises(ConnectionFailed):
        Base(template=template)


def test_neither_the_environment_nor_a_netrc_adds_credentials(wire, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine media.example login evil password x\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    url = "https://api.twilio.com/2010-04-01/x"
    wire.add(responses.GET, url, status=307, headers={"Location": "https://media.example/a"})
    wire.add(responses.GET, "https://media.example/a", body=b"media", headers={"Set-Cookie": "a=1"})
    transport = Transport()
    for _ in range(2):
        download(client(transport=transport), url)
    assert all("Cookie" not in call.request.headers for call in wire.calls)
    assert all("Authorization" not in call.request.headers for call in wire.calls if "media" in call.request.url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "255.255.255.255", "224.0.0.1", "::", "::1",
     "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::",
     "fe80::1%eth0", "fec0::1", "fd00::1", "ff02::1", "5f00::1", "2001:db8::1", "100::1"],
)  # fmt: skip
def test_no_spelling_of_an_inner_address_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"])
def test_public_addresses_are_public(address):
    assert is_public(address)


@contextmanager
def listener(answer):
    """A server on loopback; ``heard`` grows by the headers of each request."""
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append({name.lower(): value for name, value in self.headers.items()})
            status, headers = answer(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()


def get(url, **given):
    return http.get(ActionContext(), http.Request.model_validate({"url": url} | given))


def test_no_header_of_a_flow_goes_along_to_another_host(monkeypatch):
    with listener(lambda _: (200, {})) as (other, there):
        leading = f"http://{other}/taken"
        with listener(lambda path: (302, {"Location": leading if path == "/out" else "/out"})) as (first, here):
            monkeypatch.setenv(ALLOW, f"{first},{other}")
            keys = {"Authorization": "Bearer key-1", "X-Api-Key": "key-2", "Cookie": "key-3"}
            get(f"http://{first}/in", headers=[{"key": name, "value": value} for name, value in keys.items()])
    assert [("key-1" in json.dumps(each), "key-2" in json.dumps(each)) for each in here] == [(True, True)] * 2
    (taken,) = there
    assert "key-" not in json.dumps(taken)


def test_a_name_that_resolves_to_an_inner_address_is_not_reached(monkeypatch):
    inner = [(2, 1, 6, "", ("10.0.0.8", 80))]
    outer = [(2, 1, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [*outer, *inner])
    with pytest.raises(Refused, match="not a public address"):
        get("http://rebound.example/")
