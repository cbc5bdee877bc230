"""Many processes on one Postgres, of which some are killed, frozen or cut off: each accepted text is answered once."""

import os
import signal
import threading

import pytest

from .conftest import until

ON_POSTGRES = pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


def under_load(machines, line, count, *worker):
    """Kill one worker, freeze another until its work is taken over, then cut the third off until its own is."""
    machines.twilio.state.faults.add("slow", method="POST", path="*/Messages*", times=None, rate=0.3, seconds=0.3)
    acceptor = machines.acceptor("--no-work")
    killed, frozen = (machines.start(name, *worker) for name in ("killed", "frozen"))
    cut_off = machines.start("cut-off", *worker, database=line.url)
    sender = threading.Thread(target=machines.send, args=(range(count),))
    sender.start()
    until(lambda: machines.statuses()["succeeded"] > count // 10, killed, frozen, cut_off)
    os.kill(killed.pid, signal.SIGKILL)
    os.kill(frozen.pid, signal.SIGSTOP)
    until(lambda: not {"killed", "frozen"} & owners(machines), cut_off)
    os.kill(frozen.pid, signal.SIGCONT)
    until(lambda: "frozen" in owners(machines), frozen, cut_off)
    line.cut()
    until(lambda: "cut-off" not in owners(machines), frozen)
    line.mend()
    sender.join()
    machines.wait_for_all(count, acceptor, frozen, cut_off)


def owners(machines) -> set[str]:
    """Whose executions run, by the names of the data directories."""
    bases = {(machines.folder / name / "executor-id"): name for name in ("killed", "frozen", "cut-off")}
    named = {path.read_text(): name for path, name in bases.items() if path.exists()}
    return {named.get(executor.rpartition("-")[0], executor) for executor in machines.running()}


@ON_POSTGRES
def test_killed_frozen_and_cut_off_under_load_each_text_is_answered_once(machines, line):
    under_load(machines, line, 400)


@pytest.mark.soak
@ON_POSTGRES
def test_10_000_texts_are_answered_once_each(machines, line):
    under_load(machines, line, 10_000, "worker")
