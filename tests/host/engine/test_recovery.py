"""A host that dies goes on where it stopped; what may have gone out does not go out again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.execution.databases import Databases
from twilio_connector.host.host import Host
from twilio_connector.host.processes.identity import Identity
from twilio_connector.host.store import Store
from twilio_connector.host.store.executions import cancel
from twilio_connector.host.store.schema import executions, executors

EXAMPLES = Path(__file__).parents[3] / "examples"
HOST = """
import asyncio, sys, time
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings

data, url, probe, integration, count = sys.argv[1:]
settings = Settings(data=Path(data), database_url=SecretStr(url), components=(Path(probe),), limits=Limits(workers=4))
with Host.open(settings) as host:
    instance = host.instances.deploy(Path(integration), customer="acme")
    (endpoint,) = host.store.instances.endpoints(instance.id)

    async def send():
        for number in range(int(count)):
            request = WebhookRequest(url="/", headers=(("content-type", "application/json"),), body=b'{"n": %d}' % number)
            print((await host.receive(endpoint.id, request)).execution_id, flush=True)

    asyncio.run(send())
    time.sleep(600)
"""


@pytest.fixture
def settings(settings, probe):
    """With the probe mounted."""
    return replace(settings, components=(probe,))


@pytest.fixture
def run_and_kill(settings):
    """Run a host in a process of its own, send it requests, and kill it when ``until`` holds."""

    def run(integration: Path, count: int, until) -> list[str]:
        url = settings.database_url.get_secret_value()
        command = [
            sys.executable,
            "-c",
            HOST,
            str(settings.data),
            url,
            str(settings.components[0]),
            str(integration),
            str(count),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            accepted = [process.stdout.readline().strip() for _ in range(count)]
            while not until():
                assert process.poll() is None
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
        return accepted

    return run


def finish(settings, accepted: list[str]) -> dict[str, tuple[str, str]]:
    """Start the host again and wait for all; status and kind of error by execution."""

    async def wait(host: Host):
        return await asyncio.gather(*[host.result(one, 60) for one in accepted])

    with Host.open(settings) as host:
        return {e.execution_id: (e.status, (e.error or {}).get("kind", "")) for e in asyncio.run(wait(host))}


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_kill_9_in_mid_flow_loses_nothing_and_repeats_no_side_effect(
    settings, integration, step, run_and_kill, tmp_path
):
    first, second, third = tmp_path / "first", tmp_path / "second", tmp_path / "third"
    number = "$trigger.results.body.data.n"
    path = integration(
        step("First", "note", file=str(first), line=number),
        step("Second", "note", file=str(second), line=number, seconds="0.05"),
        step("Third", "note", file=str(third), line=number),
    )
    accepted = run_and_kill(path, 40, lambda: len(lines(third)) >= 5)
    before = len(lines(third))
    ended = finish(settings, accepted)
    kinds = Counter(ended.values())
    assert before < 40
    assert set(ended) == set(accepted)
    assert set(kinds) <= {("succeeded", ""), ("failed", "unknown")}
    assert kinds["failed", "unknown"] <= 4  # no more than there were workers
    assert len(lines(third)) >= kinds["succeeded", ""]
    for file in (first, second, third):
        assert max(Counter(lines(file)).values()) == 1


def test_a_step_that_harms_nothing_is_repeated_after_kill_9(settings, integration, step, run_and_kill, tmp_path):
    file = tmp_path / "looked"
    path = integration(step("Look", "look", file=str(file), line="x", seconds="1"), step("Give", "give", what="done"))
    accepted = run_and_kill(path, 1, lambda: lines(file))
    ended = finish(settings, accepted)
    assert list(ended.values()) == [("succeeded", "")]
    assert lines(file) == ["x", "x"]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_whom_a_script_named_is_not_asked_again_after_kill_9(settings, integration, step, run_and_kill, tmp_path):
    asked, file = tmp_path / "asked", tmp_path / "looked"
    flow = "    runAs: {type: script, value: 'whom:nobody'}\n"
    path = tmp_path / "integration" / "whom.py"
    path.parent.mkdir()
    path.write_text(
        f"def nobody(payload):\n    with open({str(asked)!r}, 'a') as file:\n        file.write('asked\\n')\n"
    )
    path = integration(step("Look", "look", file=str(file), line="x", seconds="1"), flow=flow)
    accepted = run_and_kill(path, 1, lambda: lines(file))
    assert list(finish(settings, accepted).values()) == [("succeeded", "")]
    assert (lines(asked), lines(file)) == (["asked"], ["x", "x"])


def test_a_stopping_host_leaves_the_rest_of_a_flow_to_the_next_start(settings, integration, step, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    path = integration(
        step("First", "note", file=str(first), line="x", seconds="0.5"),
        step("Second", "note", file=str(second), line="x"),
    )
    with Host.open(settings) as host:
        (endpoint,) = host.store.instances.endpoints(host.instances.deploy(path, customer="acme").id)
        accepted = asyncio.run(host.receive(endpoint.id, WebhookRequest(url="/"))).execution_id
        while not lines(first):
            time.sleep(0.01)
    assert not second.exists()
    assert finish(settings, [accepted]) == {accepted: ("succeeded", "")}
    assert (lines(first), lines(second)) == (["x"], ["x"])


def test_what_was_claimed_but_not_started_is_started(settings, integration, step):
    host = Host.open(settings)
    (endpoint,) = host.store.instances.endpoints(
        host.instances.deploy(integration(step("Give", "give", what="x")), customer="a").id
    )
    accepted = asyncio.run(host.receive(endpoint.id, WebhookRequest(url="/"))).execution_id
    identity = Identity.take(settings)
    (claim,) = host.store.executions.claim(identity.new_life(), host.store.executions.get(accepted).created_at, 9)
    assert claim.execution_id == accepted
    identity.release()
    host.stop()
    assert finish(settings, [accepted]) == {accepted: ("succeeded", "")}


def test_work_of_an_executor_that_is_gone_for_good_is_taken_over(settings, integration, step, run_and_kill, tmp_path):
    file = tmp_path / "looked"
    path = integration(step("Look", "look", file=str(file), line="x", seconds="1"))
    accepted = run_and_kill(path, 1, lambda: lines(file))
    store = Store.open(settings)
    with store.engine.begin() as connection:
        connection.execute(sa.update(executors).values(seen_at=sa.literal("2020-01-01T00:00:00.000Z")))
        assert connection.scalar(sa.select(executions.c.status)) == "running"
    store.close()
    ended = finish(replace(settings, executor="another-machine"), accepted)
    assert list(ended.values()) == [("succeeded", "")]


def test_two_processes_in_one_data_directory_bear_two_names(settings, store):
    first, second = Identity.take(settings), Identity.take(settings)
    assert first.name != second.name
    first.release()
    third = Identity.take(settings)
    assert third.name == first.name
    second.release()
    third.release()


SLOW = """
import time
from pathlib import Path
from .texts import save as store

