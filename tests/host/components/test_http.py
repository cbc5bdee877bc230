"""Requests to a server of the test's own, which is allowed; and to what a flow must not reach."""

import json
import re
import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twilio_connector.connector.context import ActionContext, utc_now
from twilio_connector.connector.errors import InvalidInput, OutcomeUnknown, Refused, TryLater
from urllib3 import PoolManager
from urllib3.exceptions import MaxRetryError, SSLError
from werkzeug import Request, Response

# What real exports give every request.
EXPORTED = {
    "connection": "",
    "debugRequest": "false",
    "headers": [],
    "ignoreSslErrors": "false",
    "includeFullResponse": "false",
    "maxRetries": "0",
    "queryParams": [],
    "responseType": "json",
    "retryDelayMS": "0",
    "retryOnAllErrors": "false",
    "timeout": "",
    "useExponentialBackoff": "false",
}


@pytest.fixture
def slept():
    return []


@pytest.fixture
def send(own, slept):
    def perform(action, url, **values):
        context = ActionContext(sleep=slept.append)
        return own["http"].actions[action].perform(context, EXPORTED | {"url": url} | values).data

    return perform


@pytest.fixture
def server(httpserver, monkeypatch):
    monkeypatch.setenv("TWILIO_CONNECTOR_HTTP_ALLOW", urlsplit(httpserver.url_for("")).netloc)
    return httpserver


def echo(request: Request) -> Response:
    body = {
        "method": request.method,
        "body": request.get_data(as_text=True),
        "type": request.headers.get("Content-Type"),
    }
    return Response(json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    ("data", "body", "content_type"),
    [
        ({"a": 1}, '{"a": 1}', "application/json"),
        ('{"a":1}', '{"a":1}', "application/json"),
        ("plain", "plain", "text/plain; charset=utf-8"),
        (b"raw", "raw", "application/octet-stream"),
        (
            {"data": "a=1", "contentType": "application/x-www-form-urlencoded"},
            "a=1",
            "application/x-www-form-urlencoded",
        ),
        ({"data": {"a": 1}, "contentType": "application/x-www-form-urlencoded"}, '{"a": 1}', "application/json"),
    ],
)
def test_data_is_sent_as_what_it_is(send, server, data, body, content_type):
    server.expect_request("/x").respond_with_handler(echo)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        expected = {"method": method, "body": body, "type": content_type}
        assert send(f"http{method.capitalize()}", server.url_for("/x"), data=data) == expected


def test_headers_and_query_go_along_and_the_whole_answer_comes_back(send, server):
    server.expect_request("/x", query_string={"a": "1", "b": "ü"}, headers={"X-Mine": "m"}).respond_with_data(
        "<a/>", status=418, headers={"X-Theirs": "t"}
    )
    pairs = {"headers": [{"key": "X-Mine", "value": "m"}], "queryParams": [{"key": "b", "value": "ü"}]}
    answer = send("httpGet", server.url_for("/x?a=1"), includeFullResponse="true", responseType="text", **pairs)
    assert (answer["status"], answer["data"], answer["headers"]["x-theirs"]) == (418, "<a/>", "t")


def test_values_of_headers_and_query_are_written_as_json_has_them(send, server):
    query = {"active": "true", "n": "5", "list": '["a",{"b":null}]'}
    server.expect_request("/x", query_string=query, headers={"X-Dry": "false"}).respond_with_data("ok")
    given = [{"key": "active", "value": True}, {"key": "n", "value": 5.0}, {"key": "list", "value": ["a", {"b": None}]}]
    assert send("httpGet", server.url_for("/x"), headers={"X-Dry": False}, queryParams=given) == "ok"


