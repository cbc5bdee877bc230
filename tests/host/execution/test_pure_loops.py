"""Loops of steps that only compute: nothing that they do tells them of a stop or of a cancellation, so they look."""

import logging
import time
from dataclasses import replace

import pytest
from twilio_connector.host.host import Host
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.store import portable
from twilio_connector.host.store.ids import time_id

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
REF = "action: {{component: {{key: {}, isPublic: true, version: LATEST}}, key: {}}}"
LOOP = (
    "{name: Loop, " + REF.format("loop", "loopNTimes") + ", inputs: {iterationCount: {type: value, value: '100000'}}, "
    "steps: [{name: Note, " + REF.format("log", "writeLog") + ", inputs: {level: {type: value, value: debug}}}]}"
)


def eventually(true, seconds=20):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_stop_ends_it_for_the_next_start_and_cancelling_ends_it_for_good(settings, integration, caplog):
    caplog.set_level(logging.WARNING)
    settings = replace(settings, public_url="https://host.example")
    with Host.open(settings) as host:
        instance = host.instances.deploy(integration(LOOP), customer="acme")
        (endpoint,) = host.store.instances.endpoints(instance.id)
        id_ = host.inbox.accept_now(
            Inbound(
                execution_id=time_id(),
                endpoint_id=endpoint.id,
                instance_id=instance.id,
                version_id=instance.version_id,
                flow="Inbound",
                payload=portable.dumps({"body": {"data": {}}}),
            )
        ).execution_id
        eventually(lambda: host.store.steps.of(id_))
    assert "interrupted" not in caplog.text
    with Host.open(settings) as host:
        assert host.store.executions.status(id_) == "running"
        host.executions.cancel(id_)
        eventually(lambda: host.store.executions.status(id_) == "cancelled", 10)
    with Host.open(settings) as host:
        assert host.store.executions.get(id_).error["kind"] == "cancelled"