def save(payload, response, context):
    store(payload, response, context)
    with Path({file!r}).open("a") as file:
        file.write("stored\\n")
    if context.first_attempt is None:
        time.sleep(600)
"""


@pytest.mark.parametrize(
    ("repeatable", "end", "runs"), [("true", ("succeeded", ""), 2), ("false", ("failed", "unknown"), 1)]
)
def test_a_handler_that_says_so_runs_again_after_kill_9_and_what_it_stores_is_there_once(
    settings, integration, run_and_kill, tmp_path, *, repeatable, end, runs
):
    file = tmp_path / "stored"
    action = "{component: {key: code, isPublic: true, version: LATEST}, key: runHandler}"
    inputs = f'{{code: {{value: "slow:save"}}, repeatable: {{value: "{repeatable}"}}}}'
    path = integration(f"{{name: Save, action: {action}, inputs: {inputs}}}")
    (path.parent / "texts.py").write_text((EXAMPLES / "save-texts" / "texts.py").read_text())
    (path.parent / "slow.py").write_text(SLOW.format(file=str(file)))
    accepted = run_and_kill(path, 1, lambda: lines(file))
    assert list(finish(settings, accepted).values()) == [end]
    assert lines(file) == ["stored"] * runs
    store = Store.open(settings)
    (customer,) = store.customers.all()
    store.close()
    with Databases(settings).of(customer.id).begin() as connection:
        assert connection.execute(sa.text("SELECT _id FROM texts")).scalars().all() == [f"{accepted[0]}.save"]


def test_what_was_cancelled_while_its_host_was_dead_does_not_go_on(settings, integration, step, run_and_kill, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    path = integration(
        step("First", "look", file=str(first), line="x", seconds="0.5"),
        step("Second", "note", file=str(second), line="x"),
    )
    (execution_id,) = run_and_kill(path, 1, lambda: lines(first))
    store = Store.open(settings)
    with store.engine.begin() as connection:
        assert cancel(connection, execution_id, utc_now()) == "running"
    store.close()
    assert finish(settings, [execution_id]) == {execution_id: ("failed", "cancelled")}
    assert (lines(first), lines(second)) == (["x"], [])
    store = Store.open(settings)
    assert store.executions.status(execution_id) == "cancelled"
    assert [row.status for row in store.steps.of(execution_id)] == ["cancelled"]
    store.close()


def test_a_replay_that_died_goes_on_and_takes_over_the_same_results(
    settings, integration, step, run_and_kill, tmp_path
):
    """Of the steps that are taken over none is done again, before the crash or after it."""
    first, second = tmp_path / "first", tmp_path / "second"
    path = integration(
        step("First", "note", file=str(first), line="x"),
        step("Second", "look", file=str(second), line="$first.results.wrote", seconds="0.3"),
    )
    with Host.open(settings) as host:
        instance = host.instances.deploy(path, customer="acme")
        (endpoint,) = host.store.instances.endpoints(instance.id)
        request = WebhookRequest(url="/", headers=(("content-type", "application/json"),), body=b"{}")

        async def send():
            return await host.result((await host.receive(endpoint.id, request)).execution_id, 60)

        new_id = host.executions.replay(asyncio.run(send()).execution_id, "second")
        before = len(lines(second))
    run_and_kill(path, 0, lambda: len(lines(second)) > before or finished(settings, new_id))
    assert finish(settings, [new_id]) == {new_id: ("succeeded", "")}
    assert lines(first) == ["x"]
    assert set(lines(second)) == {"x"}


def finished(settings, execution_id) -> bool:
    store = Store.open(settings)
    status = store.executions.status(execution_id)
    store.close()
    return status == "succeeded"
