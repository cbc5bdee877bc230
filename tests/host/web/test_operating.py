"""Pages for operating: find, replay and cancel executions; what a flow does; what fails and why."""

import re

import pytest
from twilio_connector.connector.context import utc_now
from twilio_connector.host.engine import replays
from twilio_connector.host.operating.changes import Wanted
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.store import logs, portable
from twilio_connector.host.store.executions import end
from twilio_connector.host.store.ids import time_id
from twilio_connector.host.store.logs import LogLine
from twilio_connector.host.store.steps import StepRow, end_step

from .conftest import SECRET

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def accept(web_host, instance):
    (endpoint,) = web_host.store.instances.endpoints(instance.id)

    def put(said, flow="Inbound text"):
        item = Inbound(
            execution_id=time_id(),
            endpoint_id=endpoint.id,
            instance_id=instance.id,
            version_id=instance.version_id,
            flow=flow,
            payload=portable.dumps({"body": {"data": said}}),
            subject=str(said.get("Body", "")),
        )
        return web_host.inbox.accept_now(item).execution_id

    return put


@pytest.fixture
def fail(web_host):
    """End an accepted execution in its only step."""

    def do(execution_id, *, output=None, status="failed", error="it broke"):
        web_host.store.executions.claim("x", utc_now(), 50)
        row = StepRow(
            execution_id=execution_id,
            flow_attempt=1,
            path="sendReply",
            attempt=1,
            name="Send reply",
            component="acme",
            action="send",
            status=status,
            output=output,
            error={"kind": "refused", "message": error} if status == "failed" else None,
            started_at=utc_now(),
            ended_at=utc_now(),
        )
        line = LogLine(
            execution_id=execution_id,
            number=1,
            flow_attempt=1,
            path="sendReply",
            attempt=1,
            level="info",
            message=f"said {MARKUP}",
            at=utc_now(),
        )
        with web_host.store.engine.begin() as connection:
            end_step(connection, row)
            logs.write(connection, line)
            end(connection, execution_id, 1, "x", status=status, now=utc_now(), error=row.error)

    return do


def test_a_waiting_one_is_cancelled_by_its_button(client, web_host, accept):
    execution_id = accept({"Body": "Hello"})
    assert "Cancel</button>" in client.get(f"/executions/{execution_id}").text
    answer = client.post(f"/executions/{execution_id}/cancel")
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert '<span class="chip cancelled">cancelled</span>' in page
    assert "Cancel</button>" not in page
    assert web_host.store.executions.status(execution_id) == "cancelled"
    assert web_host.changes.find(Wanted())[0][0].subject == execution_id


def test_cancelling_what_has_ended_says_so_and_changes_nothing(client, accept, fail):
    execution_id = accept({})
    fail(execution_id, status="succeeded", output='"ok"')
    answer = client.post(f"/executions/{execution_id}/cancel")
    assert (answer.status_code, "It has ended already." in answer.text) == (409, True)
    assert client.post("/executions/none/cancel").status_code == 404


def test_a_failed_one_is_replayed_and_both_know_of_each_other(client, accept, fail):
    execution_id = accept({"Body": "Hello"})
    fail(execution_id)
    page = client.get(f"/executions/{execution_id}").text
    assert "What its steps send goes out again." in page
    answer = client.post(f"/executions/{execution_id}/replay", data={"from": ""})
    replay = client.get(answer.headers["location"]).text
    assert f'<a href="/executions/{execution_id}">' in replay
    new_id = re.search(r"/executions/([0-9a-f-]{36})\?done=replayed", answer.headers["location"])[1]
    assert f'<a href="/executions/{new_id}">' in client.get(f"/executions/{execution_id}").text
    wrong = client.post(f"/executions/{execution_id}/replay", data={"from": "nothing"})
    assert (wrong.status_code, "did not come to a step" in wrong.text) == (409, True)


def test_failed_ones_are_replayed_together_after_a_warning(client, web_host, accept, fail):
    for number in range(3):
        fail(accept({"Body": f"number {number}"}))
    assert 'href="/executions/replay?status=failed"' in client.get("/executions?status=failed").text
    page = client.get("/executions/replay?status=failed").text
    assert "What these flows send goes out again" in page
    assert "Replay these 3" in page
    answer = client.post("/executions/replay", data={"flow": "Inbound text"})
    assert answer.headers["location"] == "/executions?flow=Inbound+text&done=replaying"
    assert "Failed executions are being replayed: 0 so far." in client.get("/executions").text
    (job,) = web_host.replays.jobs()
    assert job.filter == {"flow": "Inbound text", "status": "failed"}
    assert web_host.changes.find(Wanted())[0][0].what == "execution.replayFailed"


