"""Several processes on one database, some of which are killed or frozen: each time comes once, each item is given once.

Time runs faster in them, so that minutes pass in a moment.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.host.definition.timetable import Timetable
from twilio_connector.host.host import Host
from twilio_connector.host.store import portable
from twilio_connector.host.store.database import reading
from twilio_connector.host.store.schema import executions

PROCESS = """
import logging, sys, time
from datetime import timedelta
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.connector.context import utc_now
from twilio_connector.host.engine import scheduler
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings

data, url, numbers, began, speed, lease, stuck = sys.argv[1:]
logging.basicConfig(level=logging.INFO)
limits = Limits(schedule_tick=0.02, schedule_lease=float(lease))
settings = Settings(data=Path(data), database_url=SecretStr(url), components=(Path(numbers),), limits=limits)
merge = scheduler.states.merge

def merge_and_hang(*args):
    merge(*args)
    if args[2]["instance"]:  # the poll's
        Path(stuck).touch()
        time.sleep(600)

if stuck:  # in the transaction, when all is written and nothing is committed
    scheduler.states.merge = merge_and_hang
clock = lambda: utc_now() + timedelta(seconds=(time.time() - float(began)) * (float(speed) - 1))
scheduler.Scheduler(Host.open(settings).engine._runtime, clock=clock).start()
time.sleep(600)
"""
FLOW = (
    "- {{name: {0}, steps: [{{name: T, isTrigger: true, action: {{component: {{key: {1}}}, key: {2}}}, {3}, {4}}}]}}\n"
)
EACH_MINUTE = "schedule: {type: value, value: '* * * * *'}"


@pytest.fixture
def settings(settings):
    return replace(settings, components=(Path(__file__).with_name("numbers"),))


@pytest.fixture
def service(tmp_path):
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "items").write_text("")
    (folder / "trace").write_text("")
    return folder


@pytest.fixture
def host(settings, tmp_path, service):
    """Another process' view, with a flow that starts each minute and one that asks each minute."""
    inputs = f"inputs: {{folder: {{type: value, value: '{service}'}}}}"
    flows = [
        FLOW.format("Minutely", "schedule-triggers", "schedule", "inputs: {}", EACH_MINUTE),
        FLOW.format("Watch", "numbers", "watch", inputs, EACH_MINUTE),
    ]
    file = tmp_path / "integration.yaml"
    file.write_text("definitionVersion: 7\nname: Scheduled\nflows:\n" + "".join(flows))
    opened = Host.open(settings)
    opened.instances.deploy(file, customer="acme")
    yield opened
    opened.stop()


@pytest.fixture
def process(settings, host):
    """Run a scheduler in a process of its own; it is killed in the end."""
    began = str(time.time())

    @contextmanager
    def run(*, speed: int = 120, lease: int = 60, stuck: Path | str = ""):
        url = settings.database_url.get_secret_value()
        given = [settings.data, url, settings.components[0], began, speed, lease, stuck]
        command = [sys.executable, "-c", PROCESS, *map(str, given)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:
            try:
                yield started
            finally:
                started.kill()

    return run


def until(holds, *processes) -> None:
    while not holds():
        for process in processes:
            assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def payloads(host, flow):
    with reading(host.store.engine).begin() as connection:
        query = sa.select(executions.c.payload).where(executions.c.flow == flow).order_by(executions.c.id)
        return [portable.loads(text) for text in connection.execute(query).scalars()]


def given(host):
    return [item for payload in payloads(host, "Watch") for item in payload["body"]["data"]["new"]]


def trace(service):
    return (service / "trace").read_text().splitlines()


def test_each_minute_comes_once_and_one_process_asks_at_a_time(host, process, service):
    fast = {"speed": 240, "lease": 7200}
    items: list[str] = []
    with process(**fast) as a, process(**fast) as b, process(**fast) as c:
        while len(items) < 5 or len({line.split()[1] for line in trace(service)}) < 3:  # each had its turn
            items.append(str(len(items)))
            (service / "next").write_text("\n".join(items) + "\n")
            (service / "next").replace(service / "items")
            until(lambda: given(host)[-1:] == items[-1:], a, b, c)
        until(lambda: len(payloads(host, "Minutely")) >= 5, a, b, c)
    minutes = [
        datetime.fromisoformat(p["startedAt"]).replace(second=0, microsecond=0) for p in payloads(host, "Minutely")
    ]
    assert len(set(minutes)) == len(minutes)
    assert given(host) == items
    told = [line.split() for line in trace(service)]
    assert all(a == ["begin", b[1]] and b[0] == "end" for a, b in zip(told[::2], told[1::2], strict=False))


def test_a_poll_that_is_killed_anywhere_neither_loses_nor_doubles(host, process, service, tmp_path):
    saving = tmp_path / "saving"
    (service / "items").write_text("one\ntwo\n")
    (service / "hold").touch()
    with process() as running:
        until(lambda: trace(service), running)  # it asks
    (service / "hold").unlink()
    (service / "items").write_text("one\ntwo\nthree\n")
    with process(stuck=saving) as running:
        until(saving.exists, running)  # it has written all but has not committed
    assert given(host) == []
    with process() as running:
        until(lambda: given(host), running)
        polls = trace(service).count(f"end {running.pid}")
        until(lambda: trace(service).count(f"end {running.pid}") > polls, running)
    assert given(host) == ["one", "two", "three"]


def freeze(process, host):
    """Outside a transaction: in SQLite nobody else can write while one that is frozen has begun to."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)  # until then it goes on, and may begin a transaction yet
        if host.settings.is_postgres:
            return
        with closing(sqlite3.connect(host.settings.data / "host.sqlite", timeout=0.2, isolation_level=None)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(process.pid, signal.SIGCONT)
            else:
                return


def test_a_process_that_was_frozen_past_its_lease_writes_nothing(host, process, service):
    rarely = Timetable.parse("0 0 29 2 *")
    (minutely,) = (item for i in host.store.instances.all() for item in host.store.instances.endpoints(i.id)[:1])
    host.endpoints.set_schedule(minutely.id, rarely)
    (service / "items").write_text("one\n")
    (service / "hold").touch()
    with process(lease=240) as frozen:
        until(lambda: trace(service), frozen)
        freeze(frozen, host)
        (service / "hold").unlink()
        with process() as other:
            until(lambda: given(host), other)
            os.kill(frozen.pid, signal.SIGCONT)
            line = next(line for line in frozen.stderr if "wrote nothing" in line)
            assert "another process took the run over" in line
    assert given(host) == ["one"]
    assert f"end {frozen.pid}" in trace(service)
