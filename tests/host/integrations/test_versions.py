"""Versions never change; instances change theirs on purpose, and keep what they have."""

import asyncio
import time

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.definition import IntegrationInvalid, parse
from twilio_connector.host.integrations.configuration import with_presets
from twilio_connector.host.integrations.versions import renamed

CONFIG = "requiredConfigVars: [{key: %s, stableKey: line, dataType: string}]\n"


def send(host, endpoint_id):
    return asyncio.run(host.receive(endpoint_id, WebhookRequest(url="/"))).execution_id


def result(host, execution_id):
    return asyncio.run(host.result(execution_id, 30)).result.get("data")


def test_publishing_changes_no_instance_and_upgrading_does(host, integration, step):
    instance = host.instances.deploy(integration(step("Give", "give", what="one")), customer="acme")
    (endpoint,) = host.store.instances.endpoints(instance.id)
    newer = host.integrations.publish(integration(step("Give", "give", what="two")))
    assert (newer.number, host.store.instances.get(instance.id).version) == (2, 1)
    assert result(host, send(host, endpoint.id)) == "one"
    upgraded = host.instances.upgrade(instance.id)
    assert (upgraded.id, upgraded.version, upgraded.version_id) == (instance.id, 2, newer.id)
    assert host.store.instances.endpoints(instance.id) == (endpoint,)
    assert result(host, send(host, endpoint.id)) == "two"
    assert host.instances.upgrade(instance.id, version_id=instance.version_id).version == 1
    assert host.integrations.publish(integration(step("Give", "give", what="two"))) == newer


def test_what_runs_ends_on_the_version_that_it_began_with(host, integration, step, tmp_path):
    file = tmp_path / "noted"
    slow = step("Note", "note", file=str(file), line="x", seconds="0.3")
    instance = host.instances.deploy(integration(slow, step("Give", "give", what="one")), customer="acme")
    (endpoint,) = host.store.instances.endpoints(instance.id)
    running = send(host, endpoint.id)
    while not file.exists():
        time.sleep(0.01)
    host.integrations.publish(integration(slow, step("Give", "give", what="two")))
    host.instances.upgrade(instance.id)
    assert result(host, running) == "one"
    assert result(host, send(host, endpoint.id)) == "two"


def test_an_upgrade_keeps_the_configuration_and_asks_for_what_is_new(host, integration, step):
    path = integration(step("Give", "give", what="#Line"), config=CONFIG % "Line")
    instance = host.instances.deploy(path, customer="acme", config={"Line": "mine"})
    config = (CONFIG % "Line").replace("]\n", ", {key: New, dataType: number}]\n")
    host.integrations.publish(integration(step("Give", "give", what="#Line"), config=config))
    with pytest.raises(InvalidInput, match="'New' has no default"):
        host.instances.upgrade(instance.id)
    assert host.store.instances.get(instance.id).version == 1
    assert host.instances.upgrade(instance.id, config={"New": "5"}).config == {"Line": "mine", "New": 5}


def test_what_is_renamed_keeps_its_address_its_state_and_its_value(host, integration, step):
    path = integration(step("Count", "count"), config=CONFIG % "Line")
    instance = host.instances.deploy(path, customer="acme", config={"Line": "mine"})
    (endpoint,) = host.store.instances.endpoints(instance.id)
    assert result(host, send(host, endpoint.id)) == 1
    path = integration(step("Count", "count"), config=CONFIG % "Text")
    renames = "renameAttributes: {flows: [{oldName: Inbound, newName: Received}]}\n"
    path.write_text(path.read_text().replace("Inbound", "Received") + renames)
    host.integrations.publish(path)
    assert host.instances.upgrade(instance.id).config == {"Text": "mine"}
    (after,) = host.store.instances.endpoints(instance.id)
    assert (after.id, after.flow) == (endpoint.id, "Received")
    assert result(host, send(host, endpoint.id)) == 2


