"""A watcher of the component on the host's schedule, against the local Twilio: each message starts one execution."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.host.engine.scheduler import Scheduler
from twilio_connector.host.host import Host
from twilio_connector.host.store import portable
from twilio_connector.host.store.schedules import LeaseLost
from twilio_connector.host.store.schema import executions
from twilio_connector.sandbox.server import Sandbox

WATCHING = """
definitionVersion: 7
name: Watching
requiredConfigVars:
  - key: Twilio
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: basic}
flows:
  - name: Watch
    steps:
      - name: New Messages
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: watchMessages}
        inputs:
          connection: {type: configVar, value: Twilio}
          startFrom: {type: value, value: all}
          limit: {type: value, value: "2"}
        schedule: {type: value, value: "every 5 minutes"}
"""


class Clock:
    shift = timedelta(0)

    def __call__(self):
        return utc_now() + self.shift


@pytest.fixture
def twilio():
    with Sandbox() as twilio:
        yield twilio


@pytest.fixture
def host(settings, twilio, tmp_path):
    host = Host.open(replace(settings, public_url="https://host.example"))
    fields = {"username": twilio.account_sid, "password": twilio.auth_token, "baseUrl": twilio.base_url}
    host.connections.add(name="Twilio", component="twilio", key="basic", fields=fields)
    (tmp_path / "integration.yaml").write_text(WATCHING)
    host.instances.deploy(tmp_path / "integration.yaml", customer="acme", config={"Twilio": "Twilio"})
    yield host
    host.stop()


def given(host):
    with host.store.engine.begin() as connection:
        rows = connection.execute(sa.select(executions.c.payload).order_by(executions.c.id)).scalars()
        return [[item["sid"] for item in portable.loads(text)["body"]["data"]["items"]] for text in rows]


@pytest.fixture
def scheduler(host):
    return Scheduler(host.engine._runtime, clock=Clock())


@pytest.fixture
def tick(scheduler):
    """Six minutes later, to the end of what is due then."""

    def tick():
        scheduler._clock.shift += timedelta(minutes=6)
        scheduler.tick()
        while scheduler._running:
            time.sleep(0.005)

    return tick


def test_each_message_comes_in_one_execution_though_a_poll_could_not_save_what_it_gave(
    host, twilio, scheduler, tick, monkeypatch
):
    def dies(*_):
        raise LeaseLost("another process has it")

    sent = {twilio.state.receive(twilio.handset, twilio.number, text).sid for text in "abc"}
    with monkeypatch.context() as broken:
        broken.setattr(scheduler, "_settle", dies)
        tick()
    assert given(host) == []
    for _ in range(4):
        tick()
    first, second = given(host)
    assert (len(first), len(second), {*first, *second}) == (2, 1, sent)
