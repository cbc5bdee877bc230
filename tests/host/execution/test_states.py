"""Concurrent executions lose nothing of what they write to the states that they share."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
import sqlalchemy as sa
from twilio_connector.connector.errors import OutcomeUnknown
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.execution.states import StepStates
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits
from twilio_connector.host.store.schema import executors

COUNTING = 36
PERSIST = (
    "{name: %s, action: {component: {key: persist-data}, key: %s}, inputs: {keyInput: {type: value, value: n}, %s}}"
)


@pytest.fixture
def settings(settings, probe):
    return replace(settings, components=(probe,), limits=Limits(workers=4))


WORKER = """
import sys, time
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings

data, url, probe = sys.argv[1:]
settings = Settings(data=Path(data), database_url=SecretStr(url), components=(Path(probe),), limits=Limits(workers=4))
with Host.open(settings):
    print("runs", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def worker(settings):
    """Another process that executes."""
    command = [sys.executable, "-c", WORKER, str(settings.data), settings.database_url.get_secret_value()]
    with subprocess.Popen([*command, str(settings.components[0])], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "runs\n"
        yield process
        process.kill()


def accept(host, instance, count):
    (endpoint,) = host.store.instances.endpoints(instance.id)

    async def send():
        return [await host.receive(endpoint.id, WebhookRequest(url="/")) for _ in range(count)]

    return [received.execution_id for received in asyncio.run(send())]


def outcomes(host, accepted):
    async def wait():
        return await asyncio.gather(*[host.result(one, 90) for one in accepted])

    return Counter((e.status, (e.error or {}).get("kind", "")) for e in asyncio.run(wait()))


def state(host, scope, owner):
    return host.store.states.read({scope: owner})[scope]


def test_two_processes_count_to_n_though_one_is_killed(settings, integration, step, worker):
    path = integration(
        PERSIST % ("Once", "incrementInstanceValue", ""),
        PERSIST % ("Twice", "incrementCrossFlowValue", "amount: {type: value, value: '2'}"),
        PERSIST % ("Listed", "appendIntegrationValueToList", "valueInput: {type: value, value: x}"),
        step("Own", "count"),
    )
    with Host.open(settings) as host:
        instance = host.instances.deploy(path, customer="acme")
        accepted = accept(host, instance, COUNTING)
        while state(host, "instance", f"{instance.id}/Inbound").get("n", 0) < COUNTING // 3:
            time.sleep(0.01)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        with host.store.engine.begin() as connection:  # its executor is taken for dead at once
            silent = sa.update(executors).where(executors.c.id != host.engine.executor)
            connection.execute(silent.values(seen_at=datetime(2020, 1, 1, tzinfo=UTC)))
        ended = outcomes(host, accepted)
        assert set(ended) <= {("succeeded", ""), ("failed", "unknown")}
        counted = state(host, "instance", f"{instance.id}/Inbound")
        assert counted["n"] == COUNTING
        assert state(host, "cross_flow", instance.id) == {"n": 2 * COUNTING}
        assert state(host, "integration", "Probe") == {"n": ["x"] * COUNTING}
        # A count that a stranger's action makes may be cut off before anything is stored, and then says so.
        assert ended["succeeded", ""] <= counted["count"] <= COUNTING


def test_a_code_step_that_reads_and_writes_has_the_state_to_itself(settings, integration, tmp_path):
    path = integration(
        "{name: Add, action: {component: {key: code}, key: runCode}, inputs: {code: {value: 'steps:add'}}}"
    )
    (path.parent / "steps.py").write_text(
        "import time\n"
        "from twilio_connector.connector.result import ActionResult\n\n"
        "def add(context, results):\n"
        "    seen = dict(context.instance_state)\n"
        "    time.sleep(0.02)\n"
        "    return ActionResult(instance_state={'n': seen.get('n', 0) + 1})\n"
    )
    with Host.open(settings) as host:
        instance = host.instances.deploy(path, customer="acme")
        assert outcomes(host, accept(host, instance, 8)) == {("succeeded", ""): 8}
        assert state(host, "instance", f"{instance.id}/Inbound") == {"n": 8}


def test_a_step_that_only_writes_waits_for_nobody(settings, integration, tmp_path):
    path = integration(
        "{name: Hold, action: {component: {key: code}, key: runCode}, inputs: {code: {value: 'steps:hold'}}}"
    )
    (path.parent / "steps.py").write_text(
        "from pathlib import Path\n"
        "from time import sleep\n"
        "from twilio_connector.connector.result import ActionResult\n"
        f"go = Path({str(tmp_path / 'go')!r})\n\n"
        "def hold(context, results):\n"
        "    if results['trigger']['body']['data'] == 1:\n"
        "        context.instance_state.get('a')\n"
        "        while not go.exists(): sleep(0.01)\n"
        "        return ActionResult(instance_state={'a': 1})\n"
        "    go.touch()\n"
        "    return ActionResult(instance_state={'b': 2})\n"
    )
    with Host.open(settings) as host, ThreadPoolExecutor() as pool:
        instance = host.instances.deploy(path, customer="acme")
        (endpoint,) = host.store.instances.endpoints(instance.id)

        def send(number):
            request = WebhookRequest(url="/", headers=(("content-type", "application/json"),), body=b"%d" % number)
            return asyncio.run(host.receive(endpoint.id, request)).execution_id

        ended = outcomes(host, list(pool.map(send, (1, 2))))
        assert ended == {("succeeded", ""): 2}
        assert state(host, "instance", f"{instance.id}/Inbound") == {"a": 1, "b": 2}


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b"])
def test_a_key_that_cannot_be_kept_fails_the_step(settings, integration, key):
    path = integration(
        "{name: Bad, action: {component: {key: code}, key: runCode}, inputs: {code: {value: 'steps:bad'}}}"
    )
    (path.parent / "steps.py").write_text(
        "from twilio_connector.connector.result import ActionResult\n\n"
        f"def bad(context, results):\n    return ActionResult(instance_state={{{key!r}: 1}})\n"
    )
    with Host.open(settings) as host:
        instance = host.instances.deploy(path, customer="acme")
        assert outcomes(host, accept(host, instance, 1)) == {("failed", "refused"): 1}


def test_a_retry_of_the_flow_begins_without_the_state_of_the_execution(settings, integration, step, tmp_path):
    path = integration(
        PERSIST % ("Count", "incrementExecutionValue", ""),
        step("Fail", "fail", file=str(tmp_path / "tries"), times="1"),
        PERSIST % ("Count again", "incrementExecutionValue", ""),
        flow="    retryConfig: {maxAttempts: 1, delayMinutes: 0}\n",
    )
    with Host.open(settings) as host:
        instance = host.instances.deploy(path, customer="acme")
        (accepted,) = accept(host, instance, 1)
        assert asyncio.run(host.result(accepted, 30)).result["data"] == 2


def test_a_process_that_was_taken_for_dead_changes_nothing_any_more(settings, integration, step):
    with Host.open(settings) as host:
        instance = host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme")
        (execution,) = accept(host, instance, 1)
        owners = {"instance": "i/f", "cross_flow": "i", "execution": f"{execution}.1", "integration": "I"}
        of = partial(StepStates, host.engine._runtime, execution)
        first, second = of("1/a#1", owners, "gone"), of("1/b#1", owners, host.engine.executor)
        assert first.view("instance").get("n", 0) == 0
        host.store.executors.inherit(host.engine.executor)  # what takes over frees what the dead one held
        assert second.view("instance").get("n", 0) == 0
        second.keep(ActionResult(instance_state={"n": 1}), "second")
        with pytest.raises(OutcomeUnknown, match="nothing of it was changed"):
            first.keep(ActionResult(instance_state={"n": 1, "m": 1}), "first")
        assert (first.kept(), second.kept()) == (None, "second")
        assert state(host, "instance", "i/f") == {"n": 1}
