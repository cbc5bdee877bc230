"""Webhooks registered on deployment and put back on removal: the local Twilio's state before, during and after."""

import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput, TryLater
from twilio_connector.connector.http import Transport
from twilio_connector.host.deployment import registrations
from twilio_connector.host.host import Host
from twilio_connector.host.processes.locks import Locks
from twilio_connector.host.settings import Settings
from twilio_connector.host.store.schema import registrations as table
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving, url_of
from twilio_connector.sandbox.server import Sandbox

THEIRS = "https://ada:hunter2@theirs.example/sms"
DELIVERED, READ = "com.twilio.messaging.message.delivered", "com.twilio.messaging.message.read"
HEAD = """\
definitionVersion: 7
name: Reception
requiredConfigVars:
  - {key: Twilio, dataType: connection, connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: basic}}
flows:
"""
FLOW = """\
  - name: %s
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: %s}
        inputs: {twilioConnection: {type: configVar, value: Twilio}%s}
"""


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def twilio(running):
    running.state.reset()
    return running


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data", public_url="https://host.example")


class Desk:
    """A host, what it deploys, and what there is at the local Twilio then."""

    def __init__(self, twilio: Sandbox, folder: Path) -> None:
        self.twilio, self.folder = twilio, folder

    @contextmanager
    def host(self, settings: Settings):
        host = Host.open(settings)
        try:
            yield host
        finally:
            host.stop()

    def connect(self, host: Host, name: str = "Twilio") -> str:
        if known := host.store.connections.named(name):
            return known.id
        own = self.twilio
        fields = {"username": own.account_sid, "password": own.auth_token, "baseUrl": own.base_url}
        return host.connections.add(name=name, component="twilio", key="basic", fields=fields).id

    def file(self, *flows: str) -> Path:
        path = self.folder / "reception.yaml"
        path.write_text(HEAD + "".join(flows))
        return path

    def deploy(self, host: Host, *flows: str, **given):
        return host.instances.deploy(self.file(*flows), customer="acme", config={"Twilio": self.connect(host)} | given)

    def url(self, host: Host, flow: str = "Answer") -> str:
        (instance,) = host.store.instances.all()
        return host.endpoints.addresses(instance.id)[flow]

    def flow(self, name: str = "Answer", trigger: str = "inboundMessage", **inputs: str) -> str:
        target = inputs or {"target": "number", "phoneNumberSid": self.number.sid}
        return FLOW % (
            name,
            trigger,
            "".join(f", {key}: {{type: value, value: {value}}}" for key, value in target.items()),
        )

    def overwriting(self, name: str = "Answer") -> str:
        return self.flow(name, target="number", phoneNumberSid=self.number.sid, onConflict="overwrite")

    def stream(self, types: str = DELIVERED) -> str:
        return FLOW % (
            "Events",
            "eventStream",
            f", target: {{type: value, value: sink}}, eventTypes: {{type: value, value: {types}}}",
        )

    @property
    def number(self):
        return self.twilio.state.number(self.twilio.number)

    @property
    def service(self):
        return self.twilio.state.services.get(self.twilio.messaging_service)

    @property
    def sinks(self) -> dict[str, set[str]]:
        state = self.twilio.state
        return {
            sink.sink_configuration["destination"]: {it.type for it in state.subscribed_events.newest()}
            for sink in state.sinks.newest()
        }

    def theirs(self) -> None:
        self.twilio.state.change_number(self.number.sid, sms_url=THEIRS)

    def changes_sent(self) -> int:
        return sum(it.way == "in" and it.method != "GET" for it in self.twilio.state.exchanges())


@pytest.fixture
def desk(twilio, tmp_path):
    return Desk(twilio, tmp_path)


@pytest.fixture
def host(desk, settings):
    with desk.host(settings) as opened:
        yield opened


def record(host, flow="Answer"):
    return next((it for it in host.store.registrations.due(utc_now()) + _all(host) if it.flow == flow), None)


def _all(host):
    return [it for instance in host.store.instances.all() for it in host.store.registrations.of(instance.id)]


# ── deployed, deployed again, removed ────────────────────────────────────────────────────────────────────────────────────────