def test_only_what_will_be_replayed_is_counted(client, web_host, accept, fail):
    first, second = accept({}), accept({})
    fail(first), fail(second)
    again = web_host.executions.replay(first)
    assert "Replay it<" in client.get("/executions/replay").text
    fail(again), web_host.executions.replay(again), web_host.executions.replay(second)
    page = client.get("/executions/replay").text
    assert ("This filter finds no failed execution" in page, "Replay it<" in page) == (True, False)


@pytest.mark.parametrize("text", ["***", ".", "\0"])
def test_a_filter_that_can_find_nothing_replays_nothing_and_says_so(client, web_host, accept, fail, text):
    fail(accept({}))
    for asked in (
        client.get("/executions/replay", params={"q": text}),
        client.post("/executions/replay", data={"q": text}),
    ):
        assert "This filter finds no failed execution" in asked.text
    assert (asked.status_code, web_host.replays.jobs()) == (400, [])


def test_replaying_together_is_stopped_where_it_is_from_the_page(client, web_host, accept, fail, monkeypatch):
    monkeypatch.setattr(replays, "CHUNK", 1)
    for _ in range(3):
        fail(accept({}))
    client.post("/executions/replay")
    assert web_host.replays._advance()
    page = client.get("/executions").text
    assert "Failed executions are being replayed: 1 so far." in page
    stop = re.search(r'action="(/executions/replay/[^"]+/stop)"', page)[1]
    answer = client.post(stop)
    page = client.get(answer.headers["location"]).text
    assert "No more failed executions are replayed." in page
    assert stop not in page
    assert not web_host.replays._advance()
    assert len(web_host.store.executions.recent()) == 4
    assert web_host.changes.find(Wanted())[0][0].what == "execution.stopReplaying"
    assert client.post(stop).headers["location"] == "/executions?done=over"
    assert client.post("/executions/replay/none/stop").status_code == 404
    client.headers["sec-fetch-site"] = "cross-site"
    assert client.post(stop).status_code == 403


def test_replaying_together_is_started_followed_and_stopped_over_the_api(
    client, web_host, accept, *, fail, instance, monkeypatch
):
    monkeypatch.setattr(replays, "CHUNK", 1)
    for said in ("keep", "keep", "other"):
        fail(accept({"Body": said}))
    first = client.post("/api/replays", json={"instanceId": instance.id, "flow": "Inbound text", "limit": 2})
    assert first.status_code == 201
    made = first.json()
    assert (made["status"], made["done"], made["left"], made["endedAt"]) == ("running", 0, 2, None)
    assert web_host.replays._advance()
    one = f"/api/replays/{made['id']}"
    assert [client.get(one).json()[key] for key in ("status", "done", "left")] == ["running", 1, 1]
    stopped = client.post(f"{one}/stop").json()
    assert [stopped[key] for key in ("status", "done", "left")] == ["stopped", 1, 1]
    assert (client.post(f"{one}/stop").status_code, web_host.replays._advance()) == (422, False)
    rest = client.post("/api/replays", json={}).json()
    while web_host.replays._advance():
        pass
    assert client.get(f"/api/replays/{rest['id']}").json()["status"] == "ended"
    assert [job["done"] for job in client.get("/api/replays").json()["items"]] == [2, 1]
    assert len(client.get("/api/replays?limit=1").json()["items"]) == 1
    assert client.get("/api/replays/none").status_code == client.post("/api/replays/none/stop").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"limit": 0}, "limit"), ({"limit": 10_001}, "limit"), ({"status": "failed"}, "status"), ({"since": 5}, "since"),
     ({"until": "0001-01-01T00:00:00+14:00"}, "until"), ({"until": "soon"}, "until"), ({"text": "…"}, "text"),
     ({"flow": "\0"}, "flow"), ({"instanceId": "\0"}, "instanceId")],
)  # fmt: skip
def test_failed_ones_that_cannot_be_told_are_refused_by_the_api(client, web_host, wrong, field):
    answer = client.post("/api/replays", json=wrong)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert web_host.replays.jobs() == []


