"""A process acts only while it is sure to live; what is another's by now it leaves alone."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from twilio_connector.connector.http import HttpRequest, Transport
from twilio_connector.host.execution.runtime import Assignment
from twilio_connector.host.host import Host
from twilio_connector.host.processes.identity import Identity
from twilio_connector.host.processes.life import HeldTransport, Hold, Life, Stopping
from twilio_connector.host.store import Store
from twilio_connector.host.store.executions import NotOurs, adopt, end, require_ours
from twilio_connector.host.store.schema import executions

TIME = datetime(2026, 11, 21, 9, 47, 6, tzinfo=UTC)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Wire(Transport):
    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, request):
        self.sent.append(request)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def life(clock):
    life = Life("a.1", 8.0, clock)
    life.beaten(clock.now)
    return life


@pytest.fixture
def hold(life):
    return Hold(life, threading.Event())


def test_no_request_leaves_once_the_heartbeat_is_old(hold, clock):
    wire = Wire()
    held = HeldTransport(wire, hold.require)
    held.send(HttpRequest(method="POST", url="https://api.example"))
    clock.now += 8
    hold.stopping.set()  # or it would wait
    with pytest.raises(Stopping):
        held.send(HttpRequest(method="POST", url="https://api.example"))
    assert len(wire.sent) == 1


def test_what_waits_for_a_heartbeat_goes_on_with_the_next(hold, life, clock):
    clock.now += 60
    waiting = threading.Thread(target=hold.require, daemon=True)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    life.beaten(clock.now)
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_heartbeat_counts_from_when_it_began_not_from_when_it_was_written(life, clock):
    began = clock.now
    clock.now += 9  # the database took its time
    life.beaten(began)
    assert not life.may_act


def test_nobody_is_buried_before_all_had_the_time_to_be_heard_again(life, clock):
    """The database was away for everybody: who is back first may not take the others for dead."""
    for _ in range(4):
        assert not life.may_bury
        clock.now += 2
        life.beaten(clock.now)
    assert life.may_bury
    clock.now += 20
    assert not life.may_bury
    life.beaten(clock.now)
    assert life.may_act
    assert not life.may_bury
    clock.now += 7.9
    life.beaten(clock.now)
    assert not life.may_bury
    clock.now += 0.2
    assert life.may_bury


def test_a_life_that_is_over_never_acts_again(hold, life, clock):
    life.end()
    life.beaten(clock.now)
    with pytest.raises(Stopping):
        hold.require()


def test_a_run_whose_execution_was_given_to_another_run_of_the_same_process_stops(hold):
    hold.lost.set()
    with pytest.raises(Stopping):
        hold.require()


@pytest.fixture
def running(store):
    """Two executors live; the first runs x."""
    store.executors.begin("a.1")
    store.executors.begin("b.1")
    row = {"id": "x", "endpoint_id": "e", "instance_id": "i", "version_id": "v", "flow": "f", "payload": "{}"}
    row |= {"status": "running", "attempt": 1, "executor": "a.1", "available_at": TIME, "created_at": TIME}
    with store.engine.begin() as connection:
        connection.execute(sa.insert(executions).values(row))
    return store


def silence(store: Store, executor: str) -> None:
    with store.engine.begin() as connection:
        place = "twilio_connector.executors" if connection.dialect.name == "postgresql" else "executors"
        connection.execute(sa.text(f"UPDATE {place} SET seen_at = '2020' WHERE id = :id"), {"id": executor})  # noqa: S608


def test_who_is_silent_is_buried_by_another_and_what_it_ran_is_refused_it(running):
    silence(running, "a.1")
    assert running.executors.bury(silent_for=15, but="a.1") == []  # nobody buries themselves
    assert running.executors.bury(silent_for=15, but="b.1") == ["a.1"]
    running.executors.inherit("b.1")
    assert running.executors.beat("a.1") is False
    assert [claim.execution_id for claim in running.executions.running("b.1")] == ["x"]
    with running.engine.begin() as connection:
        for refused in (
            lambda: require_ours(connection, "x", 1, "a.1"),
            lambda: adopt(connection, "x", 1, "a.1"),
            lambda: end(connection, "x", 1, "a.1", status="failed", now=running.executions.get("x").created_at),
        ):
            with pytest.raises(NotOurs):
                refused()
        require_ours(connection, "x", 1, "b.1")
    assert running.executions.get("x").status == "running"


def test_the_dead_inherit_nothing(running):
    silence(running, "a.1")
    running.executors.bury(silent_for=15, but="b.1")
    running.executors.inherit("a.1")
    running.executors.inherit("gone")
    assert running.executions.get("x").executor == "a.1"


def test_a_live_executor_is_not_buried_whatever_the_clock_of_its_machine(running):
    assert running.executors.bury(silent_for=15, but="b.1") == []


def test_an_attempt_that_has_ended_is_not_adopted_again(running):
    with running.engine.begin() as connection:
        end(connection, "x", 1, "a.1", status="succeeded", now=running.executions.get("x").created_at)
        assert adopt(connection, "x", 1, "b.1") is False


def test_a_process_that_was_taken_for_dead_goes_on_under_a_new_name(host, integration, step, call):
    before = host.engine.executor
    host.store.executors.end([before])
    host.engine._beat()
    assert host.engine.executor != before
    assert host.store.executors.alive() == [host.engine.executor]
    ended = call(host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme"))
    assert ended.status == "succeeded"


def test_what_the_engine_has_given_to_another_is_not_adopted(host, integration, step, call):
    """A process froze on its way to an execution, and bears a new name when it comes to it."""
    ended = call(host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme"))
    host.store.executors.begin("b.1")
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).values(status="running", executor="b.1"))
    host.store.executors.end([host.engine.executor])
    host.engine._beat()
    assignment = Assignment(execution_id=ended.execution_id, attempt=1, config={}, connections={})
    with pytest.raises(Stopping):
        host.engine._execute(assignment.to_text())
    assert host.store.executions.get(ended.execution_id).executor == "b.1"


def test_a_host_that_stops_leaves_no_life_behind(settings):
    with Host.open(settings) as host:
        store = Store.open(settings)
        assert store.executors.alive() == [host.engine.executor]
    assert store.executors.alive() == []
    store.close()


def test_who_takes_a_place_knows_its_former_lives_from_all_others(settings, store):
    identity = Identity.take(settings)
    assert identity.lived(identity.new_life())
    assert identity.lived(identity.name)  # as executors were called before they had lives
    assert not identity.lived(identity.name + "0.12345678")
    identity.release()