def test_a_deployment_registers_and_a_removal_puts_back(host, desk):
    desk.theirs()
    service = desk.service.sid
    status = desk.flow("Status", "messageStatus", target="messagingService", messagingServiceSid=service)
    instance = desk.deploy(host, desk.overwriting(), status, desk.stream())
    urls = host.endpoints.addresses(instance.id)
    assert desk.number.sms_url == urls["Answer"]
    assert desk.service.status_callback == urls["Status"]
    assert desk.sinks == {urls["Events"]: {DELIVERED}}
    assert {it.flow: it.status for it in _all(host)} == dict.fromkeys(urls, "registered")
    host.instances.remove(instance.id)
    assert (desk.number.sms_url, desk.service.status_callback, desk.sinks) == (THEIRS, "", {})
    assert (host.store.instances.all(), host.store.registrations.of(instance.id)) == ([], [])


def test_deploying_again_changes_nothing_at_twilio(host, desk):
    desk.theirs()
    desk.deploy(host, desk.overwriting(), desk.stream())
    before, sent = record(host), desk.changes_sent()
    desk.deploy(host, desk.overwriting(), desk.stream())
    assert desk.changes_sent() == sent
    after = record(host)
    assert (after.changes, after.registered_at, after.status) == (before.changes, before.registered_at, "registered")


def test_a_flow_without_a_target_registers_nothing(host, desk):
    instance = desk.deploy(host, desk.flow(target="none"))
    assert _all(host) == []
    assert desk.changes_sent() == 0
    host.instances.remove(instance.id)
    assert host.store.instances.all() == []


def test_a_flow_that_is_gone_from_a_new_version_is_put_back(host, desk):
    desk.theirs()
    desk.deploy(host, desk.overwriting(), desk.stream())
    desk.deploy(host, desk.stream())
    assert desk.number.sms_url == THEIRS
    assert [it.flow for it in _all(host)] == ["Events"]


def test_a_flow_that_was_renamed_takes_its_number_along(host, desk):
    desk.theirs()
    desk.deploy(host, desk.overwriting())
    desk.deploy(host, desk.overwriting("Reply"))
    assert desk.number.sms_url == desk.url(host, "Reply")
    host.instances.remove(host.store.instances.all()[0].id)
    assert desk.number.sms_url == THEIRS


def test_a_flow_that_says_its_old_name_keeps_its_address_registered(host, desk):
    instance = desk.deploy(host, desk.flow())
    url = desk.url(host)
    path = desk.file(desk.flow("Reply"))
    path.write_text(path.read_text() + "renameAttributes: {flows: [{oldName: Answer, newName: Reply}]}\n")
    host.integrations.publish(path)
    host.instances.upgrade(instance.id)
    assert desk.url(host, "Reply") == url == desk.number.sms_url
    assert (record(host, "Reply").status, len(host.store.registrations.of(instance.id))) == ("registered", 1)
    host.instances.remove(instance.id)
    assert desk.number.sms_url != url


def test_another_target_takes_the_place_of_the_first(host, desk):
    desk.theirs()
    desk.deploy(host, desk.overwriting())
    service = {"target": "messagingService", "messagingServiceSid": desk.service.sid}
    desk.deploy(host, desk.flow(**service, onConflict="overwrite"))
    assert (desk.number.sms_url, desk.service.inbound_request_url) == (THEIRS, desk.url(host))
    desk.deploy(host, desk.flow(target="none"))
    assert not desk.service.inbound_request_url
    assert _all(host) == []


def test_another_trigger_of_the_same_flow_takes_the_place_of_the_first(host, desk):
    desk.deploy(host, desk.flow())
    desk.deploy(host, desk.flow(trigger="inboundCall"))
    assert (desk.number.sms_url, desk.number.voice_url) == ("", desk.url(host))


def test_another_connection_is_not_needed_to_put_back_what_the_first_registered(host, desk):
    desk.deploy(host, desk.flow())
    other = desk.twilio.state.add_account("Other")
    fields = {"username": other.sid, "password": other.auth_token, "baseUrl": desk.twilio.base_url}
    new = host.connections.add(name="Other", component="twilio", key="basic", fields=fields)
    number = desk.twilio.state.add_number("+14155550999", other.sid)
    desk.deploy(host, desk.flow(target="number", phoneNumberSid=number.sid), Twilio=new.id)
    assert (desk.number.sms_url, desk.twilio.state.numbers[number.sid].sms_url) == ("", desk.url(host))


