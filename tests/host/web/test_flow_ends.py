"""What the sender is answered: the trigger's own answer, what it makes of the flow's end, or neither in time."""

import json
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
import requests
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving

ON_SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def told_flow(host, integration, told):
    """Deploy the steps behind the probe's trigger; gives a function that sends an event."""

    @contextmanager
    def run(*steps, flow=""):
        instance = host.instances.deploy(integration(*steps, flow=flow, trigger=told), customer="acme")
        ((endpoint),) = host.store.instances.endpoints(instance.id)
        with serving(create_app(host, Access(host.credentials)), listen()) as url:
            yield lambda **event: requests.post(f"{url}/trigger/{endpoint.id}", data=json.dumps(event), timeout=30)

    return run


def test_a_trigger_answers_with_the_flows_end_whatever_the_flow_says(told_flow, step):
    with told_flow(step("Give", "give", what="given")) as send:
        assert send(wait=True, answer="end").text == "given None"
        assert send(wait=True).text == "given"  # as the host answers
        assert "executionId" in send(answer="end").json()
    with told_flow(step("Give", "give", what="given"), flow="    isSynchronous: true\n") as send:
        assert send(answer="end").text == "given None"
        assert send(wait=False, answer="end", response="own").text == "own"


@ON_SQLITE
def test_a_trigger_is_told_how_the_flow_failed(told_flow, step, tmp_path):
    with told_flow(step("Break", "fail", kind="Refused", file=str(tmp_path / "f"))) as send:
        assert send(wait=True, answer="end").text == "None refused"
        failed = send(wait=True)
    assert (failed.status_code, "it broke" in failed.text) == (500, False)


@ON_SQLITE
def test_an_answer_that_cannot_be_made_is_the_triggers_own_and_tells_nothing(told_flow, step, caplog):
    with told_flow(step("Give", "give", what="s3cret")) as send:
        assert send(wait=True, answer="broken", response="own").text == "own"
        answer = send(wait=True, answer="broken")
    assert answer.status_code == 500
    assert "s3cret" not in answer.text
    assert "could not make an answer" in caplog.text


@ON_SQLITE
def test_who_comes_twice_is_answered_with_the_first_ones_end(told_flow, host, step):
    with told_flow(step("Give", "give", what="$trigger.results.body.data.text")) as send:
        first = send(wait=True, answer="end", dedupe=["a"], supersedes=["b"], text="first")
        second = send(wait=True, answer="end", dedupe=["a"], text="second")
        late = send(wait=True, answer="end", dedupe=["b"], text="late")
    assert [first.text, second.text, late.text] == ["first None"] * 3
    assert {answer.headers["x-execution-id"] for answer in (first, second, late)} == {
        host.store.executions.recent()[0].id
    }


@ON_SQLITE
def test_a_slow_flow_is_not_awaited_beyond_the_deadline_and_goes_on(told_flow, host, step, tmp_path):
    host.settings = replace(host.settings, limits=replace(host.settings.limits, sync_deadline=0.2))
    with told_flow(step("Note", "note", file=str(tmp_path / "f"), line="x", seconds="0.6")) as send:
        answer = send(wait=True, answer="end", response="")
        assert (answer.status_code, answer.text) == (200, "")
        execution_id = answer.headers["x-execution-id"]
        assert host.store.executions.status(execution_id) in {"accepted", "running"}
        assert send(wait=True).status_code == 504
        while host.store.executions.status(execution_id) != "succeeded":
            time.sleep(0.02)


@ON_SQLITE
def test_a_flow_that_waits_for_its_next_attempt_is_not_awaited_beyond_the_deadline(told_flow, host, step, tmp_path):
    host.settings = replace(host.settings, limits=replace(host.settings.limits, sync_deadline=0.5))
    retry = "    retryConfig: {maxAttempts: 2, delayMinutes: 5, usesExponentialBackoff: false}\n"
    with told_flow(step("Try", "fail", file=str(tmp_path / "f")), flow=retry) as send:
        answer = send(wait=True, answer="end", response="later")
    assert answer.text == "later"
    assert host.store.executions.status(answer.headers["x-execution-id"]) == "waiting"


@ON_SQLITE
def test_an_event_that_holds_nothing_is_answered_and_starts_nothing(told_flow, host, step):
    with told_flow(step("Give", "give", what="x"), flow="    isSynchronous: true\n") as send:
        plain = send(polled_no_changes=True, dedupe=["a"])
        assert (plain.status_code, plain.json()) == (200, {"executionId": None})
        assert "x-execution-id" not in plain.headers
        assert send(polled_no_changes=True, response="own").text == "own"
        assert host.store.executions.recent() == []
        assert send(dedupe=["a"]).text == "x"  # nothing was learned from the first


def test_events_of_one_sequence_run_in_their_order_one_at_a_time(told_flow, host, step, tmp_path):
    file = tmp_path / "lines"
    note = {"file": str(file), "seconds": "0.01"}
    steps = [
        step("In", "note", line="$trigger.results.body.data.begins", **note),
        step("Out", "note", line="$trigger.results.body.data.ends", **note),
    ]
    with told_flow(*steps) as send:
        ids = [
            send(sequence=f"s{n % 2}", begins=f"s{n % 2} {n} in", ends=f"s{n % 2} {n} out").json()["executionId"]
            for n in range(10)
        ]
        while any(host.store.executions.status(one) != "succeeded" for one in ids):
            time.sleep(0.02)
    lines = file.read_text().splitlines()
    for rest in range(2):
        expected = [f"s{rest} {n} {what}" for n in range(rest, 10, 2) for what in ("in", "out")]
        assert [line for line in lines if line.startswith(f"s{rest}")] == expected