def test_what_is_renamed_takes_the_place_of_what_was_removed(host, integration, step):
    path = integration(step("Count", "count"))
    first, other = (
        path.read_text().replace("name: Inbound", "name: Kept\n    stableKey: k"),
        "name: Gone\n    stableKey: g",
    )
    both = first + first[first.index("  - name: Kept") :].replace("name: Kept\n    stableKey: k", other)
    path.write_text(both)
    instance = host.instances.deploy(path, customer="acme")
    kept, gone = sorted(host.store.instances.endpoints(instance.id), key=lambda one: one.flow == "Gone")
    assert [result(host, send(host, one.id)) for one in (gone, gone, kept)] == [1, 2, 1]
    path.write_text(first)
    host.instances.deploy(path, customer="acme")
    path.write_text(first.replace("name: Kept", "name: Gone"))
    host.instances.deploy(path, customer="acme")
    assert [(one.id, one.flow) for one in host.store.instances.endpoints(instance.id)] == [(kept.id, "Gone")]
    assert result(host, send(host, kept.id)) == 2


def test_only_what_is_gone_was_renamed():
    def made(flows, more=""):
        start = "steps: [{name: S, isTrigger: true, action: {component: {key: c}, key: k}}]"
        listed = ", ".join(f"{{name: {name}, stableKey: {key}, {start}}}" for name, key in flows)
        return parse(f"definitionVersion: 7\nname: A\nflows: [{listed}]\n{more}".encode())

    old = made([("A", "a"), ("B", "b")])
    assert renamed(old, made([("A2", "a"), ("B", "b")])).flows == {"A": "A2"}
    assert renamed(old, made([("B", "a"), ("A", "b")])).flows == {}
    assert renamed(old, made([("C", "c")])).flows == {}
    said = "renameAttributes: {flows: [{oldName: A, newName: C}, {oldName: B, newName: Nowhere}]}"
    assert renamed(old, made([("C", "c")], said)).flows == {"A": "C"}
    both = said.replace("Nowhere", "C")
    assert renamed(old, made([("C", "c")], both)).flows == {"A": "C"}  # it can take the place of one only


def test_a_version_of_another_integration_is_none(host, integration, step):
    instance = host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme")
    other = host.integrations.publish(integration(step("Give", "give", what="x"), name="Other"))
    with pytest.raises(InvalidInput, match="is no version of Probe"):
        host.instances.upgrade(instance.id, version_id=other.id)
    with pytest.raises(InvalidInput, match="there is no version"):
        host.instances.upgrade(instance.id, version_id="nothing")


def test_a_file_that_cannot_run_is_not_published(host, integration, step):
    with pytest.raises(IntegrationInvalid):
        host.integrations.publish(integration(step("Give", "giv")))
    assert host.store.integrations.all() == []


CONNECTION = (
    "requiredConfigVars: [{key: Token, dataType: connection, connection: {component: {key: probe}, key: token}%s}]\n"
)


def test_a_preset_fills_what_a_connection_leaves_empty(host, integration, step):
    preset = ", inputs: {account: {type: value, value: preset}}"
    text = integration(step("Give", "give", what="x"), config=CONNECTION % preset).read_bytes()
    parsed = parse(text)
    own = {"key": "token", "fields": {"token": "t", "account": "own"}}
    assert with_presets(parsed, {"Token": own}) == {"Token": own}
    bare = {"key": "token", "fields": {"token": "t"}}
    assert with_presets(parsed, {"Token": bare})["Token"]["fields"] == {"token": "t", "account": "preset"}


def test_a_shared_connection_is_found_by_its_name(host, integration, step):
    config = "requiredConfigVars: [{key: Token, dataType: connection, useScopedConfigVar: shared}]\n"
    path = integration(step("Look", "look", file="/dev/null", line="x", token="#Token"), config=config)
    with pytest.raises(InvalidInput, match="'shared'; the integration shares it"):
        host.instances.deploy(path, customer="acme")
    fields = {"account": "a", "token": "a-long-token"}
    record = host.connections.add(name="shared", component="probe", key="token", fields=fields)
    instance = host.instances.deploy(path, customer="acme")
    assert instance.connections == {"Token": record.id}
    (endpoint,) = host.store.instances.endpoints(instance.id)
    assert result(host, send(host, endpoint.id))["wrote"] == "x"