def test_an_address_that_moved_is_registered_anew(desk, settings):
    desk.theirs()
    with desk.host(settings) as host:
        desk.deploy(host, desk.overwriting(), desk.stream())
    with desk.host(replace(settings, public_url="https://moved.example")) as host:
        instance = desk.deploy(host, desk.overwriting(), desk.stream())
        assert desk.number.sms_url == desk.url(host)
        assert desk.url(host).startswith("https://moved.example/")
        assert list(desk.sinks) == [desk.url(host, "Events")]
        host.instances.remove(instance.id)
    assert (desk.number.sms_url, desk.sinks) == (THEIRS, {})


def test_what_is_no_longer_ours_is_not_touched_on_removal(host, desk):
    instance = desk.deploy(host, desk.flow())
    desk.theirs()
    host.instances.remove(instance.id)
    assert desk.number.sms_url == THEIRS


def test_what_is_registered_is_heard(desk, settings):
    """Over the wire: a text to the number and its event both come to their flows, signed."""
    listening = listen()
    settings = replace(settings, public_url=url_of(listening))
    with desk.host(settings) as host, serving(create_app(host, Access(host.credentials)), listening):
        desk.deploy(host, desk.flow(), desk.stream("com.twilio.messaging.inbound-message.received"))
        desk.twilio.state.receive(desk.twilio.handset, desk.twilio.number, "Hi")
        told = lambda: [it.status for it in desk.twilio.state.exchanges() if it.way == "out"]  # noqa: E731
        desk.twilio.state.wait_for(lambda: len(told()) == 2, 30)
        assert told() == [200, 200]
        assert sorted(it.flow for it in host.store.executions.recent()) == ["Answer", "Events"]


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_conflict_leaves_the_instance_and_takes_back_what_the_deployment_registered(host, desk):
    desk.theirs()
    status = desk.flow("Also", "messageStatus", target="messagingService", messagingServiceSid=desk.service.sid)
    with pytest.raises(
        InvalidInput, match="the flow 'Answer' is deployed, but its webhook is not registered"
    ) as caught:
        desk.deploy(host, status, desk.flow(), desk.stream())
    assert desk.twilio.number in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert (desk.number.sms_url, desk.service.status_callback, desk.sinks) == (THEIRS, "", {})
    assert {it.flow: it.status for it in _all(host)} == dict.fromkeys(("Also", "Answer", "Events"), "failed")
    assert "https://theirs.example/sms" in record(host).error
    assert "put back, since the flow 'Answer'" in record(host, "Also").error
    assert "not tried" in record(host, "Events").error
    desk.twilio.state.change_number(desk.number.sid, sms_url="")
    instance = desk.deploy(host, status, desk.flow(), desk.stream())
    assert {it.status for it in _all(host)} == {"registered"}
    host.instances.remove(instance.id)
    assert (desk.number.sms_url, desk.service.status_callback, desk.sinks) == ("", "", {})


def test_what_was_registered_before_a_deployment_that_fails_stays(host, desk):
    desk.theirs()
    desk.deploy(host, desk.stream())
    with pytest.raises(InvalidInput):
        desk.deploy(host, desk.stream(), desk.flow())
    assert list(desk.sinks) == [desk.url(host, "Events")]
    assert record(host, "Events").status == "registered"


def test_two_flows_on_one_number_are_a_conflict_whatever_they_say(host, desk):
    with pytest.raises(InvalidInput, match="registered for the flow 'Answer' of 'Reception'"):
        desk.deploy(host, desk.overwriting(), desk.overwriting("Zweite"))
    assert desk.number.sms_url == ""


def test_another_instance_on_the_same_number_is_a_conflict(host, desk):
    first = desk.deploy(host, desk.flow())
    with pytest.raises(InvalidInput, match="registered for the flow 'Answer' of 'Reception'"):
        host.instances.deploy(desk.file(desk.overwriting()), customer="other", config={"Twilio": "Twilio"})
    assert desk.number.sms_url == host.endpoints.addresses(first.id)["Answer"]


def test_registering_again_mends_a_failure(host, desk):
    desk.theirs()
    with pytest.raises(InvalidInput):
        desk.deploy(host, desk.flow())
    endpoint = record(host).endpoint_id
    with pytest.raises(InvalidInput):
        host.endpoints.register_again(endpoint)
    desk.twilio.state.change_number(desk.number.sid, sms_url="")
    host.endpoints.register_again(endpoint)
    assert (desk.number.sms_url, record(host).status, record(host).error) == (desk.url(host), "registered", None)


