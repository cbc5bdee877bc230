import json
from collections import Counter
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from twilio_connector.host.receiving.inbox import Busy
from twilio_connector.host.store.schema import metadata
from twilio_connector.host.web.triggers import request_of

PUBLIC = "https://hooks.example.com"

GOOD = {"x-word": "sesame"}


@pytest.fixture
def url(web_host, instance):
    return f"/trigger/{web_host.store.instances.endpoints(instance.id)[0].id}"


@pytest.fixture
def sync_url(web_host, connection, deploy):
    return f"/trigger/{web_host.store.instances.endpoints(deploy(synchronous=True).id)[0].id}"


def accepted(host):
    return [host.store.executions.get(row.id) for row in host.store.executions.recent()]


def test_an_accepted_event_is_stored_before_it_is_answered(stranger, web_host, url):
    answer = stranger.post(url, content=b"From=%2B1", headers=GOOD)
    execution_id = answer.json()["executionId"]
    assert answer.status_code == 200
    assert answer.headers["x-execution-id"] == execution_id
    assert [row.id for row in accepted(web_host)] == [execution_id]


def test_what_is_not_verified_reaches_no_flow_and_is_told_no_reason(stranger, web_host, url):
    answer = stranger.post(url, content=b"From=%2B1", headers={"x-word": "wrong"})
    assert answer.status_code == 403
    assert answer.json() == {"error": "the request could not be verified"}
    assert accepted(web_host) == []


def test_a_refusal_keeps_its_reason_and_the_address_that_was_verified(stranger, web_host, url):
    stranger.post(url + "?a=1", headers={"x-word": "wrong"})
    web_host.stop()
    (refusal,) = web_host.store.refusals.recent()
    assert "the word is wrong" in refusal.reason
    assert f"{PUBLIC}{url}?a=1" in refusal.reason


def test_a_refused_request_leaves_a_line_and_nothing_else(stranger, web_host, url):
    def rows():
        web_host._records.put(lambda _: None).result()  # what was before it is written now
        with web_host.store.engine.connect() as connection:
            count = sa.select(sa.func.count())
            return Counter({t.name: connection.scalar(count.select_from(t)) for t in metadata.sorted_tables})

    before = rows()
    assert stranger.post(url, content=b"From=%2B1", headers={"x-word": "wrong", "api-key": "x"}).status_code == 403
    assert rows() - before == {"refusals": 1}


def test_the_address_is_the_public_one_whatever_the_sender_says(stranger, web_host, url):
    forged = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "forwarded": "host=e",
    }
    assert stranger.post(url, headers=GOOD | forged).status_code == 200


def test_path_and_query_are_as_they_were_received():
    scope = {
        "method": "POST",
        "path": "/trigger/abc/a b",
        "raw_path": b"/trigger/abc/a%20b",
        "query_string": b"b=%2B1&a=&a=2",
        "headers": [(b"x-a", b"\xe9"), (b"x-a", b"2")],
    }
    request = request_of(scope, PUBLIC, b"body")
    assert request.url == f"{PUBLIC}/trigger/abc/a%20b?b=%2B1&a=&a=2"
    assert request.headers == (("x-a", "é"), ("x-a", "2"))
    assert request.path_fragment == "a b"


def test_an_address_that_nobody_was_given_is_not_found(stranger, url):
    for path in (
        "/trigger/",
        "/trigger/nothing",
        "/trigger/%00",
        "/trigger/..%2f..%2fconnections",
        url + "x",
        "/trigger",
    ):
        answer = stranger.post(path, headers=GOOD)
        assert answer.status_code in {401, 403, 404}, path
        assert "connections" not in answer.text


def test_a_paused_instance_takes_nothing(stranger, web_host, instance, url):
    web_host.instances.enable(instance.id, enabled=False)
    assert stranger.post(url, headers=GOOD).status_code == 404
    assert accepted(web_host) == []


def test_a_longer_path_reaches_the_same_flow(stranger, url):
    assert stranger.post(url + "/more/of%2Fit", headers=GOOD).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_methods_that_webhooks_use_are_taken(stranger, url, method):
    assert stranger.request(method, url, headers=GOOD).status_code == 200


def test_looking_runs_nothing(stranger, web_host, url):
    assert stranger.head(url, headers=GOOD).status_code == 200
    assert stranger.head("/trigger/nothing").status_code == 200
    options = stranger.options(url)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS")
    assert stranger.request("TRACE", url, headers=GOOD).status_code == 405
    assert accepted(web_host) == []


def test_a_body_over_the_limit_is_refused_announced_or_not(stranger, web_host, url):
    def parts():
        for _ in range(10):
            yield b"x" * 1000

    assert stranger.post(url, content=b"x" * 4097, headers=GOOD).status_code == 413
    assert stranger.post(url, content=parts(), headers=GOOD).status_code == 413
    assert stranger.post(url, content=b"x" * 4096, headers=GOOD).status_code == 200
    assert len(accepted(web_host)) == 1