def test_a_time_without_a_zone_is_in_utc_for_the_api_too(client, web_host):
    client.post("/api/replays", json={"since": "2026-11-26T09:30:00", "until": "2026-11-26T09:30:00+02:00"})
    (job,) = web_host.replays.jobs()
    assert job.filter["since"] == "2026-11-26T09:30:00.000Z"
    assert job.filter["until"] == "2026-11-26T07:30:00.000Z"


@pytest.mark.parametrize("text", ["1960-01-01T00:00", "9999-12-31T23:59", "0001-01-01T00:00+14:00", "1e9", "\0", "🕰"])
def test_no_time_breaks_the_list(client, accept, text):
    accept({})
    for name in ("since", "until"):
        assert client.get("/executions", params={name: text}).status_code in {200, 400}
        assert client.get("/executions/replay", params={name: text}).status_code in {200, 400}
        assert client.post("/executions/replay", data={name: text}).status_code in {303, 400}


def test_pages_of_strangers_change_nothing(client, web_host, accept, fail):
    execution_id = accept({})
    fail(execution_id)
    client.headers["sec-fetch-site"] = "cross-site"
    for path in (f"/executions/{execution_id}/replay", f"/executions/{execution_id}/cancel", "/executions/replay"):
        assert client.post(path).status_code == 403
        assert client.get(path).status_code in {200, 405}
    assert len(web_host.store.executions.recent()) == 1
    assert web_host.replays.jobs() == []


def test_markup_stays_text_and_secrets_stay_out_of_every_page(client, web_host, accept, fail, instance):
    execution_id = accept({"Body": f"{MARKUP} {SECRET}", "From": SECRET})
    web_host.configuration.open(web_host.store.connections.all()[0])  # as when a flow uses it
    fail(execution_id, error=f"{MARKUP} {SECRET}")
    with web_host.store.engine.begin() as connection:
        said = f"refused: signature {MARKUP} {SECRET}"
        web_host.store.refusals.write(connection, endpoint_id="e", reason=said, method="POST", source=MARKUP)
        url = f"https://{SECRET}.example/{MARKUP}/trigger/e"
        web_host.store.refusals.write(
            connection, endpoint_id="e", reason="signature", method="POST", source="", signed_url=url
        )
    paths = (
        "/",
        "/executions",
        f"/executions?q={MARKUP}&flow={MARKUP}&since={MARKUP}&instance={MARKUP}",
        "/executions/replay",
        f"/executions/{execution_id}",
        f"/instances/{instance.id}",
        f"/instances/{instance.id}/flows/Inbound text",
    )
    for path in paths:
        page = client.get(path)
        assert page.status_code in {200, 400}, path
        assert SECRET not in page.text, path
        assert "<script>alert" not in page.text, path
    assert "&lt;script&gt;" in client.get(f"/executions/{execution_id}").text


def test_a_flow_is_drawn_with_what_its_steps_are_given(client, instance):
    page = client.get(f"/instances/{instance.id}/flows/Inbound text").text
    for text in ("Text received", "Acme: Signed Webhook", "Send reply", "+15551234567", "Main account"):
        assert text in page, text
    assert client.get(f"/instances/{instance.id}/flows/None").status_code == 404
    assert client.get("/instances/none/flows/Inbound text").status_code == 404


def test_the_overview_tells_how_much_runs_and_fails(client, accept, fail):
    fail(accept({}))
    accept({})
    page = client.get("/").text
    assert re.search(r'<span class="count">1</span> in the queue', page)
    assert "Last hour: 0 succeeded, 1 failed; at most 1 in 5 minutes." in page
    assert "What fails" in page


def test_the_cause_of_refusals_is_named_with_what_to_set(client, web_host):
    with web_host.store.engine.begin() as connection:
        web_host.store.refusals.write(
            connection,
            endpoint_id="e",
            reason="refused: the signature is wrong",
            method="POST",
            source="1.2.3.4",
            signed_url="https://real.example/trigger/e",
        )
    page = client.get("/").text
    assert "TWILIO_CONNECTOR_PUBLIC_URL=https://real.example," in page
    assert "It would have been right for" in page