def test_an_instance_whose_webhooks_cannot_be_put_back_is_off_and_goes_later(host, desk, monkeypatch):
    desk.theirs()
    instance = desk.deploy(host, desk.overwriting())
    monkeypatch.setattr(Transport, "send", unreachable)
    monkeypatch.setattr(registrations.Registrations, "_nap", lambda self, seconds: None)
    with pytest.raises(TryLater, match="the instance is switched off and goes once its webhooks are put back"):
        host.instances.remove(instance.id)
    (left,) = host.store.instances.all()
    assert not left.enabled
    assert (record(host).status, record(host).attempts) == ("removing", 1)
    assert "cannot be reached" in record(host).error
    monkeypatch.undo()
    host.registrations.finish()  # too early
    assert desk.number.sms_url == desk.url(host)
    host.store.registrations.save(record(host).endpoint_id, due_at=utc_now())
    host.registrations.finish()
    assert (desk.number.sms_url, host.store.instances.all()) == (THEIRS, [])


def test_an_instance_that_is_leaving_and_deployed_again_stays(host, desk, monkeypatch):
    instance = desk.deploy(host, desk.flow())
    with monkeypatch.context() as patch:
        patch.setattr(Transport, "send", unreachable)
        patch.setattr(registrations.Registrations, "_nap", lambda self, seconds: None)
        with pytest.raises(TryLater):
            host.instances.remove(instance.id)
    desk.deploy(host, desk.flow())
    (left,) = host.store.instances.all()
    assert (left.id, left.enabled, record(host).status) == (instance.id, True, "registered")


def test_force_removes_the_instance_and_leaves_twilio_as_it_is(host, desk, monkeypatch):
    instance = desk.deploy(host, desk.flow())
    url = desk.url(host)
    monkeypatch.setattr(Transport, "send", unreachable)
    host.instances.remove(instance.id, force=True)
    assert (host.store.instances.all(), desk.number.sms_url) == ([], url)


def test_a_connection_stays_while_something_is_registered_with_it(host, desk, monkeypatch):
    desk.deploy(host, desk.flow(), desk.stream())
    monkeypatch.setattr(registrations.Registrations, "_nap", lambda self, seconds: None)
    desk.twilio.state.faults.add("status", status=503, times=None)
    new = desk.connect(host, "New")
    with pytest.raises(TryLater):
        desk.deploy(host, desk.flow(), Twilio=new)
    desk.twilio.state.faults.clear()
    with pytest.raises(InvalidInput, match="webhooks of Reception were registered with the connection"):
        host.connections.remove(desk.connect(host))
    host.store.registrations.save(record(host, "Events").endpoint_id, due_at=utc_now())
    host.registrations.finish()
    desk.deploy(host, desk.flow(), Twilio=new)
    host.connections.remove(desk.connect(host))
    assert (desk.sinks, desk.number.sms_url) == ({}, desk.url(host))


def test_what_was_there_is_sealed_in_the_database_and_stays_readable_with_new_keys(host, desk, settings):
    desk.theirs()
    desk.deploy(host, desk.overwriting())
    with host.store.engine.connect() as connection:
        row = connection.execute(sa.select(table)).mappings().one()
    assert "hunter2" not in repr(dict(row))
    assert record(host).changes[0]["before"] == "https://theirs.example/sms"
    before = row["ledger"]
    host.custody.rotate()
    with host.store.engine.connect() as connection:
        assert connection.scalar(sa.select(table.c.ledger)) != before
    host.instances.remove(host.store.instances.all()[0].id)
    assert desk.number.sms_url == THEIRS


def unreachable(self, request):
    import requests
    from urllib3.exceptions import NewConnectionError

    raise requests.ConnectionError(type("E", (), {"reason": NewConnectionError(None, "nobody is there")})())


# ── death between any two steps ──────────────────────────────────────────────────────────────────────────────────────────────


class Killed(BaseException):
    """Nothing of ours catches it."""


@contextmanager
def dying(monkeypatch, at, *, after):
    """Let the process die before or after its request of that number; yields whether it did."""
    sent, died, send = count(1), [], Transport.send

    def deadly(self, request):
        number = next(sent)
        if number < at:
            return send(self, request)
        if number == at and after:
            send(self, request).close()
        died.append(number)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Transport, "send", deadly)
        with suppress(Killed):
            yield died


