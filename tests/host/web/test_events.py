"""Open pages are told what changed: by whichever process, from where they were, while they are signed in."""

import http.client
import json
import threading
import time
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.store import Store, portable
from twilio_connector.host.store.executions import cancel
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving

from .conftest import SECRET

ID = "01a1fd9e-0000-7000-8000-000000000000"


@pytest.fixture
def app(web_host, access):
    made = create_app(web_host, access)
    made.state.streams.every = 0.05
    return made


@pytest.fixture
def served(app):
    with serving(app, listen()) as url:
        yield url


@pytest.fixture
def listening(served, access):
    """Open a stream: the answer, whose lines can be read."""
    open_, cookie = [], access.redeem(access.new_token())

    def listen_to(path, **headers):
        connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=10)
        connection.request("GET", path, headers={"cookie": f"{access.cookie}={cookie}"} | headers)
        open_.append(connection)
        return connection.getresponse()

    listen_to.cookie, listen_to.connections = cookie, open_
    yield listen_to
    for connection in open_:
        connection.close()


def event(answer):
    """The next event: its fields by name."""
    found = {}
    while line := answer.readline().decode().rstrip("\n"):
        name, _, value = line.partition(": ")
        found[name] = value
    return found


def accept(host, instance, body="Hello"):
    (endpoint,) = host.store.instances.endpoints(instance.id)
    item = Inbound(
        execution_id=ID,
        endpoint_id=endpoint.id,
        instance_id=instance.id,
        version_id=instance.version_id,
        flow="Inbound text",
        payload=portable.dumps({"body": {"data": {"Body": body}}}),
    )
    return host.inbox.accept_now(item).execution_id


def test_what_another_process_changes_is_told_and_the_end_too(listening, web_host, instance):
    accept(web_host, instance, body=SECRET)
    answer = listening(f"/events/executions/{ID}")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert event(answer) == {"retry": "2000"}
    first = event(answer)
    assert json.loads(first["data"])["status"] == "accepted"
    other = Store.open(web_host.settings)
    with other.engine.begin() as connection:
        cancel(connection, ID, utc_now())
    other.close()
    second = event(answer)
    assert json.loads(second["data"])["status"] == "cancelled"
    assert first["id"] != second["id"]
    assert event(answer)["event"] == "end"
    assert answer.read() == b""
    assert SECRET not in str(first) + str(second)


def test_who_comes_back_hears_only_what_was_missed(listening, web_host, instance, app):
    app.state.streams.heartbeat = 0.0
    seen = listening("/events/executions")
    event(seen)
    last = event(seen)["id"]
    again = listening("/events/executions", **{"last-event-id": last})
    event(again)
    assert event(again) == {"": "still here"}
    by_query = listening(f"/events/executions?seen={last}")
    event(by_query)
    assert event(by_query) == {"": "still here"}
    accept(web_host, instance)
    while "data" not in (told := event(again)):
        pass
    assert json.loads(told["data"])["executions"] == {ID: ["accepted", 1]}


def test_a_stream_ends_with_its_session(listening, access):
    answer = listening("/events/executions")
    event(answer), event(answer)
    access.end(listening.cookie)
    assert event(answer)["event"] == "end"
    assert answer.read() == b""
    assert listening("/events/executions").status == 401


def test_there_are_only_so_many_and_each_makes_room(listening, app):
    app.state.streams.most = 1
    first = listening("/events/executions")
    event(first)
    full = listening("/events/executions")
    assert (full.status, full.headers["retry-after"]) == (503, "30")
    first.close(), listening.connections[0].close()
    until = time.monotonic() + 10
    while (status := listening("/events/executions").status) == 503 and time.monotonic() < until:
        time.sleep(0.05)
    assert status == 200


def test_a_server_that_stops_ends_them(app, access):
    app.state.streams.every = 0.05
    cookie = access.redeem(access.new_token())
    lines = []
    with serving(app, listen(), stop_seconds=60) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        connection.request("GET", "/events/executions", headers={"cookie": f"{access.cookie}={cookie}"})
        answer = connection.getresponse()
        event(answer)
        reader = threading.Thread(target=lambda: lines.append(answer.read()))
        reader.start()
        began = time.monotonic()
    reader.join(20)
    connection.close()
    assert time.monotonic() - began < 30  # and not when the server loses its patience
    assert len(lines) == 1


def test_there_is_no_stream_of_what_is_not_there(client):
    assert client.get("/events/executions/none").status_code == 404
    client.cookies.clear()
    assert client.get("/events/executions").status_code == 401


@pytest.fixture
def hang(web_host):
    """Let the database keep every statement with a word in it waiting: tells when one does, until the test is over."""
    waits, over = threading.Event(), threading.Event()

    def on(word):
        @sa.event.listens_for(web_host.store.engine, "before_cursor_execute")
        def wait(_connection, _cursor, statement, *_):
            if word in statement and not over.is_set():
                waits.set()
                over.wait(60)

        return waits

    yield on
    over.set()


@pytest.mark.parametrize("word", ["sessions", "executions"])
def test_a_database_that_hangs_keeps_an_open_page_waiting_and_nobody_else(served, listening, hang, word):
    event(listening("/events/executions"))
    assert hang(f"FROM {word}").wait(10)
    assert _is_live(served)


def test_a_database_that_hangs_keeps_a_page_that_opens_waiting_and_nobody_else(served, access, hang):
    waits = hang("executions.status")
    opening = http.client.HTTPConnection(urlsplit(served).netloc, timeout=10)
    opening.request(
        "GET", f"/events/executions/{ID}", headers={"cookie": f"{access.cookie}={access.redeem(access.new_token())}"}
    )
    assert waits.wait(10)
    assert _is_live(served)
    opening.close()


def _is_live(served):
    connection = http.client.HTTPConnection(urlsplit(served).netloc, timeout=5)
    connection.request("GET", "/health/live")
    found = connection.getresponse().status
    connection.close()
    return found == 200