@pytest.mark.parametrize(
    ("action", "status", "raised"),
    [
        ("httpGet", 404, Refused),
        ("httpGet", 500, TryLater),
        ("httpGet", 429, TryLater),
        ("httpGet", 503, TryLater),
        ("httpPost", 500, OutcomeUnknown),
        ("httpPost", 429, TryLater),
        ("httpGet", 304, None),
    ],
)
def test_a_status_says_what_to_do_next(send, server, action, status, raised):
    server.expect_request("/x").respond_with_data("no", status=status, headers={"Retry-After": "7"})
    if raised is None:
        assert send(action, server.url_for("/x")) == ""
        return
    with pytest.raises(raised) as caught:
        send(action, server.url_for("/x"))
    assert caught.value.status == status
    assert caught.value.retry_after == (7.0 if status == 429 else None if raised is not TryLater else 7.0)


def test_it_is_tried_again_as_often_as_is_asked_for(send, server, slept):
    for _ in range(2):
        server.expect_ordered_request("/x").respond_with_data("", status=500)
    server.expect_ordered_request("/x").respond_with_json({"ok": True})
    given = {"maxRetries": "3", "retryDelayMS": "100", "useExponentialBackoff": "true"}
    assert send("httpGet", server.url_for("/x"), **given) == {"ok": True}
    assert slept == [0.1, 0.2]


def test_a_wait_longer_than_a_step_may_take_is_left_to_the_flow(send, server, slept):
    server.expect_request("/x").respond_with_data("", status=429, headers={"Retry-After": "901"})
    with pytest.raises(TryLater) as caught:
        send("httpGet", server.url_for("/x"), maxRetries="3")
    assert (caught.value.retry_after, slept) == (901.0, [])


