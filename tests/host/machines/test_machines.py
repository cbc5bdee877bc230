"""Many processes on one Postgres, of which some are killed, frozen or cut off: each accepted text is answered once."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from .conftest import until

ON_POSTGRES = pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


def under_load(machines, line, count, *worker):
    """Kill one worker, freeze another until its work is taken over, then cut the third off until its own is."""
    machines.twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.3, seconds=0.3)
    acceptor = machines.acceptor("--no-work")
    killed, frozen = (machines.start(name, *worker) for name in ("killed", "frozen"))
    cut_off = machines.start("cut-off", *worker, database=line.url)
    with sending(machines, count // 2):
        until_they_work(machines, {"killed", "frozen"}, killed, frozen, cut_off)
        os.kill(killed.pid, signal.SIGKILL)
        os.kill(frozen.pid, signal.SIGSTOP)
        until(lambda: not {"killed", "frozen"} & owners(machines), cut_off)
    os.kill(frozen.pid, signal.SIGCONT)
    with sending(machines, count // 2):
        until_they_work(machines, {"frozen", "cut-off"}, frozen, cut_off)
        line.cut()
        until(lambda: "cut-off" not in owners(machines), frozen)
        line.mend()
    machines.wait_for_all(acceptor, frozen, cut_off)


@contextmanager
def sending(machines, count):
    sender = threading.Thread(target=machines.send, args=(count,))
    sender.start()
    yield
    sender.join()


def until_they_work(machines, names, *processes):
    """Wait until each of them has work at the same time. When all is done before that, more is sent."""

    def holds():
        if not machines.statuses()["accepted"]:
            machines.send(20)
        return owners(machines) >= names

    until(holds, *processes)


def owners(machines) -> set[str]:
    """Whose executions run, by the names of the data directories."""
    bases = {(machines.folder / name / "executor-id"): name for name in ("killed", "frozen", "cut-off")}
    named = {path.read_text(): name for path, name in bases.items() if path.exists()}
    return {named.get(executor.rpartition("-")[0], executor) for executor in machines.running()}


@ON_POSTGRES
def test_killed_frozen_and_cut_off_under_load_each_text_is_answered_once(machines, line):
    under_load(machines, line, 200)


@pytest.mark.soak
@ON_POSTGRES
def test_10_000_texts_are_answered_once_each(machines, line):
    under_load(machines, line, 10_000, "worker")


@ON_POSTGRES
def test_one_after_another_replaced_under_load_nothing_is_lost_and_each_text_is_answered_once(machines):
    acceptor, old = machines.acceptor("--no-work"), machines.start("worker")
    with sending(machines, 100):
        until(lambda: machines.statuses()["succeeded"] > 15, acceptor, old)
        new = machines.start("worker")  # in the same data directory, as a supervisor would start it
        old.terminate()
        acceptor.terminate()
        assert (acceptor.wait(60), old.wait(60)) == (0, 0)
        acceptor = machines.acceptor("--no-work")
    machines.wait_for_all(acceptor, new)


def killed_again_and_again(machines, count, times, seconds):
    """Kill the one process each few seconds while texts come in, and start it again."""
    machines.twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.3, seconds=0.3)
    host = machines.acceptor()
    with sending(machines, count):
        while times > 0 and (done := machines.statuses()["succeeded"]) < count:
            kill_at = time.monotonic() + seconds
            until(lambda: machines.statuses()["succeeded"] > done and time.monotonic() > kill_at, host)  # noqa: B023
            os.kill(host.pid, signal.SIGKILL)
            host.wait()
            host = machines.acceptor()
            times -= 1
    machines.wait_for_all(host)


ON_SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@ON_SQLITE
def test_killed_under_load_on_sqlite_each_text_is_answered_once(machines):
    killed_again_and_again(machines, 100, 2, 0.5)


@pytest.mark.soak
@ON_SQLITE
def test_10_000_texts_on_sqlite_are_answered_once_each_though_it_is_killed_every_few_seconds(machines):
    killed_again_and_again(machines, 10_000, 10_000, 5)
