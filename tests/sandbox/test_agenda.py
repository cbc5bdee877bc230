"""What is to happen later: in order within a lane, and no lane waits for another."""

from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event

import pytest
from twilio_connector.sandbox.agenda import Agenda

THREADS = 4


@pytest.fixture
def agenda() -> Iterator[Agenda]:
    agenda = Agenda(THREADS)
    yield agenda
    agenda.close()


def test_slow_jobs_hold_up_no_other_lane(agenda: Agenda) -> None:
    """As long as one thread is left."""
    go, done = Event(), SimpleQueue[str]()
    slow, lanes = [f"slow {n}" for n in range(THREADS - 1)], [f"SM{n:032x}" for n in range(64)]
    for lane in slow:
        agenda.after(0, lane, lambda: go.wait(10) or None)
        agenda.after(0, lane, lambda lane=lane: done.put(lane))
    for lane in lanes:
        agenda.after(0, lane, lambda lane=lane: done.put(lane))
    assert {done.get(timeout=5) for _ in lanes} == set(lanes)
    go.set()
    assert {done.get(timeout=5) for _ in slow} == set(slow)


def test_the_jobs_of_a_lane_run_one_after_the_other_in_their_order(agenda: Agenda) -> None:
    done, at_work = SimpleQueue[tuple[str, int, int]](), dict.fromkeys("abcdef", 0)

    def job(lane: str, place: int) -> None:
        at_work[lane] += 1
        done.put((lane, place, at_work[lane]))
        at_work[lane] -= 1

    for place in range(50):
        for lane in at_work:
            agenda.after(0, lane, lambda lane=lane, place=place: job(lane, place))
    seen = [done.get(timeout=5) for _ in range(50 * len(at_work))]
    for lane in at_work:
        assert [it[1:] for it in seen if it[0] == lane] == [(place, 1) for place in range(50)]


def test_a_job_that_fails_ends_neither_its_lane_nor_its_thread(
    agenda: Agenda, caplog: pytest.LogCaptureFixture
) -> None:
    done = SimpleQueue[int]()
    for place in range(3 * THREADS):
        agenda.after(0, "a", lambda: 1 / 0 and None)
        agenda.after(0, "a", lambda place=place: done.put(place))
    assert [done.get(timeout=5) for _ in range(3 * THREADS)] == list(range(3 * THREADS))
    assert "a fault of its own" in caplog.text