def test_a_full_inbox_asks_to_come_back(stranger, web_host, url, monkeypatch):
    async def full(_item):
        raise Busy("full")

    monkeypatch.setattr(web_host.inbox, "accept", full)
    answer = stranger.post(url, headers=GOOD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_an_event_that_comes_twice_runs_once_and_is_answered_alike(stranger, web_host, url):
    first = stranger.post(url, headers=GOOD | {"x-event": "e1"})
    second = stranger.post(url, headers=GOOD | {"x-event": "e1"})
    assert first.json() == second.json()
    assert len(accepted(web_host)) == 1


def test_a_flow_with_keys_asks_for_one(stranger, web_host, url):
    key = web_host.endpoints.add_key(url.rpartition("/")[2])
    assert stranger.post(url, headers=GOOD).status_code == 401
    assert stranger.post(url, headers=GOOD | {"api-key": "wrong"}).status_code == 401
    assert stranger.post(url, headers=GOOD | {"api-key": key}).status_code == 200


def test_the_trigger_may_answer_itself(stranger, url):
    answer = stranger.post(url, headers=GOOD | {"x-twiml": "1"})
    assert (answer.text, answer.headers["content-type"]) == ("<Response/>", "text/xml")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("<Response><Message>Hi</Message></Response>", ("text/xml", "<Response><Message>Hi</Message></Response>")),
        ("\n <?xml version='1.0'?><Response/>", ("text/xml", "<?xml version='1.0'?><Response/>")),
        ("Hi there", ("text/plain", "Hi there")),
        ({"a": [1, None]}, ("application/json", '{"a": [1, null]}')),
        (None, ("text/plain", "")),
        (b"\x00\x01", ("application/octet-stream", "\x00\x01")),
    ],
)
def test_a_synchronous_flow_answers_with_its_last_result(stranger, web_host, sync_url, data, told):
    web_host.ended = {"data": data}
    answer = stranger.post(sync_url, headers=GOOD)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0], answer.text) == (200, *told)


def test_a_result_may_say_status_type_and_headers(stranger, web_host, sync_url):
    web_host.ended = {
        "data": "<h1>made</h1>",
        "statusCode": 201,
        "contentType": "text/html",
        "headers": {"x-a": "1\r\nset-cookie: forged=1", "set-cookie": "a=1", "content-length": "1", "bad name": "x"},
    }
    answer = stranger.post(sync_url, headers=GOOD)
    assert (answer.status_code, answer.text) == (201, "<h1>made</h1>")
    assert answer.headers["x-a"] == "1 set-cookie: forged=1"
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-security-policy"] == "sandbox"


@pytest.mark.parametrize(("ended", "status"), [(None, 504), ({}, 500), ({"$tooLarge": 5}, 500)])
def test_a_flow_that_fails_or_is_late_gives_the_triggers_answer_or_says_so(stranger, web_host, sync_url, ended, status):
    web_host.ended = ended
    answer = stranger.post(sync_url, headers=GOOD)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "executionId"}
    assert stranger.post(sync_url, headers=GOOD | {"x-twiml": "1"}).text == "<Response/>"


def test_the_time_that_a_request_took_to_arrive_is_not_waited_again(stranger, web_host, sync_url, monkeypatch):
    for left, ends in ((7.0, 105.0), (0.0, 130.0)):
        clock = SimpleNamespace(monotonic=iter([100.0, ends]).__next__)
        monkeypatch.setattr("twilio_connector.host.web.triggers.time", clock)
        assert stranger.post(sync_url, headers=GOOD).text == "done"
        assert web_host.awaited == left


def test_a_fault_of_the_host_is_not_told_to_the_caller(stranger, web_host, url, monkeypatch):
    async def broken(_endpoint_id):
        message = "the inside: secret path"
        raise RuntimeError(message)

    monkeypatch.setattr(type(web_host.routes), "find", lambda self, endpoint_id: broken(endpoint_id))
    answer = stranger.post(url, headers=GOOD)
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert json.loads(answer.text)["error"]


def test_a_database_that_is_away_asks_to_come_back(stranger, web_host, url, monkeypatch, caplog):
    async def away(_item):
        raise sa.exc.OperationalError("INSERT", {}, Exception("refused"))

    monkeypatch.setattr(web_host.inbox, "accept", away)
    answer = stranger.post(url, headers=GOOD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert [record.exc_info for record in caplog.records] == [None]


def test_answers_are_not_kept_and_not_of_the_pages_origin(stranger, url):
    for answer in (stranger.post(url, headers=GOOD), stranger.post("/trigger/none"), stranger.options(url)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == "sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
