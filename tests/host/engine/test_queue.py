"""In which order and how many at a time: what a flow's queue and retries ask for holds across processes."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.settings import Limits
from twilio_connector.host.store.ids import rising_ids

WORKER = """
import sys, time
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings

data, url, probe = sys.argv[1:]
settings = Settings(data=Path(data), database_url=SecretStr(url), components=(Path(probe),), limits=Limits(workers=6))
with Host.open(settings):
    print("runs", flush=True)
    time.sleep(600)
"""
SPAN = "{name: Span, action: {component: {key: code}, key: runCode}, inputs: {code: {value: 'steps:span'}}}"


@pytest.fixture
def settings(settings, probe):
    return replace(settings, components=(probe,), limits=Limits(workers=6))


@pytest.fixture
def worker(settings):
    command = [sys.executable, "-c", WORKER, str(settings.data), settings.database_url.get_secret_value()]
    with subprocess.Popen([*command, str(settings.components[0])], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "runs\n"
        yield process
        process.kill()


@pytest.fixture
def spans(tmp_path):
    """When each execution was inside its step: a file that any process appends to."""
    file = tmp_path / "spans"
    file.touch()

    def write(path):
        (path.parent / "steps.py").write_text(
            "import time\n\n"
            "def note(context, results, what):\n"
            f"    with open({str(file)!r}, 'a') as file:\n"
            "        file.write(f\"{results['trigger']['body']['data']['n']} {what}\\n\")\n\n"
            "def span(context, results):\n"
            "    note(context, results, 'in')\n"
            "    time.sleep(0.05)\n"
            "    note(context, results, 'out')\n"
        )
        return path

    write.read = lambda: [(int(n), what) for n, what in map(str.split, file.read_text().splitlines())]
    return write


def send(host, instance, bodies):
    (endpoint,) = host.store.instances.endpoints(instance.id)

    async def receive():
        requests = [
            WebhookRequest(url="/", headers=(("content-type", "application/json"),), body=json.dumps(body).encode())
            for body in bodies
        ]
        return [await host.receive(endpoint.id, request) for request in requests]

    return asyncio.run(receive())


def outcomes(host, received):
    async def wait():
        return await asyncio.gather(*[host.result(one.execution_id, 60) for one in received])

    return Counter((e.status, (e.error or {}).get("kind", "")) for e in asyncio.run(wait()))


def test_a_fifo_queue_runs_one_at_a_time_in_the_order_of_acceptance(settings, integration, spans, worker):
    path = spans(integration(SPAN, flow="    queueConfig: {usesFifoQueue: true}\n"))
    with Host.open(settings) as host:
        received = send(host, host.instances.deploy(path, customer="acme"), [{"n": n} for n in range(10)])
        assert outcomes(host, received) == {("succeeded", ""): 10}
    assert spans.read() == [(n, what) for n in range(10) for what in ("in", "out")]


def test_a_limit_holds_in_all_processes_together(settings, integration, spans, worker):
    path = spans(integration(SPAN, flow="    queueConfig: {concurrencyLimit: 2}\n"))
    with Host.open(settings) as host:
        received = send(host, host.instances.deploy(path, customer="acme"), [{"n": n} for n in range(16)])
        assert outcomes(host, received) == {("succeeded", ""): 16}
    inside, most = 0, 0
    for _, what in spans.read():
        inside += 1 if what == "in" else -1
        most = max(most, inside)
    assert most == 2


def test_two_who_claim_at_once_keep_within_the_limit(settings, store):
    host = Host.open(settings)
    new_id = rising_ids()
    for n in range(30):
        limit = {0: 3, 1: 2}.get(n % 3)
        item = Inbound(
            execution_id=new_id(), endpoint_id=f"e{n % 3}", instance_id="i", version_id="v", flow="f", payload="{}"
        )
        host.inbox.accept_now(replace(item, concurrency=limit))
    now = store.executions.recent()[0].created_at

    async def race():
        claims = [asyncio.to_thread(store.executions.claim, f"x{n}", now, 4) for n in range(8)]
        return [claim for claimed in await asyncio.gather(*claims) for claim in claimed]

    claimed = asyncio.run(race()) + store.executions.claim("y", now, 50)
    running = Counter(store.executions.get(claim.execution_id).endpoint_id for claim in claimed)
    assert running == {"e0": 3, "e1": 2, "e2": 10}
    host.stop()


DEDUPE = "    queueConfig: {dedupeIdField: {type: reference, value: trigger.results.body.data.id}}\n"


def test_an_id_that_came_before_is_a_duplicate_and_a_blank_one_is_none(settings, integration, step):
    with Host.open(settings) as host:
        instance = host.instances.deploy(integration(step("Give", "give", what="x"), flow=DEDUPE), customer="acme")
        bodies = [
            {"id": "a"},
            {"id": "b"},
            {"id": "a"},
            {"id": 5},
            {"id": "5"},
            {},
            {},
            {"id": " "},
            {"id": None},
            "text",
        ]
        received = send(host, instance, bodies)
        assert [one.duplicate for one in received] == [False, False, True, False, True, *[False] * 5]
        assert received[2].execution_id == received[0].execution_id


RETRY = (
    "    retryConfig: {maxAttempts: 3, delayMinutes: %d, "
    "uniqueRequestIdField: {type: reference, value: trigger.results.body.data.id}}\n"
)


def waiting(host, received):
    while (found := host.store.executions.get(received.execution_id)).status != "waiting":
        time.sleep(0.01)
    return found


def test_the_same_request_replaces_what_waits_for_a_retry(settings, integration, step, tmp_path):
    path = integration(step("Fail", "fail", file=str(tmp_path / "tries"), times="3"), flow=RETRY % 60)
    with Host.open(settings) as host:
        instance = host.instances.deploy(path, customer="acme")
        first, other, blank = send(host, instance, [{"id": "a"}, {"id": "b"}, {}])
        for one in (first, other, blank):
            waiting(host, one)
        (again,) = send(host, instance, [{"id": "a"}])
        assert outcomes(host, [first, again]) == {("failed", "replaced"): 1, ("succeeded", ""): 1}
        assert {host.store.executions.get(one.execution_id).status for one in (other, blank)} == {"waiting"}


def test_a_retry_that_was_still_running_when_the_request_came_again_is_not_tried_again(settings, store):
    host = Host.open(settings)
    new_id = rising_ids()
    made = [
        Inbound(
            execution_id=new_id(),
            endpoint_id="e",
            instance_id="i",
            version_id="v",
            flow="f",
            payload="{}",
            request_id=r,
        )
        for r in ("a", "b", "a")
    ]
    for item in made:
        host.inbox.accept_now(item)
    assert [store.executions.is_replaced(item.execution_id) for item in made] == [True, False, False]
    host.stop()