@pytest.mark.parametrize("what", ["deploy", "change", "remove"])
def test_what_a_process_left_when_it_died_is_finished_by_the_next(desk, settings, monkeypatch, what):
    """At each of its requests, before and after: a number, a sink and its subscription, new, changed and removed."""
    for step, after in ((step, after) for step in count(1) for after in (False, True)):
        desk.twilio.state.reset()
        desk.theirs()
        flows = [desk.overwriting(), desk.stream()]
        with desk.host(settings) as host:
            for instance in host.store.instances.all():
                host.instances.remove(instance.id, force=True)
            if what != "deploy":
                desk.deploy(host, *flows)
            if what == "change":
                flows = [desk.stream(READ)]
            with dying(monkeypatch, step, after=after) as died:
                if what == "remove":
                    host.instances.remove(host.store.instances.all()[0].id)
                else:
                    desk.deploy(host, *flows)
        with desk.host(settings) as host:
            host.registrations.finish()
            left, instances = {it.flow: it.status for it in _all(host)}, host.store.instances.all()
            if what == "remove":
                assert (left, instances, desk.number.sms_url, desk.sinks) == ({}, [], THEIRS, {})
            elif what == "change":
                assert left == {"Events": "registered"}
                assert (desk.number.sms_url, desk.sinks) == (THEIRS, {desk.url(host, "Events"): {READ}})
            else:
                assert left == {"Answer": "registered", "Events": "registered"}
                assert desk.number.sms_url == desk.url(host)
                assert desk.sinks == {desk.url(host, "Events"): {DELIVERED}}
        if not died:
            assert step > 5
            break


HOST = """
import os, signal, sys
from pathlib import Path
from twilio_connector.connector.http import Transport
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings

data, file, what, last = sys.argv[1:]
send, changes = Transport.send, 0

def deadly(self, request):
    global changes
    answer = send(self, request)
    changes += request.method != "GET"
    if changes == int(last):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Transport.send = deadly
with Host.open(Settings(data=Path(data), public_url="https://host.example")) as host:
    if what == "deploy":
        host.instances.deploy(Path(file), customer="acme", config={"Twilio": "Twilio"})
    else:
        host.instances.remove(host.store.instances.all()[0].id)
"""


@pytest.mark.parametrize("last", [1, 2, 3])
@pytest.mark.parametrize("what", ["deploy", "remove"])
def test_a_host_that_is_killed_is_followed_by_one_that_finishes_when_it_starts(desk, settings, what, last):
    """kill -9 after each request that changes something: number, sink, subscription, and back; starting takes the time."""
    desk.theirs()
    file = desk.file(desk.overwriting(), desk.stream())
    with desk.host(settings) as host:
        desk.connect(host)
        if what == "remove":
            host.instances.deploy(file, customer="acme", config={"Twilio": "Twilio"})
    command = [sys.executable, "-c", HOST, str(settings.data), str(file), what, str(last)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    with Host.open(settings) as host:
        deadline = time.monotonic() + 60
        while {it.status for it in _all(host)} - {"registered"} and time.monotonic() < deadline:
            time.sleep(0.02)
        if what == "deploy":
            assert (desk.number.sms_url, list(desk.sinks)) == (desk.url(host), [desk.url(host, "Events")])
        else:
            assert (desk.number.sms_url, desk.sinks, host.store.instances.all()) == (THEIRS, {}, [])


# ── one at a time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def locks(request, tmp_path):
    from twilio_connector.host.store import Store

    url = request.getfixturevalue("new_database")() if request.param == "postgres" else ""
    stores = [Store.open(Settings.load({"DATABASE_URL": url}, data=tmp_path / "locked")) for _ in range(2)]
    yield [Locks(store.engine, tmp_path / "locked") for store in stores]
    for store in stores:
        store.close()


def test_a_lock_is_held_by_one_at_a_time(locks):
    first, second = locks
    with first.attempt("a") as held:
        assert held
        with second.attempt("a") as also, first.attempt("a") as again:
            assert (also, again) == (False, False)
        with pytest.raises(TryLater), second.hold("a", seconds=0):
            raise AssertionError
    with second.hold("a", seconds=0), first.attempt("a") as held:
        assert not held


def test_what_another_process_works_on_is_left_to_it(host, desk):
    instance = desk.deploy(host, desk.flow())
    host.store.registrations.save(record(host).endpoint_id, status="removing", due_at=utc_now())
    with host.registrations.locks.hold(instance.id):
        host.registrations.finish()
        assert record(host).status == "removing"
    host.registrations.finish()
    assert (record(host), desk.number.sms_url) == (None, "")
