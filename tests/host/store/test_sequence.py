"""Those of one sequence run one after another, whoever claims them."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio_connector.connector.context import utc_now
from twilio_connector.host.receiving.inbox import Inbound, Inbox, admit
from twilio_connector.host.settings import Limits
from twilio_connector.host.store import executions
from twilio_connector.host.store.ids import rising_ids
from twilio_connector.host.store.schedules import is_open
from twilio_connector.host.store.schema import executions as table
from twilio_connector.host.store.steps import StepRow, begin_step

NOW = datetime(2100, 1, 1, tzinfo=UTC)
new_id = rising_ids()


@pytest.fixture
def accept(store):
    inbox = Inbox(store.engine, Limits())

    def take(sequence, execution_id=None, endpoint="e", concurrency=None):
        item = Inbound(
            execution_id=execution_id or new_id(),
            endpoint_id=endpoint,
            instance_id="i",
            version_id="v",
            flow="f",
            payload=sequence,
            sequence=sequence,
            concurrency=concurrency,
        )
        return inbox.accept_now(item).execution_id

    yield take
    inbox.close()


def claim(store, limit=8):
    return [claimed.execution_id for claimed in store.executions.claim("x", NOW, limit)]


def end(store, execution_id, attempt=1):
    with store.engine.begin() as connection:
        executions.end(connection, execution_id, attempt, "x", status="succeeded", now=NOW)


def test_only_the_first_of_a_sequence_is_handed_out(store, accept):
    first, second = accept("s"), accept("s")
    other, free, also_free = accept("s", endpoint="e2"), accept(""), accept("")
    assert claim(store) == [first, other, free, also_free]
    assert claim(store) == []
    end(store, first)
    assert claim(store) == [second]


def test_one_that_waits_for_its_next_attempt_holds_up_those_after_it(store, accept):
    first, second, *_ = [accept("s") for _ in range(9)]
    assert claim(store) == [first]
    with store.engine.begin() as connection:
        executions.postpone(connection, first, 1, "x", until=NOW + timedelta(hours=1), error={})
    assert claim(store) == []
    with store.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == first).values(available_at=NOW))
    assert claim(store, 1) == [first]
    end(store, first, attempt=2)
    assert claim(store) == [second]


def test_one_that_was_on_disk_first_is_not_joined_by_an_earlier_id(store, accept):
    earlier, later = new_id(), accept("s")
    assert claim(store) == [later]
    accept("s", earlier)
    assert claim(store) == []
    end(store, later)
    assert claim(store) == [earlier]


def test_what_is_accepted_later_comes_later_whatever_the_clocks_of_two_processes_say(store, accept, monkeypatch):
    """The first is accepted by one whose clock is five minutes fast, in its id too; the others by one that is right."""
    ids, right = sorted(new_id() for _ in range(3)), utc_now()
    for execution_id, minutes in zip(reversed(ids), (5, 0, 0), strict=True):
        now = right + timedelta(minutes=minutes)
        monkeypatch.setattr("twilio_connector.host.receiving.inbox.utc_now", lambda now=now: now)
        accept("s", execution_id)
    for execution_id in reversed(ids):
        assert claim(store) == [execution_id]
        end(store, execution_id)


@pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_one_that_supersedes_what_another_process_is_about_to_accept_comes_after_it(store, monkeypatch):
    """Its own clock is behind; it waits until the other is on disk, and is dated after it."""
    early, late, right = new_id(), new_id(), utc_now()

    def accept(connection, execution_id, identity, supersedes=()):
        item = Inbound(
            execution_id=execution_id,
            endpoint_id="e",
            instance_id="i",
            version_id="v",
            flow="f",
            payload="{}",
            identities=(identity,),
            supersedes=supersedes,
            sequence="s",
        )
        return admit(connection, [item])

    def accept_late():
        with store.engine.begin() as connection:
            return accept(connection, early, "delivered", ("sent",))

    with ThreadPoolExecutor(1) as other:
        with store.engine.begin() as first:
            monkeypatch.setattr("twilio_connector.host.receiving.inbox.utc_now", lambda: right + timedelta(minutes=5))
            accept(first, late, "sent")
            monkeypatch.setattr("twilio_connector.host.receiving.inbox.utc_now", lambda: right)
            waiting = other.submit(accept_late)
            deadline = time.monotonic() + 30
            while first.scalar(sa.text("SELECT bool_and(granted) FROM pg_locks")) and time.monotonic() < deadline:
                time.sleep(0.01)
        assert not waiting.result(30)[0].duplicate
    assert claim(store) == [late]
    end(store, late)
    assert claim(store) == [early]


def test_when_a_step_began_is_told_by_the_clock_of_the_database(store, accept):
    """Who looks for what it sent may be another process, whose clock is another."""
    wrong = utc_now() + timedelta(minutes=5)
    row = StepRow(
        execution_id=accept(""),
        flow_attempt=1,
        path="send",
        attempt=1,
        name="Send",
        component="c",
        action="a",
        status="running",
        started_at=wrong,
    )
    with store.engine.begin() as connection:
        assert begin_step(connection, row) is None
        began = begin_step(connection, row)
    assert abs(began - utc_now()) < timedelta(minutes=2)


LANES = st.tuples(
    st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["e", "f"]), st.sampled_from([None, None, 1, 2])
)
STEPS = st.one_of(
    st.tuples(st.just("accept"), LANES),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("end"), st.integers(0, 3)),
    st.tuples(st.just("retry"), st.integers(0, 3)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=25))
def test_whatever_happens_a_sequence_runs_in_order_and_alone_and_limits_hold(store, accept, steps):
    """Of those that may run, the oldest; one that is tried again is due after all others, and still first in its sequence."""
    with store.engine.begin() as connection:
        connection.execute(sa.delete(table))
    accepted, waiting, running, attempts, retried = [], [], [], Counter(), {}
    for what, value in steps:
        if what == "accept":
            sequence, endpoint, limit = value
            lane = (f"{endpoint} {sequence}" if sequence else "", endpoint, limit)
            accepted.append((accept(sequence, endpoint=endpoint, concurrency=limit), *lane))
            waiting.append(accepted[-1])
        elif what == "end" and running:
            ended = running.pop(value % len(running))
            accepted.remove(ended)
            end(store, ended[0], 1 + attempts[ended[0]])
        elif what == "retry" and running:
            again = running.pop(value % len(running))
            with store.engine.begin() as connection:
                until = NOW - timedelta(seconds=100 - attempts.total())
                executions.postpone(connection, again[0], 1 + attempts[again[0]], "x", until=until, error={})
            attempts[again[0]] += 1
            retried[again[0]] = attempts.total()
            waiting.append(again)
        elif what == "claim":
            due = _due(accepted, sorted(waiting, key=lambda one: retried.get(one[0], 0)), running)[:value]
            assert claim(store, value) == sorted(one[0] for one in due)
            running += due
            waiting = [one for one in waiting if one not in due]


def _due(accepted, waiting, running):
    heads = {sequence: execution_id for execution_id, sequence, *_ in reversed(accepted)}
    busy = {sequence for _, sequence, *_ in running}
    at_once, full, found = Counter(endpoint for *_, endpoint, limit in running if limit), set(), []
    for one in waiting:
        execution_id, sequence, endpoint, limit = one
        if sequence and (heads[sequence] != execution_id or sequence in busy):
            continue
        if limit and (endpoint in full or at_once[endpoint] >= limit):
            full.add(endpoint)
            continue
        at_once[endpoint] += bool(limit)
        found.append(one)
    return found


def test_processes_that_claim_at_once_never_run_two_of_a_sequence(store, accept):
    accepted = {sequence: [accept(sequence) for _ in range(6)] for sequence in "abcd"}
    sequence_of = {execution_id: sequence for sequence, ids in accepted.items() for execution_id in ids}
    lock, running, order, crowded = threading.Lock(), set(), [], []

    def work(_):
        while len(order) < 24 and not crowded:
            for claimed in store.executions.claim("x", NOW, 2):
                sequence = sequence_of[claimed.execution_id]
                with lock:
                    crowded.extend({sequence} & running)
                    running.add(sequence)
                    order.append(claimed.execution_id)
                store.executions.get(claimed.execution_id)  # its work, while the others claim
                with lock:
                    running.remove(sequence)
                end(store, claimed.execution_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert crowded == []
    for ids in accepted.values():
        assert [execution_id for execution_id in order if execution_id in ids] == ids


def test_where_two_were_claimed_at_once_the_database_lets_one_run(store, accept):
    first, second = accept("s"), accept("s")
    assert claim(store) == [first]
    with pytest.raises(sa.exc.IntegrityError), store.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == second).values(status="running"))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_claim_begins_at_the_front_of_what_waits(store, accept):
    """What nobody asked for costs the claims of everybody else nothing."""
    accept("")
    seen = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    assert len(claim(store)) == 1
    assert len(seen) == 3  # BEGIN, whether others wait for their turn, and the claim
    accept("s")
    assert len(claim(store)) == 1
    with store.engine.begin() as connection:
        asked = [given for given in seen if "executions.status IN" in given[0]]
        plans = [str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()) for text, values in asked]
    for index in ("COVERING INDEX executions_in_turn", "executions_free", "executions_of_sequence"):
        assert any(index in plan for plan in plans)
    assert not any("TEMP B-TREE" in plan or "SCAN executions'" in plan for plan in plans)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lane", ["a sequence that runs", "a sequence that waits", "a limit"])
def test_a_long_queue_that_has_to_wait_is_passed_over(store, accept, lane):
    first, *_ = [
        accept("" if lane == "a limit" else "s", concurrency=1 if lane == "a limit" else None) for _ in range(99)
    ]
    last, seen = accept("other", endpoint="o"), []
    assert claim(store, 1) == [first]
    if lane == "a sequence that waits":
        with store.engine.begin() as connection:
            executions.postpone(connection, first, 1, "x", until=NOW + timedelta(hours=1), error={})
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert claim(store, 1) == [last]
    assert sum("ORDER BY" in text and "AS head" in text for text in seen) <= 2


@pytest.mark.parametrize(
    "ask", [lambda store: is_open(store.engine, "e"), lambda store: store.executions.any_open("i")]
)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_whether_something_is_open_is_asked_without_looking_at_what_has_ended(store, accept, ask):
    assert not ask(store)
    seen, execution_id = [], accept("")
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    assert ask(store)
    ((statement, values),) = [given for given in seen if "SELECT" in given[0]]
    with store.engine.begin() as connection:
        assert "INDEX executions_open" in str(
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        )
    assert claim(store) == [execution_id]
    end(store, execution_id)
    assert not ask(store)
