"""Replays: from the start with the version that is deployed now, from a step with the results of those before it."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.engine.replays import Replays
from twilio_connector.host.host import Host
from twilio_connector.host.store.schema import executions
from twilio_connector.host.store.search import Filter

from .test_cancel import eventually


@pytest.fixture
def end(host):
    return lambda execution_id: asyncio.run(host.result(execution_id, 30))


def flow_of(step, traces, last, what="given"):
    return [
        step("First", "note", file=str(traces), line="first"),
        step("Give", "give", what=what),
        last,
        step("After", "note", file=str(traces), line="$give.results"),
    ]


def test_from_a_step_the_results_before_it_are_taken_over_and_nothing_is_done_twice(
    host, integration, step, *, call, end, tmp_path
):
    traces, tries = tmp_path / "traces", tmp_path / "tries"
    last = step("Last", "fail", file=str(tries), times="1", kind="Refused")
    failed = call(host.instances.deploy(integration(*flow_of(step, traces, last)), customer="acme"))
    assert failed.status == "failed"
    new = host.executions.replay(failed.execution_id, "last")
    assert end(new).status == "succeeded"
    assert traces.read_text() == "first\ngiven\n"
    steps = {row.path: row.status for row in host.store.steps.of(new)}
    assert steps == {"first": "reused", "give": "reused", "last": "succeeded", "after": "succeeded"}
    record = host.store.executions.get(new)
    assert (record.replay_of, record.from_step) == (failed.execution_id, "last")
    assert [r.id for r in host.store.executions.replays(failed.execution_id)] == [new]
    once_more = host.executions.replay(new, "after")
    assert end(once_more).status == "succeeded"
    assert traces.read_text() == "first\ngiven\ngiven\n"


def test_from_its_start_it_runs_the_version_that_is_deployed_now(host, integration, step, *, call, end, tmp_path):
    traces = tmp_path / "traces"
    broken = step("Last", "fail", file=str(tmp_path / "tries"), kind="Refused")
    failed = call(host.instances.deploy(integration(*flow_of(step, traces, broken)), customer="acme"))
    mended = host.instances.deploy(
        integration(step("Mended", "note", file=str(traces), line="mended")), customer="acme"
    )
    new = host.executions.replay(failed.execution_id)
    assert end(new).status == "succeeded"
    assert host.store.executions.get(new).version_id == mended.version_id
    assert traces.read_text() == "first\nmended\n"


def test_a_secret_that_was_struck_out_cannot_be_taken_over(host, integration, step, call, tmp_path):
    host.redactor.learn(["a-word-of-power"])
    last = step("Last", "fail", file=str(tmp_path / "tries"), kind="Refused")
    steps = flow_of(step, tmp_path / "traces", last, what="a-word-of-power")
    failed = call(host.instances.deploy(integration(*steps), customer="acme"))
    with pytest.raises(InvalidInput, match="Give had a secret in its result"):
        host.executions.replay(failed.execution_id, "last")
    assert host.executions.replay(failed.execution_id, "give")


def test_an_error_that_was_gone_on_from_is_taken_over_and_not_tried_again(
    host, integration, step, *, call, end, tmp_path
):
    tries = tmp_path / "tries"
    lenient = ", errorConfig: {errorHandlerType: retry, maxAttempts: 2, delaySeconds: 0, ignoreFinalError: true}"
    path = integration(
        step("Busy", "fail", lenient, file=str(tries)), step("Give", "give", what="$busy.results.error.kind")
    )
    ended = call(host.instances.deploy(path, customer="acme"))
    assert (ended.status, tries.read_text()) == ("succeeded", "tried\n" * 3)
    again = host.executions.replay(ended.execution_id, "give")
    assert end(again).result["data"] == "retry"
    assert tries.read_text() == "tried\n" * 3
    assert [(row.path, row.attempt, row.status) for row in host.store.steps.of(again)] == [
        ("busy", 1, "ignored"),
        ("give", 1, "succeeded"),
    ]


def test_a_step_behind_a_branch_of_ones_own_is_not_replayed_from(host, integration, step, call):
    branches = ", branches: [{name: Left, steps: [" + step("Inside", "give", what="in") + "]}, {name: Else, steps: []}]"
    path = integration(step("Turn", "turn", branches, what="Left"), step("After", "give", what="after"))
    ended = call(host.instances.deploy(path, customer="acme"))
    assert [row.path for row in host.store.steps.of(ended.execution_id)] == ["turn", "inside", "after"]
    assert host.executions.replay(ended.execution_id, "turn")
    with pytest.raises(InvalidInput, match="Turn took a branch that is not kept"):
        host.executions.replay(ended.execution_id, "after")


def test_what_cannot_be_replayed_says_why(host, integration, step, call):
    instance = host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme")
    ended = call(instance).execution_id
    with pytest.raises(InvalidInput, match="no execution"):
        host.executions.replay("gone")
    with pytest.raises(InvalidInput, match="did not come to a step 'other'"):
        host.executions.replay(ended, "other")
    host.instances.remove(instance.id)
    with pytest.raises(InvalidInput, match="instance was removed"):
        host.executions.replay(ended)


def test_a_replay_whose_flow_takes_another_way_does_nothing(host, integration, step, *, call, end, tmp_path):
    traces = tmp_path / "traces"
    config = "requiredConfigVars:\n  - {key: Way, dataType: string}\n"
    branch = (
        "{name: Branch, action: {component: {key: branch, isPublic: true, version: LATEST}, key: branchOnValue}, inputs: "
        "{inputValue: {type: configVar, value: Way}, branchValueMappings: {type: complex, value: ["
        "{name: {type: value, value: one}, type: value, value: one}]}}, branches: [{name: one, steps: ["
        + step("Inside", "note", file=str(traces), line="inside")
        + "]}, {name: Else, steps: ["
        + step("Other", "note", file=str(traces), line="other")
        + "]}]}"
    )
    file = integration(branch, config=config)
    ended = call(host.instances.deploy(file, customer="acme", config={"Way": "one"}))
    assert ended.status == "succeeded"
    host.instances.deploy(file, customer="acme", config={"Way": "two"})
    again = end(host.executions.replay(ended.execution_id, "inside"))
    assert (again.status, again.error["kind"]) == ("failed", "input")
    assert traces.read_text() == "inside\n"


def test_failed_ones_are_replayed_together_and_once(host, integration, step, call, tmp_path):
    tries = tmp_path / "tries"
    instance = host.instances.deploy(
        integration(step("Fail", "fail", file=str(tries), times="3", kind="Refused")), customer="acme"
    )
    failed = [call(instance).execution_id for _ in range(3)]
    wanted = Filter(instance_id=instance.id)
    host.executions.replay_failed(wanted)
    host.executions.replay_failed(wanted)
    eventually(lambda: all(job.ended_at for job in host.replays.jobs()))
    replayed = [host.store.executions.replays(execution_id) for execution_id in failed]
    assert [len(found) for found in replayed] == [1, 1, 1]
    assert sorted(job.done for job in host.replays.jobs()) == [0, 3]
    eventually(lambda: all(host.store.executions.status(r.id) == "succeeded" for (r,) in replayed))


def test_replays_keep_the_order_of_their_queue_whatever_the_clock_says(settings, probe, integration, step, monkeypatch):
    host = Host.open(replace(settings, components=(probe,)))  # executes nothing
    fifo = integration(step("Give", "give", what="x"), flow="    queueConfig: {usesFifoQueue: true}\n")
    (endpoint,) = host.store.instances.endpoints(host.instances.deploy(fifo, customer="acme").id)
    *failed, still_open = [
        asyncio.run(host.receive(endpoint.id, WebhookRequest(url="/", body=b"{}"))).execution_id for _ in range(4)
    ]
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).where(executions.c.id.in_(failed)).values(status="failed"))
    slow = utc_now() - timedelta(minutes=5)
    monkeypatch.setattr("twilio_connector.host.engine.replays.utc_now", lambda: slow)
    host.executions.replay_failed(Filter())
    host.replays._advance()
    order = []
    while claimed := host.store.executions.claim("x", utc_now(), 9):
        order += [host.store.executions.get(claim.execution_id).replay_of or claim.execution_id for claim in claimed]
        with host.store.engine.begin() as connection:
            connection.execute(sa.update(executions).values(status="failed").where(executions.c.status == "running"))
    assert order == [still_open, *failed]
    host.stop()


class HeldVersions:
    """Versions that are loaded when they are let go."""

    def __init__(self, versions):
        self.versions, self.asked, self.let_go = versions, threading.Event(), threading.Event()

    def load(self, version_id):
        self.asked.set()
        self.let_go.wait(30)
        return self.versions.load(version_id)


@pytest.mark.postgres
@pytest.mark.parametrize("settings", ["postgres"], indirect=True)  # SQLite lets one write at a time
def test_a_second_job_replays_nothing_that_another_process_is_about_to(host, integration, step, call, tmp_path):
    last = step("Fail", "fail", file=str(tmp_path / "tries"), kind="Refused")
    instance = host.instances.deploy(integration(last), customer="acme")
    failed = [call(instance).execution_id for _ in range(3)]
    host.replays.stop()
    held = HeldVersions(host.versions)
    one, two = (Replays(host.store, versions, host.registry, host.engine.wake) for versions in (held, host.versions))
    one.replay_failed(Filter(instance_id=instance.id))
    one.replay_failed(Filter(instance_id=instance.id))
    working = threading.Thread(target=one._advance)
    working.start()
    assert held.asked.wait(30)
    two._advance()
    held.let_go.set()
    working.join()
    while two._advance():
        pass
    assert [len(host.store.executions.replays(execution_id)) for execution_id in failed] == [1, 1, 1]
    assert sorted((job.done, job.status) for job in one.jobs()) == [(0, "ended"), (3, "ended")]


def test_only_so_many_failed_ones_are_replayed_together(host):
    with pytest.raises(InvalidInput, match="limit"):
        host.executions.replay_failed(Filter(), limit=0)
    with pytest.raises(InvalidInput, match="only failed"):
        host.executions.replay_failed(Filter(status="succeeded"))
