"""Cancelling: one that waits never starts, one that runs stops before its next step, one that sleeps ends at once."""

import time

import pytest
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.receiving.inbox import Inbound, Inbox
from twilio_connector.host.settings import Limits
from twilio_connector.host.store import Store, portable
from twilio_connector.host.store.executions import cancel, postpone
from twilio_connector.host.store.ids import time_id

RETRY = ", errorConfig: {errorHandlerType: retry, maxAttempts: 3, delaySeconds: 60}"
IGNORE = ", errorConfig: {errorHandlerType: ignore}"


def eventually(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def accept(host, instance):
    (endpoint,) = host.store.instances.endpoints(instance.id)
    item = Inbound(
        execution_id=time_id(),
        endpoint_id=endpoint.id,
        instance_id=instance.id,
        version_id=instance.version_id,
        flow="Inbound",
        payload=portable.dumps({"body": {"data": {"n": 1}}}),
    )
    return host.inbox.accept_now(item).execution_id


def test_a_running_one_stops_before_its_next_step(host, integration, step, tmp_path):
    traces = tmp_path / "traces"
    first = step("First", "note", file=str(traces), line="first", seconds="1")
    second = step("Second", "note", IGNORE, file=str(traces), line="second")
    execution_id = accept(host, host.instances.deploy(integration(first, second), customer="acme"))
    eventually(traces.exists)
    host.executions.cancel(execution_id)
    eventually(lambda: host.store.executions.status(execution_id) == "cancelled")
    assert traces.read_text() == "first\n"
    record = host.store.executions.get(execution_id)
    assert (record.error["kind"], [row.status for row in host.store.steps.of(execution_id)]) == (
        "cancelled",
        ["succeeded"],
    )
    with pytest.raises(InvalidInput, match="no execution"):
        host.executions.cancel("gone")


def test_another_process_can_cancel_one_that_sleeps_between_two_attempts(host, settings, integration, step, tmp_path):
    traces = tmp_path / "traces"
    execution_id = accept(
        host, host.instances.deploy(integration(step("Fail", "fail", RETRY, file=str(traces))), customer="acme")
    )
    eventually(traces.exists)
    other = Store.open(settings)
    with other.engine.begin() as connection:
        assert cancel(connection, execution_id, utc_now()) == "running"
    other.close()
    eventually(lambda: host.store.executions.status(execution_id) == "cancelled")
    assert traces.read_text() == "tried\n"


def test_one_that_sleeps_ends_at_once(host, integration):
    sleep = (
        "{name: Sleep, action: {component: {key: sleep, isPublic: true, version: LATEST}, key: sleep}, "
        "inputs: {ms: {type: value, value: '600000'}}}"
    )
    execution_id = accept(host, host.instances.deploy(integration(sleep), customer="acme"))
    eventually(lambda: [row.status for row in host.store.steps.of(execution_id)] == ["running"])
    host.executions.cancel(execution_id)
    eventually(lambda: host.store.executions.status(execution_id) == "cancelled")
    assert [row.status for row in host.store.steps.of(execution_id)] == ["cancelled"]


def test_one_that_waits_for_its_next_attempt_ends_at_once(host, integration, step, tmp_path):
    retry = "    retryConfig: {maxAttempts: 2, delayMinutes: 1}\n"
    flow = integration(step("Fail", "fail", file=str(tmp_path / "traces")), flow=retry)
    execution_id = accept(host, host.instances.deploy(flow, customer="acme"))
    eventually(lambda: host.store.executions.status(execution_id) == "waiting")
    host.executions.cancel(execution_id)
    assert host.store.executions.status(execution_id) == "cancelled"


def test_one_that_fails_after_it_was_cancelled_is_not_tried_again(store):
    inbox = Inbox(store.engine, Limits())
    place = {"endpoint_id": "e", "instance_id": "i", "version_id": "v", "flow": "f"}
    execution_id = inbox.accept_now(Inbound(execution_id=time_id(), payload="null", **place)).execution_id
    inbox.close()
    store.executions.claim("x", utc_now(), 1)
    with store.engine.begin() as connection:
        assert cancel(connection, execution_id, utc_now()) == "running"
        postpone(connection, execution_id, 1, "x", until=utc_now(), error={"kind": "retry", "message": "it broke"})
    assert store.executions.status(execution_id) == "cancelled"


def test_one_that_ended_stays_as_it_is(host, integration, step, call):
    ended = call(host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme"))
    with pytest.raises(InvalidInput, match="ended already"):
        host.executions.cancel(ended.execution_id)
    assert host.store.executions.status(ended.execution_id) == "succeeded"
