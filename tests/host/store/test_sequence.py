"""Those of one sequence run one after another, whoever claims them."""

import threading
import time
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

NOW = datetime(2100, 1, 1, tzinfo=UTC)
new_id = rising_ids()


@pytest.fixture
def accept(store):
    inbox = Inbox(store.engine, Limits())

    def take(sequence, execution_id=None, endpoint="e"):
        item = Inbound(
            execution_id=execution_id or new_id(),
            endpoint_id=endpoint,
            instance_id="i",
            version_id="v",
            flow="f",
            payload=sequence,
            sequence=sequence,
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
    first, second = accept("s"), accept("s")
    assert claim(store) == [first]
    with store.engine.begin() as connection:
        executions.postpone(connection, first, 1, "x", until=NOW + timedelta(hours=1), error={})
    assert claim(store) == []
    with store.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == first).values(available_at=NOW))
    assert claim(store) == [first]
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
    row = executions.StepRow(
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
        assert executions.begin_step(connection, row) is None
        began = executions.begin_step(connection, row)
    assert abs(began - utc_now()) < timedelta(minutes=2)


STEPS = st.one_of(
    st.tuples(st.just("accept"), st.sampled_from(["", "a", "b", "c"])),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("end"), st.integers(0, 3)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=25))
def test_whatever_happens_a_sequence_runs_in_order_and_alone(store, accept, steps):
    with store.engine.begin() as connection:
        connection.execute(sa.delete(table))
    waiting, running = [], []
    for what, value in steps:
        if what == "accept":
            waiting.append((accept(value), value))
        elif what == "end" and running:
            end(store, running.pop(value % len(running))[0])
        elif what == "claim":
            due = _due(waiting, running)[:value]
            assert claim(store, value) == [execution_id for execution_id, _ in due]
            running += due
            waiting = [one for one in waiting if one not in due]


def _due(waiting, running):
    busy, found = {sequence for _, sequence in running if sequence}, []
    for execution_id, sequence in waiting:
        if sequence not in busy:
            found.append((execution_id, sequence))
        busy |= {sequence} - {""}
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


def test_a_claim_looks_at_open_executions_only(store, accept):
    accept("s")
    seen = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    claim(store)
    ((statement, values),) = [given for given in seen if "UPDATE" in given[0]]
    prefix = "EXPLAIN QUERY PLAN " if store.engine.dialect.name == "sqlite" else "EXPLAIN "
    with store.engine.begin() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # the table is too small for an index to pay
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(prefix + statement, values))
    assert "executions_open" in plan
    assert "executions_in_sequence" in plan
    assert "executions_running_in_sequence" in plan


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
