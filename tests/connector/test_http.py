import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from twilio_connector.connector.http import HttpRequest, Transport


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        status = 302 if self.path == "/redirect" else 200
        self.send_response(status)
        self.send_header("Set-Cookie", "session=stolen; Path=/")
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.seen = []
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


@pytest.fixture
def transport():
    transport = Transport()
    yield transport
    transport.close()


def get(server, transport, path="/", **more):
    return transport.send(HttpRequest(method="GET", url=f"http://127.0.0.1:{server.server_port}{path}", **more))


def test_redirects_are_handed_back_not_followed(server, transport):
    assert get(server, transport, "/redirect", auth=("u", "p")).status_code == 302
    assert len(server.seen) == 1


def test_cookies_of_one_customer_never_reach_the_next_call(server, transport):
    get(server, transport)
    get(server, transport)
    assert "Cookie" not in server.seen[1]


def test_credentials_come_from_the_call_alone(server, transport, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    get(server, transport)
    assert "Authorization" not in server.seen[0]


def test_the_environments_proxy_is_used_and_its_exceptions_kept(server, transport, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert get(server, transport).status_code == 200


def test_one_pooled_connection_and_one_verifying_context_serve_all_calls(transport):
    adapter = transport._ready()
    context = adapter.poolmanager.connection_pool_kw["ssl_context"]
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 0
    assert transport._ready() is adapter


def test_a_body_leaves_with_its_head_in_one_piece(transport):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        request = HttpRequest(method="POST", url=address, data=b"To=%2B1555", headers={"Content-Type": "text/plain"})
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(transport.send, request)
            connection, _ = listening.accept()
            with connection:
                head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert sent.result(10).content == b"ok"
    assert (body, b"Content-Length: 10" in head) == (b"To=%2B1555", True)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "https://", "https://*.example.com/"])
def test_what_is_no_address_is_refused(transport, url):
    with pytest.raises(requests.exceptions.InvalidURL):
        transport.send(HttpRequest(method="GET", url=url))


def test_a_header_of_two_lines_is_refused(server, transport):
    with pytest.raises(requests.exceptions.InvalidHeader):
        get(server, transport, headers={"X-Note": "a\r\nAuthorization: b"})
    assert server.seen == []


def test_many_servers_do_not_close_the_pool_of_one(server, transport, monkeypatch):
    monkeypatch.setattr("twilio_connector.connector.pooled.SERVERS", 1)
    for host in ("127.0.0.1", "localhost", "127.0.0.1"):
        found = transport.send(HttpRequest(method="GET", url=f"http://{host}:{server.server_port}/"))
        assert found.status_code == 200


def test_credentials_are_not_shown_with_the_request():
    assert "s3cret" not in repr(HttpRequest(method="GET", url="https://x", auth=("u", "s3cret")))
