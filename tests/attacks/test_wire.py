"""The server on a raw socket: requests that two readers would understand differently, and those that never end."""

import contextlib
import socket
import time

import pytest
from twilio_connector.host.web.protocol import MAX_HEAD, Bounded


@pytest.fixture
def path(paths):
    return paths["Open"]


@pytest.fixture
def hurried(monkeypatch):
    """A head has a moment to arrive."""
    monkeypatch.setattr(Bounded, "seconds", 0.2)


def connect(url):
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def rest(connection):
    """What comes until the server closes; a connection that it keeps open is a failure of the test, by its timeout."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def talk(url, *parts):
    with connect(url) as connection:
        with contextlib.suppress(ConnectionError):  # it may answer and close before it has heard all
            for part in parts:
                connection.sendall(part)
        return rest(connection)


def head(path, *lines, method="POST", last="Connection: close"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *lines, last, "", ""]).encode()


def statuses(answer):
    return [line.split()[1] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


SMUGGLED = b"POST /trigger/other HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5, 6",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: -1",),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: identity, chunked, x",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: xchunked",),
        ("X-A: 1\rTransfer-Encoding: chunked",),
        ("X-A: 1\0",),
        (" X-A: folded",),
        ("Bad Name: 1",),
        (": empty",),
    ],
)
def test_a_head_that_another_reader_could_understand_differently_reaches_no_flow(served, path, accepted, lines):
    answer = talk(served, head(path, *lines) + b"0\r\n\r\n" + SMUGGLED)
    assert statuses(answer) == [b"400"], answer
    assert accepted() == []


@pytest.mark.parametrize("line", [b"5;x=\r\n", b"5 \r\n", b"0x5\r\n", b"-1\r\n", b"FFFFFFFFFFFFFFFFF\r\n", b"5\n"])
def test_a_chunk_whose_size_is_not_plain_hides_no_second_request(served, path, accepted, line):
    answer = talk(served, head(path, "Transfer-Encoding: chunked"), line + b"hello\r\n0\r\n\r\n" + SMUGGLED)
    assert len(statuses(answer)) <= 1
    assert len(accepted()) <= 1


def test_a_header_that_is_there_twice_reaches_the_trigger_twice(served, path, accepted):
    """So that the trigger can refuse what is ambiguous; the server picks none of them."""
    assert statuses(talk(served, head(path, "X-Word: right", "X-Word: wrong", "Content-Length: 0"))) == [b"200"]
    assert "right, wrong" in accepted()[0]


def test_a_connection_that_asks_for_nothing_is_closed(hurried, served):
    with connect(served) as connection:
        assert rest(connection) == b""


@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"], ids=["first", "kept"])
def test_a_head_that_dribbles_is_not_waited_for(hurried, served, before):
    with connect(served) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(before)
        began = time.monotonic()
        while time.monotonic() < began + 8:
            connection.sendall(b"GET / HTTP/1.1\r\nX-A: 1" if before == b"" else b"\r\n")
            before = before or b"begun"
            time.sleep(0.05)
        pytest.fail("it was waited for")


def test_a_body_whose_answer_is_out_is_not_waited_for(hurried, served):
    with connect(served) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"POST /connections HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 421 ")
        began = time.monotonic()
        while time.monotonic() < began + 8:
            connection.sendall(b"x")
            time.sleep(0.05)
        pytest.fail("it was waited for")


@pytest.mark.parametrize(
    "begin", [b"GET /", b"GET / HTTP/1.1\r\nX-A: ", b"GET / HTTP/1.1\r\n"], ids=["path", "value", "many"]
)
def test_a_head_without_end_is_cut_off(served, begin):
    piece = b"X-A: 1\r\n" * 2048 if begin.endswith(b"\n") else b"x" * 16384
    assert statuses(talk(served, begin, *[piece] * (4 * MAX_HEAD // 16384))) == [b"431"]


def test_what_follows_a_body_in_chunks_without_end_is_cut_off(served, path):
    piece = b"X-A: 1\r\n" * 2048
    began = head(path, "Transfer-Encoding: chunked"), b"1\r\nx\r\n0\r\n"
    assert statuses(talk(served, *began, *[piece] * (8 * MAX_HEAD // 16384))) == [b"431"]


def test_a_head_as_large_as_a_proxys_is_taken(served, path):
    cookie = "x" * 30_000
    assert statuses(talk(served, head(path, f"Cookie: {cookie}", "Content-Length: 0"))) == [b"200"]


def test_those_who_dribble_keep_nobody_out(hurried, served, path):
    with contextlib.ExitStack() as open_ones:
        for _ in range(50):
            open_ones.enter_context(connect(served)).sendall(b"GET / HTTP/1.1\r\nX")
        assert statuses(talk(served, head(path, "Content-Length: 0"))) == [b"200"]


@pytest.mark.parametrize("method", ["CONNECT", "PRI", "TRACK", "get"])
def test_odd_methods_reach_no_flow(served, path, accepted, method):
    answer = talk(served, head(path, "Content-Length: 0", method=method))
    assert statuses(answer) in ([b"400"], [b"405"])
    assert accepted() == []


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1{}", "//{}", "/%2e%2e{}", "/trigger/%2e%2e/trigger/x", "/\xff", "*", "/trigger/..;/connections"],
)
def test_odd_targets_lead_to_nothing_that_is_not_asked_for(served, path, accepted, target):
    answer = talk(served, head(target.format(path), "Content-Length: 0"))
    assert statuses(answer)[0] in {b"200", b"400", b"404", b"421", b"403", b"401"}
    assert b"Connections" not in answer


def test_an_upgrade_is_not_made(served, path):
    wanted = "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13", "Content-Length: 0"
    answer = talk(served, head(path, *wanted, last="Connection: Upgrade, close"), SMUGGLED)
    assert b"101" not in statuses(answer)
    assert len(statuses(answer)) == 1
