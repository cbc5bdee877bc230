"""Exactly one message for each step that sends, although lines are dropped and the host is killed in mid-step."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
import sqlalchemy as sa
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.store import Store
from twilio_connector.host.store.schema import steps
from twilio_connector.sandbox.server import Sandbox

HANDSET = "+15551234567"
FLOW = """\
definitionVersion: 7
name: Two texts
requiredConfigVars:
  - key: Twilio
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: apiKeySecret}
flows:
  - name: Send
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
      - name: Of its own
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: sendSMS}
        inputs:
          twilioConnection: {type: configVar, value: Twilio}
          to: {type: value, value: "%(to)s"}
          from: {type: value, value: "%(sender)s"}
          message: {type: template, value: "text {{$trigger.results.body.data.n}}"}
      - name: Like all others
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: sendSMS}
        inputs:
          twilioConnection: {type: configVar, value: Twilio}
          to: {type: value, value: "%(to)s"}
          from: {type: value, value: "%(sender)s"}
          message: {type: value, value: "Your table is ready."}
"""
BULK = """\
definitionVersion: 7
name: To many
requiredConfigVars:
  - key: Twilio
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: apiKeySecret}
flows:
  - name: Send
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
      - name: To all
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: sendBulk}
        inputs:
          twilioConnection: {type: configVar, value: Twilio}
          from: {type: value, value: "%(sender)s"}
          body: {type: value, value: "Hi {{name}}"}
          recipients: {type: reference, value: trigger.results.body.data.recipients}
"""
HOST = """
import sys, time
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings

data, url = sys.argv[1:]
settings = Settings(data=Path(data), database_url=SecretStr(url), limits=Limits(workers=8))
with Host.open(settings) as host:
    time.sleep(600)
"""


@pytest.fixture
def twilio():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def accept(settings, twilio, tmp_path):
    """Deploy the flow, and accept that many requests which nobody works on yet."""

    def deploy_and_accept(count: int, flow: str = FLOW) -> list[str]:
        file = tmp_path / "texts.yaml"
        file.write_text(flow % {"to": HANDSET, "sender": twilio.number})
        fields = {
            "accountSid": twilio.account_sid,
            "apiKey": twilio.api_key,
            "apiSecret": twilio.api_secret,
            "baseUrl": twilio.base_url,
        }
        host = Host.open(settings)
        connection = host.connections.add(name="twilio", component="twilio", key="apiKeySecret", fields=fields)
        instance = host.instances.deploy(file, customer="acme", config={"Twilio": connection.id})
        (endpoint,) = host.store.instances.endpoints(instance.id)
        sent = [
            WebhookRequest(url="/", headers=JSON, body=json.dumps(body(number)).encode()) for number in range(count)
        ]

        async def send() -> list[str]:
            return [(await host.receive(endpoint.id, request)).execution_id for request in sent]

        accepted = asyncio.run(send())
        host.stop()
        return accepted

    return deploy_and_accept


JSON = (("content-type", "application/json"),)


def body(number: int) -> dict:
    people = [{"to": f"+1555{100 * number + each:07}", "name": f"N{number}-{each}"} for each in range(30)]
    return {"n": number, "recipients": people}


def kill_in_mid_step(settings, twilio, more: int) -> int:
    """Run the host until that many more messages were taken, and kill it; how many steps it was in the midst of."""
    enough = len(twilio.state.messages()) + more
    command = [sys.executable, "-c", HOST, str(settings.data), settings.database_url.get_secret_value()]
    with subprocess.Popen(command) as process:
        while len(twilio.state.messages()) < enough:
            assert process.poll() is None
            time.sleep(0.003)
        os.kill(process.pid, signal.SIGKILL)
    store = Store.open(settings)
    with store.engine.begin() as connection:
        running = connection.scalar(sa.select(sa.func.count()).where(steps.c.status == "running"))
    store.close()
    return running


def finish(settings, accepted: list[str]) -> Counter:
    async def wait(host: Host):
        return await asyncio.gather(*[host.result(one, 300) for one in accepted])

    with Host.open(settings) as host:
        return Counter((one.status, (one.error or {}).get("message", "")) for one in asyncio.run(wait(host)))


def check(settings, twilio, accepted: list[str]) -> None:
    """Exactly one message for each step, and each step holds its own."""
    bodies = Counter(message.body for message in twilio.state.messages())
    assert bodies == {f"text {number}": 1 for number in range(len(accepted))} | {"Your table is ready.": len(accepted)}
    store = Store.open(settings)
    given = [step.output for one in accepted for step in store.steps.of(one)]
    store.close()
    assert len(set(given)) == 2 * len(accepted)


def test_kill_9_in_mid_step_leaves_exactly_one_message(settings, twilio, accept):
    accepted = accept(6)
    twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.5, seconds=0.3)
    assert kill_in_mid_step(settings, twilio, 3) > 0
    assert finish(settings, accepted) == {("succeeded", ""): 6}
    check(settings, twilio, accepted)


def test_a_line_dropped_after_the_message_was_taken_leaves_exactly_one(settings, twilio, accept):
    accepted = accept(5)
    twilio.state.faults.add("drop-after", method="POST", path="*/Messages*", times=None, rate=0.5)
    assert finish(settings, accepted) == {("succeeded", ""): 5}
    check(settings, twilio, accepted)


@pytest.mark.parametrize("fault", ["drop-before", "drop-after"])
def test_a_host_that_stops_while_it_looks_goes_on_looking_at_the_next_start(settings, twilio, accept, fault):
    accepted = accept(1)
    twilio.state.faults.add("status", method="GET", path="*/Messages*", times=1, status=503)
    twilio.state.faults.add(fault, method="POST", path="*/Messages*")
    with Host.open(settings):
        while twilio.state.faults.all():
            time.sleep(0.01)
    assert finish(settings, accepted) == {("succeeded", ""): 1}
    check(settings, twilio, accepted)


def test_a_bulk_step_that_was_killed_goes_on_where_it_stopped_and_sends_to_nobody_twice(settings, twilio, accept):
    accepted = accept(2, BULK)
    twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.3, seconds=0.2)
    assert kill_in_mid_step(settings, twilio, 20) == 2
    assert finish(settings, accepted) == {("succeeded", ""): 2}
    bodies = Counter(message.body for message in twilio.state.messages())
    assert bodies == {f"Hi {person['name']}": 1 for number in range(2) for person in body(number)["recipients"]}
    store = Store.open(settings)
    given = [json.loads(store.steps.of(one)[0].output) for one in accepted]
    store.close()
    assert [len({result["sid"] for result in results}) for results in given] == [30, 30]


@pytest.mark.soak
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_killed_in_mid_step_200_times_there_is_exactly_one_message_each_time(settings, twilio, accept):
    accepted, interrupted = accept(300), 0
    twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.5, seconds=0.3)
    while interrupted < 200:
        interrupted += kill_in_mid_step(settings, twilio, 6)
    assert finish(settings, accepted) == {("succeeded", ""): 300}
    check(settings, twilio, accepted)


@pytest.mark.soak
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_200_lines_dropped_after_the_message_was_taken_leave_exactly_one_each(settings, twilio, accept):
    accepted = accept(200)
    twilio.state.faults.add("drop-after", method="POST", path="*/Messages*", times=200)
    assert finish(settings, accepted) == {("succeeded", ""): 200}
    check(settings, twilio, accepted)
