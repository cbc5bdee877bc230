import socket
import time
from threading import Thread

import pytest
import requests
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import is_loopback, listen, serving, url_of
from twilio_connector.host.web.triggers import Triggers

GOOD = {"x-word": "sesame"}


@pytest.fixture
def served(web_host, access):
    """The address of a host that is served on a free port."""
    with serving(create_app(web_host, access), listen()) as url:
        yield url


@pytest.fixture
def endpoint_id(web_host, instance):
    return web_host.store.instances.endpoints(instance.id)[0].id


def talk(url, *parts, then=b""):
    """Say this over a plain connection; what comes back until the server closes or is silent."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR) if then == b"leave" else None
        return connection.makefile("rb").read() if then != b"leave" else b""


@pytest.mark.parametrize("host", ["example.com", "", "127.0.0.1:80", "192.0.2.1"])
def test_what_is_no_address_of_this_machine_is_refused_with_what_to_do(host):
    with pytest.raises(InvalidInput, match=r"give one of this machine's|choose another port") as refused:
        listen(host)
    assert refused.value.field in {"host", "port"}


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("127.1.2.3", True), ("0.0.0.0", False), ("::", False),  # noqa: S104
     ("192.0.2.1", False), ("example.com", False), ("", False)],
)  # fmt: skip
def test_which_addresses_only_this_machine_reaches(host, alone):
    assert is_loopback(host) is alone


def test_a_port_in_use_is_refused_with_what_to_do():
    with listen() as taken, pytest.raises(InvalidInput, match="choose another port") as refused:
        listen(port=taken.getsockname()[1])
    assert refused.value.field == "port"


def test_the_address_is_known_before_anything_is_served():
    with listen("localhost") as sock:
        assert url_of(sock) == f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_a_host_on_all_addresses_tells_the_one_that_its_own_machine_opens():
    with listen("0.0.0.0") as sock:  # noqa: S104
        assert url_of(sock) == f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_answers_leave_at_once():
    with listen() as sock:
        assert sock.proto == socket.IPPROTO_TCP


def test_a_webhook_is_taken_over_the_wire_with_its_path_as_sent(served, web_host, endpoint_id):
    head = f"POST /trigger/{endpoint_id}/a%20b?x=%2B HTTP/1.1\r\nHost: any.example\r\nX-Word: wrong\r\n"
    assert talk(served, head.encode(), b"Content-Length: 0\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    web_host.stop()
    (refusal,) = web_host.store.refusals.recent()
    assert f"https://hooks.example.com/trigger/{endpoint_id}/a%20b?x=%2B" in refusal.reason
    assert refusal.source == "127.0.0.1"


def test_forwarded_headers_do_not_change_who_called(served, web_host, endpoint_id):
    headers = {"x-word": "wrong", "x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"}
    assert requests.post(f"{served}/trigger/{endpoint_id}", headers=headers, timeout=10).status_code == 403
    web_host.stop()
    assert [refusal.source for refusal in web_host.store.refusals.recent()] == ["127.0.0.1"]


def test_a_chunked_body_without_end_is_cut_off(served, endpoint_id):
    head = f"POST /trigger/{endpoint_id} HTTP/1.1\r\nHost: a\r\nX-Word: sesame\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    answer = talk(served, head, b"1000\r\n" + b"x" * 4096 + b"\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_a_body_that_dribbles_is_not_waited_for(web_host, endpoint_id):
    with serving(_mounted(Triggers(web_host, body_seconds=0.2)), listen()) as url:
        head = f"POST /trigger/{endpoint_id} HTTP/1.1\r\nHost: a\r\nX-Word: sesame\r\nContent-Length: 100\r\n\r\nx".encode()
        assert talk(url, head).startswith(b"HTTP/1.1 408 ")


def _mounted(triggers):
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/trigger", triggers)])


def test_a_caller_that_hangs_up_leaves_nothing(served, web_host, endpoint_id):
    head = f"POST /trigger/{endpoint_id} HTTP/1.1\r\nHost: a\r\nX-Word: sesame\r\nContent-Length: 100\r\n\r\nx".encode()
    talk(served, head, then=b"leave")
    assert requests.post(f"{served}/trigger/{endpoint_id}", headers=GOOD, timeout=10).status_code == 200
    assert len(web_host.store.executions.recent()) == 1


def test_stopping_answers_what_has_begun(web_host, access, connection, deploy, monkeypatch):
    endpoint_id = web_host.store.instances.endpoints(deploy(synchronous=True).id)[0].id
    answers, began = [], []

    async def slow(execution_id, timeout=None):  # noqa: ASYNC109
        import asyncio

        began.append(execution_id)
        await asyncio.sleep(0.3)
        return await type(web_host).result(web_host, execution_id)

    monkeypatch.setattr(web_host, "result", slow, raising=False)
    with serving(create_app(web_host, access), listen()) as url:
        ask = Thread(
            target=lambda: answers.append(requests.post(f"{url}/trigger/{endpoint_id}", headers=GOOD, timeout=10))
        )
        ask.start()
        while not began:
            time.sleep(0.01)
    ask.join()
    assert [answer.text for answer in answers] == ["done"]


def test_pages_are_served_and_say_nothing_of_the_server(served):
    answer = requests.get(served, timeout=10)
    assert answer.status_code == 401
    assert "server" not in answer.headers
