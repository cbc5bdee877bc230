"""Actions called from outside: with a key each is done at most once, whatever dies or comes twice."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import ConnectionFailed, ConnectorError, InvalidInput, OutcomeUnknown, TryLater
from twilio_connector.connector.http import Transport
from twilio_connector.host.execution.api_actions import ApiActions, Asked, AtWork
from twilio_connector.host.host import Host
from twilio_connector.host.operating.changes import Wanted
from twilio_connector.host.processes import presence
from twilio_connector.host.processes.presence import Presence
from twilio_connector.host.secrets.vault import Vault
from twilio_connector.host.store.schema import calls

TILL = Path(__file__).parents[1] / "till"
SECRET = "5ecret-of-the-drawer"
OTHER_PROCESS = """
import json, sys
from pathlib import Path
from pydantic import SecretStr
from twilio_connector.host.execution.api_actions import Asked
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
data, url, till, action, inputs = sys.argv[1:]
host = Host.open(Settings(data=Path(data), database_url=SecretStr(url), components=(Path(till),)))
unit = host.registry["till"].actions[action]
host.api_actions.perform(unit, Asked(who="api:t", inputs=json.loads(inputs), connection="Drawer", key="k"))
"""


@pytest.fixture
def host(settings):
    opened = Host.open(replace(settings, components=(TILL,)))
    opened.connections.add(name="Drawer", component="till", key="drawer", fields={"secret": SECRET})
    yield opened
    opened.stop()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "till.txt"


@pytest.fixture
def call(host, file):
    def run(action="charge", key="k", who="api:t", **inputs):
        asked = Asked(who=who, inputs={"file": str(file)} | inputs, connection="Drawer", key=key)
        return host.api_actions.perform(host.registry["till"].actions[action], asked)

    return run


def charged(file):
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_key_that_comes_again_gives_what_the_first_call_gave(call, file, host):
    first, repeated = call()
    again, replayed = call()
    assert (first.data, repeated, replayed) == (again.data, False, True)
    assert charged(file) == 1
    with host.store.engine.begin() as connection:
        (row,) = connection.execute(sa.select(calls)).all()
    assert SECRET not in str(row)  # what it gave holds a secret, so it is kept as ciphertext
    assert row.sealed
    assert "k" not in {row.key_digest, row.fingerprint}


def test_without_a_key_each_call_is_one_of_its_own(call, file):
    assert [call(key=None)[1] for _ in range(3)] == [False] * 3
    assert charged(file) == 3


def test_who_ran_what_on_which_connection_and_how_it_ended_is_in_the_log(call, file, host):
    call(text="not-to-be-told")
    call(text="not-to-be-told")  # the first one's result; nothing is run
    file.with_suffix(".fail").write_text("refused")
    with pytest.raises(ConnectorError):
        call(key=None)
    reading = host.registry["till"].actions["read"]
    drawer = {"key": "drawer", "fields": {"secret": "another-5ecret"}}
    host.api_actions.perform(reading, Asked(who="api:u", inputs={"file": str(file), "drawer": drawer}))
    assert [(line.who, line.what, line.subject, line.summary) for line in host.changes.find(Wanted(), limit=3)[0]] == [
        ("api:u", "action.run", "till.read", "a connection that is not kept here: succeeded"),
        ("api:t", "action.run", "till.charge", "Drawer: refused"),
        ("api:t", "action.run", "till.charge", "Drawer: succeeded"),
    ]
    assert host.changes.find(Wanted(), limit=4)[0][3].what == "connection.add"
    assert "not-to-be-told" not in repr(host.changes.find(Wanted())[0])


def test_keys_of_two_callers_and_two_keys_are_two(call, file):
    call()
    call(who="api:other")
    call(key="another")
    assert charged(file) == 3


def test_a_key_is_for_one_request_only(call, file):
    call()
    with pytest.raises(InvalidInput, match="another request") as refused:
        call(text="dearer")
    assert refused.value.field == "Idempotency-Key"
    with pytest.raises(InvalidInput, match="another request"):
        call("chargeOnce")
    assert charged(file) == 1


def test_of_many_at_once_one_is_done_and_the_others_are_told_to_ask_again(call, file):
    file.with_suffix(".hold").touch()
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(call)
        while not charged(file):
            time.sleep(0.01)
        for other in [pool.submit(call) for _ in range(4)]:
            with pytest.raises(AtWork) as busy:
                other.result()
            assert busy.value.retry_after
        file.with_suffix(".hold").unlink()
        assert first.result()[1] is False
    assert call()[1] is True
    assert charged(file) == 1


@pytest.mark.parametrize("kind", ["input", "connection", "retry"])
def test_after_an_error_that_says_that_nothing_was_done_the_key_is_free(call, file, kind):
    file.with_suffix(".fail").write_text(kind)
    with pytest.raises((InvalidInput, ConnectionFailed, TryLater)):
        call()
    file.with_suffix(".fail").unlink()
    assert call()[1] is False
    assert charged(file) == 1


@pytest.mark.parametrize("kind", ["refused", "unknown", "boom"])
def test_any_other_error_is_what_the_key_gives_from_then_on(call, file, kind):
    file.with_suffix(".fail").write_text(kind)
    with pytest.raises(ConnectorError) as first:
        call()
    before = charged(file)
    file.with_suffix(".fail").unlink()
    with pytest.raises(ConnectorError) as again:
        call()
    assert (again.value.kind, str(again.value)) == (first.value.kind, str(first.value))
    assert charged(file) == before


def test_an_action_that_looks_first_is_done_again_after_an_unknown_outcome_and_finds_what_it_did(call, file):
    file.with_suffix(".fail").write_text("unknown")
    with pytest.raises(OutcomeUnknown):
        call("chargeOnce")
    file.with_suffix(".fail").unlink()
    assert call("chargeOnce")[0].data == {"number": "1", "found": "yes"}
    assert call("chargeOnce")[1] is True
    assert charged(file) == 1


@pytest.fixture
def other(host, file):
    """Another process that was called first, and is at work on it."""
    started = []

    def start(action):
        file.with_suffix(".hold").touch()
        settings = host.settings
        arguments = [settings.data, settings.database_url.get_secret_value(), TILL, action]
        command = [sys.executable, "-c", OTHER_PROCESS, *map(str, arguments), json.dumps({"file": str(file)})]
        process = subprocess.Popen(command)
        started.append(process)
        while not charged(file):
            assert process.poll() is None
            time.sleep(0.02)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("action", ["charge", "chargeOnce"])
def test_what_a_killed_process_began_is_not_done_twice(call, file, other, action):
    process = other(action)
    with pytest.raises(AtWork):
        call(action)
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(AtWork):  # frozen is not dead: it may go on
        call(action)
    process.send_signal(signal.SIGKILL)
    process.wait()
    file.with_suffix(".hold").unlink()
    if action == "chargeOnce":
        assert call(action)[0].data == {"number": "1", "found": "yes"}
        assert call(action)[1] is True
    else:
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="look whether it was done"):
                call(action)
    assert charged(file) == 1


class Wire(Transport):
    """Each request is on its way until it is let go."""

    def __init__(self):
        super().__init__()
        self.sent, self.on_its_way, self.let_go = [], threading.Event(), threading.Event()

    def send(self, request):
        self.sent.append(request.url.rpartition("/")[2])
        self.on_its_way.set()
        assert self.let_go.wait(30)


@pytest.fixture
def wired(host, file):
    """Runs of the action ``wire``, over a wire of their own, by a process with that presence."""

    def make(presence):
        wire = Wire()
        calls = ApiActions(host.api_actions.runtime, wire, presence, host.changes)
        asked = Asked(who="api:t", inputs={"file": str(file)}, connection="Drawer", key="k")
        return wire, lambda: calls.perform(host.registry["till"].actions["wire"], asked)[0].data

    return make


@pytest.fixture
def at_once(monkeypatch):
    """A lock that is free is believed at once, and one that was lost is not taken again by itself."""
    monkeypatch.setattr(presence, "GRACE", 0.0)
    monkeypatch.setattr(presence, "WATCH", 600.0)


def cut_sessions(settings):
    """As a restart of the database does."""
    engine = sa.create_engine(settings.database_url.get_secret_value())
    cut = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with engine.connect() as connection:
        connection.exec_driver_sql(f"{cut} pg_backend_pid()")
    engine.dispose()


on_postgres = pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


@on_postgres
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("comes_first", ["the one that lost its session", "the other"])
def test_of_two_processes_one_goes_on_with_a_call_when_the_database_was_restarted(host, settings, wired, comes_first):
    mine, other = (Presence(host.store.engine, settings.data) for _ in range(2))
    (wire, perform), (others_wire, others_perform) = wired(mine), wired(other)
    others_wire.let_go.set()
    with ThreadPoolExecutor(1) as pool:
        mines = pool.submit(perform)
        assert wire.on_its_way.wait(30)
        cut_sessions(settings)
        if comes_first == "the other":
            assert others_perform() == "charged"
            wire.let_go.set()
            with pytest.raises(OutcomeUnknown, match="another process took it over"):
                mines.result(30)
            assert (wire.sent, others_wire.sent) == (["order"], ["order", "charge"])
        else:
            mine.begin()
            with pytest.raises(AtWork):
                others_perform()
            wire.let_go.set()
            assert mines.result(30) == others_perform() == "charged"
            assert (wire.sent, others_wire.sent) == (["order", "charge"], [])
    mine.end()
    other.end()


def test_a_call_is_dated_by_the_databases_clock_not_by_the_one_of_a_machine_that_may_die(call, host, monkeypatch):
    monkeypatch.setattr("twilio_connector.host.store.api_actions.utc_now", lambda: utc_now() + timedelta(minutes=2))
    call()
    with host.store.engine.begin() as connection:
        assert connection.execute(sa.select(calls.c.created_at)).scalar_one() <= utc_now()


def test_what_one_call_made_another_does_not_take_for_its_own(call, file):
    file.with_suffix(".fail").write_text("unknown")
    with pytest.raises(OutcomeUnknown):
        call("chargeOnce", key="first")
    file.with_suffix(".fail").unlink()
    file.write_text("")  # the first charge was not made after all
    assert call("chargeOnce", key="second")[0].data["number"] == "1"
    assert call("chargeOnce", key="first")[0].data["number"] == "2"
    assert charged(file) == 2


def test_reading_leaves_no_trace_and_a_key_makes_it_repeat(call, file, host):
    file.write_text("one")
    assert call("read", key=None)[0].data == b"one"
    with host.store.engine.begin() as connection:
        assert connection.execute(sa.select(calls)).all() == []
    call("read")
    file.write_text("two")
    assert call("read")[0].data == b"one"


def test_a_connection_that_is_reserved_or_anothers_is_not_used(call, host):
    customer = host.customers.put("acme")
    user = host.users.add(customer.id, external_id="ada")
    (record,) = host.store.connections.all()
    host.connections.update(record.id, name="Drawer", fields={}, reserved_for=[user.id])
    with pytest.raises(ConnectionFailed, match="reserved"):
        call()
    host.connections.update(record.id, name="Renamed", fields={}, reserved_for=[])
    with pytest.raises(InvalidInput, match="there is no connection 'Drawer' of till"):
        call()


def test_calls_are_rotated_and_forgotten_with_the_rest(call, host):
    from twilio_connector.host.operating.retention import forget_calls

    given = call()[0].data
    host.custody.rotate()
    host.custody.forget()
    with host.store.engine.begin() as connection:
        sealed, call_id = connection.execute(sa.select(calls.c.sealed, calls.c.id)).one()
    assert Vault.open(host.settings, host.store.engine).unseal(call_id, sealed)
    assert call()[0].data == given
    forget_calls(host.store.engine, utc_now() + timedelta(seconds=1))
    assert call()[1] is False


@pytest.mark.usefixtures("at_once")
def test_a_process_lives_until_it_ends(host, settings):
    mine, other = (Presence(host.store.engine, settings.data) for _ in range(2))
    assert not mine.lives(other.name)
    other.begin()
    other.begin()
    assert mine.lives(other.name)
    assert mine.lives(mine.name)
    other.end()
    assert not mine.lives(other.name)
    assert not list(settings.data.glob(f"process-{other.name}*"))


@on_postgres
@pytest.mark.usefixtures("at_once")
def test_a_process_that_lost_its_session_lives_again_when_it_begins_again(host, settings):
    mine, other = (Presence(host.store.engine, settings.data) for _ in range(2))
    mine.begin()
    for _ in range(2):
        cut_sessions(settings)
        assert not other.lives(mine.name)
        mine.begin()
        assert other.lives(mine.name)
    mine.end()
    assert not other.lives(mine.name)


@on_postgres
def test_it_takes_its_lock_again_by_itself_and_nobody_takes_it_for_dead_meanwhile(host, settings, monkeypatch):
    monkeypatch.setattr(presence, "WATCH", 0.2)
    mine, other = (Presence(host.store.engine, settings.data) for _ in range(2))
    mine.begin()
    cut_sessions(settings)
    assert other.lives(mine.name)
    monkeypatch.setattr(presence, "GRACE", 0.0)
    deadline = time.monotonic() + 30
    while not other.lives(mine.name) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert other.lives(mine.name)
    mine.end()
    assert not other.lives(mine.name)


@on_postgres
def test_a_lock_that_was_free_before_our_own_session_ended_tells_nothing(host, settings, monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 1e-9)
    mine = Presence(host.store.engine, settings.data)
    mine.begin()
    assert mine.lives("another")  # when it is missed for the first time
    assert not mine.lives("another")
    cut_sessions(settings)
    mine.begin()
    assert mine.lives("another")
    mine.end()