def test_a_connection_that_is_refused_may_be_tried_again(send, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("TWILIO_CONNECTOR_HTTP_ALLOW", address)
    with pytest.raises(TryLater, match="no answer"):
        send("httpPost", f"http://{address}/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_what_is_sent_is_told_and_no_success(send, server, status):
    location = {"Location": "//u:pass@other.example:8443/v2/orders?key=secret#part"}
    server.expect_request("/orders").respond_with_data("", status=status, headers=location)
    to = rf"answered {status} .*, which leads to http://other.example:8443/v2/orders[:;]"
    for action in ("httpPost", "httpPut", "httpPatch", "httpDelete"):
        with pytest.raises(OutcomeUnknown if status in {302, 303} else Refused, match=to) as caught:
            send(action, server.url_for("/orders"), data={"a": 1})
        assert caught.value.status == status
        assert not {"pass", "secret"} & set(re.findall(r"\w+", str(caught.value)))
    answer = send("httpPost", server.url_for("/orders"), includeFullResponse="true")
    assert answer["status"] == status


@pytest.mark.parametrize(
    ("said", "raised"),
    [("[SSL: CERTIFICATE_VERIFY_FAILED] unknown", TryLater), ("[SSL: BAD_RECORD_TYPE] lost", OutcomeUnknown)],
)
def test_only_a_tls_failure_that_comes_before_the_request_says_that_nothing_left(
    send, server, monkeypatch, said, raised
):
    def fail(*_: object, **__: object) -> None:
        raise MaxRetryError(None, "/", SSLError(said))

    monkeypatch.setattr(PoolManager, "request", fail)
    with pytest.raises(raised, match="no answer"):
        send("httpPost", server.url_for("/x"))


def test_an_answer_without_end_is_cut_off(send, server):
    server.expect_request("/x").respond_with_data(b"x" * (5 << 20))
    with pytest.raises(Refused, match="larger than"):
        send("httpGet", server.url_for("/x"))


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture
def trickle(monkeypatch):
    """The address of a server that answers with ``told`` at once, and then a byte now and then, until it is hung up on."""
    over = threading.Event()

    def answer(connection, told):
        with connection, suppress(OSError):
            connection.recv(4096)
            connection.sendall(told)
            for _ in range(1000):
                if over.wait(0.02):
                    return
                connection.sendall(b"x")

    def serve(told, wrap=lambda connection: connection):
        listening = socket.create_server(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("TWILIO_CONNECTOR_HTTP_ALLOW", address)

        def accept():
            with listening:
                connection, _ = listening.accept()
            answer(wrap(connection), told)

        threads.append(threading.Thread(target=accept))
        threads[-1].start()
        return address

    threads = []
    yield serve
    over.set()
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize(
    "told", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD], ids=["nothing", "in its head", "in its body"]
)
@pytest.mark.parametrize(("action", "raised"), [("httpGet", TryLater), ("httpPost", OutcomeUnknown)])
def test_an_answer_that_trickles_is_given_up_when_the_time_is_over(send, trickle, told, action, raised):
    with pytest.raises(raised, match="no answer"):
        send(action, f"http://{trickle(told)}/", timeout="300")


@pytest.mark.parametrize("location", [b"", b"Location: http://[other/\r\n", b"Location: //other:99999/\r\n"])
def test_a_redirect_that_leads_nowhere_says_so(send, trickle, location):
    told = b"HTTP/1.1 302 Found\r\n" + location + b"Content-Length: 0\r\n\r\n"
    with pytest.raises(OutcomeUnknown, match="answered 302 Found and not where to go instead: it may have been done"):
        send("httpPost", f"http://{trickle(told)}/")


@pytest.fixture
def trusted(monkeypatch, tmp_path):
    """Wraps a connection of a server whose certificate is trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")]), utc_now()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, both = tmp_path / "public.pem", tmp_path / "both.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both.write_bytes(key.private_bytes(*plain) + public.read_bytes())
    monkeypatch.setattr(certifi, "where", lambda: str(public))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return lambda connection: context.wrap_socket(connection, server_side=True)


def test_an_answer_that_trickles_over_tls_is_given_up_too(send, trickle, trusted):
    assert send("httpGet", f"https://{trickle(HEAD.replace(b'100', b'3'), trusted)}/") == "xxx"
    with pytest.raises(TryLater, match="no answer: ReadTimeoutError"):
        send("httpGet", f"https://{trickle(HEAD, trusted)}/", timeout="600")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0", "2130706433", "127.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fd00::1]"),
        *("224.0.0.1", "100.64.0.1"),
    ],
)
def test_what_is_not_public_is_refused_before_anything_is_sent(send, host):
    with pytest.raises(Refused, match="is not a public address"):
        send("httpGet", f"http://{host}:9/")


def test_a_redirect_to_what_is_not_public_is_refused(send, server):
    server.expect_request("/x").respond_with_data("", status=302, headers={"Location": "http://127.0.0.1:9/"})
    with pytest.raises(Refused, match="is not a public address"):
        send("httpGet", server.url_for("/x"))


def test_a_redirect_is_followed(send, server):
    server.expect_request("/x").respond_with_data("", status=302, headers={"Location": "/y"})
    server.expect_request("/y").respond_with_json({"y": 1})
    assert send("httpGet", server.url_for("/x")) == {"y": 1}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "gopher://x",
        "http://",
        "https://u:p@example.com/",
        "http://[",
        "//x",
        "http://x:0/",
        "javascript:1",
    ],
)
def test_only_whole_addresses_without_passwords_are_taken(send, url):
    with pytest.raises(InvalidInput, match="url"):
        send("httpGet", url)


@pytest.mark.parametrize("name", ["X-A\r\nX-B", "X A", ""])
def test_a_header_cannot_bring_another(send, server, name):
    server.expect_request("/x").respond_with_data("")
    with pytest.raises(InvalidInput, match="headers"):
        send("httpGet", server.url_for("/x"), headers=[{"key": name, "value": "v\r\nX-C: 1"}])


def test_certificates_are_checked(send):
    with pytest.raises(InvalidInput, match="ignoreSslErrors"):
        send("httpGet", "https://example.com/", ignoreSslErrors="true")


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/plain; charset=ISO-8859-1", "Grüße"),
        ('text/plain; charset="windows-1252"', "Grüße"),
        ("text/plain; charset=klingon", "Gr\ufffd\ufffde"),
        ("text/plain", "Gr\ufffd\ufffde"),
    ],
)
def test_an_answer_is_read_as_what_it_says_that_it_is(send, server, content_type, text):
    server.expect_request("/x").respond_with_data("Grüße".encode("latin-1"), content_type=content_type)
    assert send("httpGet", server.url_for("/x"), responseType="text") == text
