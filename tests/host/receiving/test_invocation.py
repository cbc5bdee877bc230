"""Flows that start flows, and flows that a deployment or a removal starts."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.processes.locks import Locks
from twilio_connector.host.receiving import invocation
from twilio_connector.host.receiving.reception import NoSuchEndpoint
from twilio_connector.host.store import portable
from twilio_connector.host.store.registrations import intend
from twilio_connector.host.store.schema import executions
from twilio_connector.host.store.states import merge

WEBHOOK = "{name: Trigger, isTrigger: true, action: {component: {key: webhook-triggers}, key: webhook}}"
CROSS = "{name: Trigger, isTrigger: true, action: {component: {key: cross-flow}, key: crossFlow}}"
EVENT = "{name: Trigger, isTrigger: true, action: {component: {key: management-triggers}, key: %s}}"
INVOKE = (
    "{name: %s, action: {component: {key: cross-flow}, key: invokeFlow}, "
    "inputs: {flowName: {type: value, value: %s}, data: {type: reference, value: %s}}}"
)
NOTE = (
    "{name: Note, action: {component: {key: probe}, key: note}, "
    "inputs: {file: {type: value, value: %s}, line: {type: reference, value: %s}}}"
)
LOOP = (
    "{name: Loop, action: {component: {key: loop}, key: loopOverItems}, "
    "inputs: {items: {type: reference, value: trigger.results.body.data}}, steps: [%s]}"
)


@pytest.fixture
def settings(settings, probe):
    return replace(settings, components=(probe,), public_url="https://host.example")


@pytest.fixture
def host(settings):
    with Host.open(settings) as running:
        yield running


@pytest.fixture
def flows(tmp_path):
    """Write an integration of several flows."""

    def write(**flows):
        listed = "".join(f"  - {{name: {name}, steps: [{', '.join(steps)}]}}\n" for name, steps in flows.items())
        path = tmp_path / "flows.yaml"
        path.write_text(f"definitionVersion: 7\nname: Flows\nflows:\n{listed}")
        return path

    return write


def send(host, instance, flow, body):
    endpoints = {endpoint.flow: endpoint.id for endpoint in host.store.instances.endpoints(instance.id)}
    request = WebhookRequest(url="/", headers=(("content-type", "application/json"),), body=body)
    return asyncio.run(host.receive(endpoints[flow], request)).execution_id


def end(host, execution_id):
    return asyncio.run(host.result(execution_id, 30))


def all_ended(host):
    while any(one.status not in {"succeeded", "failed"} for one in host.store.executions.recent(limit=500)):
        time.sleep(0.02)
    return Counter((one.flow, one.status) for one in host.store.executions.recent(limit=500))


def test_a_flow_starts_another_with_its_data_once_for_each_turn(host, flows, tmp_path):
    noted = tmp_path / "noted"
    path = flows(
        Split=[WEBHOOK, LOOP % (INVOKE % ("Invoke", "Work", "loop.currentItem"))],
        Work=[CROSS, NOTE % (noted, "trigger.results.body.data.n")],
    )
    instance = host.instances.deploy(path, customer="acme")
    parent = send(host, instance, "Split", b'[{"n": "a"}, {"n": "b"}, {"n": "a"}]')
    result = end(host, parent).result["data"]
    assert all_ended(host) == {("Split", "succeeded"): 1, ("Work", "succeeded"): 3}
    assert sorted(noted.read_text().split()) == ["a", "a", "b"]
    children = [host.store.executions.get(one["executionId"]) for one in result]
    assert {(child.flow, child.parent_id, child.depth) for child in children} == {("Work", parent, 1)}
    payload = portable.loads(children[0].payload)
    assert payload["body"] == {"data": {"n": "a"}, "contentType": "application/json"}


def test_the_same_call_of_the_same_step_starts_nothing_twice(host, flows, tmp_path):
    path = flows(Split=[WEBHOOK], Work=[CROSS])
    instance = host.instances.deploy(path, customer="acme")
    parent = host.store.executions.get(send(host, instance, "Split", b"{}"))
    one, same, other = (host.invocations.invoke(parent, "Work", {}, identity) for identity in ("1", "1", "2"))
    assert one == same != other


def test_a_flow_that_invokes_itself_ends(host, flows, monkeypatch):
    monkeypatch.setattr(invocation, "MAX_DEPTH", 3)
    path = flows(Work=[CROSS, INVOKE % ("Again", "Work", "trigger.results.body.data")])
    send(host, host.instances.deploy(path, customer="acme"), "Work", b"{}")
    while len(host.store.executions.recent()) < 4:
        time.sleep(0.01)
    assert all_ended(host) == {("Work", "succeeded"): 3, ("Work", "failed"): 1}


def test_a_flow_that_is_not_there_fails_the_step(host, flows):
    computed = INVOKE.replace("type: value", "type: template")
    named = computed % ("Other", "'{{$trigger.results.body.data}}'", "trigger.results")
    instance = host.instances.deploy(flows(Work=[CROSS, named]), customer="acme")
    ended = end(host, send(host, instance, "Work", b'"Wrk"'))
    assert ended.error["kind"] == "input"
    assert "has no flow 'Wrk'; did you mean Work?" in ended.error["message"]


def test_deploying_and_removing_run_flows(host, flows, tmp_path):
    noted = tmp_path / "noted"
    path = flows(
        Deployed=[EVENT % "instanceDeploy", NOTE % (noted, "trigger.results.instance.name")],
        Removed=[EVENT % "instanceRemove", NOTE % (noted, "trigger.results.instance.id")],
    )
    instance = host.instances.deploy(path, customer="acme")
    assert all_ended(host) == {("Deployed", "succeeded"): 1}
    host.instances.remove(instance.id)
    assert all_ended(host) == {("Deployed", "succeeded"): 1, ("Removed", "succeeded"): 1}
    assert noted.read_text().split() == ["Flows", instance.id]
    host.registrations.finish()
    assert host.store.instances.get(instance.id) is None


def test_what_is_being_removed_takes_nothing_and_cannot_be_brought_back(settings, flows):
    host = Host.open(settings)  # executes nothing
    instance = host.instances.deploy(flows(Removed=[EVENT % "instanceRemove"], Work=[WEBHOOK]), customer="acme")
    host.instances.remove(instance.id)
    host.instances.remove(instance.id)
    assert [one.flow for one in host.store.executions.recent()] == ["Removed"]
    host.instances.enable(instance.id, enabled=True)
    with pytest.raises(NoSuchEndpoint):
        send(host, instance, "Work", b"{}")
    with pytest.raises(InvalidInput, match="is being removed"):
        host.instances.deploy(flows(Work=[WEBHOOK]), customer="acme")
    host.registrations.finish()
    assert host.store.instances.get(instance.id).removing
    host.stop()


def test_a_removal_that_failed_runs_its_flow_again_only_where_the_instance_was_deployed_since(settings, flows):
    host = Host.open(settings)  # executes nothing
    path = flows(Removed=[EVENT % "instanceRemove"], Work=[WEBHOOK])
    instance = host.instances.deploy(path, customer="acme")

    def fail_to_remove():
        host.instances.remove(instance.id)
        with host.store.engine.begin() as connection:
            intend(
                connection, instance.id, ["Work"], {"version_id": instance.version_id, "config": {}, "connections": {}}
            )
        host.store.registrations.leave(instance.id)
        host.store.instances.settle(instance.id)

    fail_to_remove()
    host.instances.deploy(path, customer="acme")
    fail_to_remove()
    assert [one.flow for one in host.store.executions.recent()] == ["Removed", "Removed"]
    host.instances.remove(instance.id)  # what is left to do
    assert len(host.store.executions.recent()) == 2
    assert host.store.instances.get(instance.id) is None
    host.stop()


def test_what_runs_on_removal_was_not_the_last_try_where_somebody_else_is_at_work(settings, flows, monkeypatch):
    host = Host.open(settings)  # executes nothing
    instance = host.instances.deploy(flows(Removed=[EVENT % "instanceRemove"]), customer="acme")
    host.instances.remove(instance.id)
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).values(status="succeeded"))
    monkeypatch.setattr(Locks.hold, "__defaults__", (0.0,))
    with host.registrations.locks.attempt(instance.id):
        host.registrations.finish()
    assert host.store.instances.get(instance.id).removing
    host.registrations.finish()
    assert host.store.instances.get(instance.id) is None
    host.stop()


def test_no_request_starts_what_only_the_host_fires(host, flows):
    instance = host.instances.deploy(flows(Deployed=[EVENT % "instanceDeploy"]), customer="acme")
    with pytest.raises(NoSuchEndpoint):
        send(host, instance, "Deployed", b"{}")


def test_an_instance_that_is_removed_leaves_no_state(host, flows):
    instance = host.instances.deploy(flows(Work=[WEBHOOK]), customer="acme")
    owners = {"instance": f"{instance.id}/Work", "cross_flow": instance.id, "integration": "Flows"}
    with host.store.engine.begin() as connection:
        merge(connection, owners, {"instance": {"a": 1}, "cross_flow": {"b": 1}, "integration": {"c": 1}})
    host.instances.remove(instance.id)
    assert host.store.states.read(owners) == {"instance": {}, "cross_flow": {}, "integration": {"c": 1}}
