"""A flow starts at its times, once each; a poll writes all that it found and remembers, or nothing."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.definition.timetable import Timetable
from twilio_connector.host.engine.scheduler import Scheduler
from twilio_connector.host.host import Host
from twilio_connector.host.receiving.reception import NoSuchEndpoint
from twilio_connector.host.settings import Limits
from twilio_connector.host.store import portable
from twilio_connector.host.store.registrations import intend
from twilio_connector.host.store.schedules import settle
from twilio_connector.host.store.schema import executions
from twilio_connector.host.store.states import merge, of_flow

MINUTE = timedelta(minutes=1)
LATER = timedelta(days=1)  # past any lease and any next time of these schedules


class Clock:
    """The real time and a shift, so that deploying and ticking agree."""

    shift = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.shift


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def host(settings):
    """Not started: what is accepted stays in the inbox, and time passes when a test says so."""
    limits = Limits(step=4000, polls=2, schedule_lease=30)
    numbers = Path(__file__).with_name("numbers")
    settings = replace(settings, components=(numbers,), public_url="https://host.example", limits=limits)
    opened = Host.open(settings)
    yield opened
    opened.stop()


@pytest.fixture
def scheduler(host, clock):
    return Scheduler(host.engine._runtime, clock=clock)


@pytest.fixture
def run(scheduler):
    """Tick, and wait for what it began."""

    def tick() -> None:
        scheduler.tick()
        while scheduler._running:
            time.sleep(0.005)

    return tick


@pytest.fixture
def service(tmp_path):
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "items").write_text("one\ntwo\n")
    (folder / "trace").write_text("")
    return folder


@pytest.fixture
def deploy(host, tmp_path, service):
    """Deploy a flow that starts by itself, with a cron line or another; None leaves the schedule out."""

    def put(
        when: str | None = "every 10 minutes", trigger: str = "watch", flow: str = "", name: str = "Scheduled", **given
    ):
        component, inputs = "schedule-triggers", "{}"
        if trigger == "watch":
            component, inputs = "numbers", f"{{folder: {{type: value, value: '{service}'}}}}"
        if trigger == "webhook":
            component = "webhook-triggers"
        schedule = "" if when is None else f", schedule: {{type: value, value: '{when}'}}"
        file = tmp_path / "integration.yaml"
        file.write_text(
            f"definitionVersion: 7\nname: {name}\nflows:\n- name: Flow\n  {flow}\n  steps:\n  - {{name: T, isTrigger: true, "
            f"action: {{component: {{key: {component}}}, key: {trigger}}}, inputs: {inputs}{schedule}}}\n"
        )
        return host.instances.deploy(file, customer="acme", **given)

    return put


def schedule_of(host, instance):
    (endpoint,) = host.store.instances.endpoints(instance.id)
    return host.store.schedules.get(endpoint.id)


def payloads(host):
    with host.store.engine.begin() as connection:
        rows = connection.execute(sa.select(executions.c.payload).order_by(executions.c.id)).scalars()
        return [portable.loads(text) for text in rows]


def state(host, instance):
    kept = host.store.states.read(of_flow(instance.id, "Flow", "Scheduled"))
    return {scope: values for scope, values in kept.items() if scope != "integration"}


def test_a_time_that_comes_gives_one_execution_with_an_empty_body(host, deploy, run, clock):
    instance = deploy("* * * * *", "schedule")
    run()
    assert payloads(host) == []
    due = schedule_of(host, instance).next_at
    clock.shift = MINUTE
    run()
    run()
    (payload,) = payloads(host)
    assert payload["body"] == {"data": None, "contentType": None}
    assert (payload["flow"]["name"], payload["instance"]["id"]) == ("Flow", instance.id)
    assert schedule_of(host, instance).next_at == due + MINUTE
    (record,) = host.store.executions.recent()
    assert (record.id, record.status) == (payload["executionId"], "accepted")
    assert (record.started_by, record.planned_at) == ("schedule", due)


def test_times_that_were_missed_while_no_host_ran_give_one_run(host, deploy, run, clock):
    instance = deploy("* * * * *", "schedule")
    first = schedule_of(host, instance).next_at
    clock.shift = timedelta(days=3)
    run()
    run()
    assert len(payloads(host)) == 1
    assert host.store.executions.recent()[0].planned_at == first
    assert clock() < schedule_of(host, instance).next_at <= clock() + MINUTE


def test_a_poll_gives_what_is_new_and_keeps_its_state(host, deploy, run, clock, service):
    instance = deploy()
    run()  # the first at once: what happens from the deployment on is its
    run()
    (first,) = payloads(host)
    assert first["body"]["data"] == {"new": ["one", "two"], "method": "POLL", "url": first["invokeUrl"]}
    assert first["invokeUrl"].startswith("https://host.example/trigger/")
    clock.shift = timedelta(minutes=10)
    (service / "items").write_text("one\ntwo\nthree\n")
    run()
    assert payloads(host)[1]["body"]["data"]["new"] == ["three"]
    assert state(host, instance) == {"instance": {"given": 3}, "cross_flow": {"polls": 2}}


@pytest.mark.parametrize("name", ["Scheduled", "S" * 200])
def test_a_poll_sees_what_the_flows_of_its_integration_keep(host, deploy, run, name):
    instance = deploy(name=name)
    with host.store.engine.begin() as connection:
        merge(connection, of_flow(instance.id, "Flow", name), {"integration": {"skipped": 1}})
    run()
    assert [payload["body"]["data"]["new"] for payload in payloads(host)] == [["two"]]


def test_a_poll_that_finds_nothing_keeps_its_state_and_gives_no_execution(host, deploy, run, service):
    (service / "items").write_text("")
    instance = deploy()
    run()
    assert payloads(host) == []
    assert state(host, instance) == {"instance": {"given": 0}, "cross_flow": {"polls": 1}}


def test_an_event_that_was_accepted_before_gives_no_second_execution(host, deploy, run, clock, service):
    (service / "items").write_text("same\n")
    instance = deploy()
    run()
    with host.store.engine.begin() as connection:
        merge(connection, of_flow(instance.id, "Flow", "Scheduled"), {"instance": {"given": None}})
    clock.shift = timedelta(minutes=10)
    run()
    assert len(payloads(host)) == 1
    assert state(host, instance)["instance"] == {"given": 1}


def test_a_service_that_asks_for_patience_is_left_alone_longer_each_time(host, deploy, run, clock, service):
    instance = deploy()
    waits = []
    for said in ["TryLater"] * 8 + ["TryLater 7200"]:
        (service / "fail").write_text(said)
        clock.shift = max(timedelta(0), schedule_of(host, instance).next_at - utc_now()) + timedelta(seconds=1)
        run()
        record = schedule_of(host, instance)
        waits.append(round((record.next_at - record.last_at) / MINUTE))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 120]
    assert (record.failures, record.error["kind"], record.error["message"]) == (9, "retry", "it broke")
    assert (payloads(host), state(host, instance)["instance"]) == ([], {})
    (service / "fail").write_text("")
    clock.shift += timedelta(hours=2)
    run()
    record = schedule_of(host, instance)
    assert (record.failures, record.error, len(payloads(host))) == (0, None, 1)


@pytest.mark.parametrize("error", [("ConnectionFailed", "connection"), ("Bug", "failed")])
def test_any_other_error_is_kept_and_the_next_time_tries_again(host, deploy, run, service, error):
    (service / "fail").write_text(error[0])
    instance = deploy("0 0 * * *")
    run()
    record = schedule_of(host, instance)
    assert (record.error["kind"], record.failures) == (error[1], 1)
    assert record.next_at == datetime.combine(utc_now() + LATER, datetime.min.time(), UTC)


def test_what_is_too_large_to_keep_is_an_error_and_is_not_lost(host, deploy, run, clock, service):
    (service / "items").write_text("x" * 5000 + "\n")
    instance = deploy()
    run()
    record = schedule_of(host, instance)
    assert "the limit is 4000: lower the trigger's own limit" in record.error["message"]
    assert (payloads(host), state(host, instance)["instance"]) == ([], {})


def test_a_paused_instance_starts_nothing_and_does_not_make_up_for_it(host, deploy, run, clock):
    instance = deploy()
    host.instances.enable(instance.id, enabled=False)
    clock.shift = LATER
    run()
    assert (payloads(host), schedule_of(host, instance).next_at) == ([], None)
    deploy("every 20 minutes")
    assert schedule_of(host, instance).next_at is None
    host.instances.enable(instance.id, enabled=True)
    assert schedule_of(host, instance).next_at > utc_now() + 19 * MINUTE


@pytest.mark.parametrize("trigger", ["watch", "schedule"])
def test_deploying_switches_schedules_on_and_off_with_the_instance(host, deploy, run, clock, trigger):
    instance = deploy(trigger=trigger, enabled=False)
    assert schedule_of(host, instance).next_at is None
    deploy(trigger=trigger, enabled=True)
    assert utc_now() < schedule_of(host, instance).next_at < utc_now() + 11 * MINUTE
    deploy("every 20 minutes", trigger, enabled=False)
    clock.shift = LATER
    run()
    assert (payloads(host), schedule_of(host, instance).next_at) == ([], None)
    deploy("every 30 minutes", trigger, enabled=True)  # what was missed is not made up for
    assert utc_now() + 29 * MINUTE < schedule_of(host, instance).next_at < utc_now() + 31 * MINUTE


def test_deploying_leaves_the_next_time_of_what_is_on_as_it_is(host, deploy):
    before = schedule_of(host, instance := deploy())
    deploy(enabled=True)
    assert schedule_of(host, instance) == before


def test_what_is_switched_off_to_be_removed_starts_nothing_and_starts_again_when_it_is_kept(host, deploy):
    instance = deploy()
    (endpoint,) = host.store.instances.endpoints(instance.id)
    with host.store.engine.begin() as connection:
        intend(connection, instance.id, ["Flow"], {"version_id": "", "config": {}, "connections": {}})
    host.store.registrations.leave(instance.id)
    assert schedule_of(host, instance).next_at is None
    deploy()
    assert (host.store.instances.get(instance.id).enabled, schedule_of(host, instance).next_at > utc_now()) == (
        True,
        True,
    )
    host.store.registrations.save(endpoint.id, leaving=True)
    assert not deploy(enabled=False).enabled
    assert schedule_of(host, instance).next_at is None


def test_deploying_again_keeps_the_next_time_unless_the_times_changed(host, deploy, run):
    instance = deploy()
    run()
    before = schedule_of(host, instance)
    deploy(flow="description: Other")
    assert schedule_of(host, instance) == before
    deploy("every 2 hours")
    assert schedule_of(host, instance).next_at > before.next_at
    deploy(None, "webhook")
    assert schedule_of(host, instance) is None


def test_what_is_removed_runs_no_more(host, deploy, run):
    instance = deploy()
    host.instances.remove(instance.id)
    run()
    assert payloads(host) == []


@pytest.mark.parametrize("change", ["pause", "redeploy", "override", "remove"])
def test_a_poll_that_was_changed_while_it_ran_writes_nothing(host, deploy, scheduler, service, change):
    (service / "hold").touch()
    instance = deploy()
    scheduler.tick()
    while "begin" not in (service / "trace").read_text():
        time.sleep(0.005)
    (endpoint,) = host.store.instances.endpoints(instance.id)
    {
        "pause": lambda: host.instances.enable(instance.id, enabled=False),
        "redeploy": lambda: deploy(flow="description: Other"),
        "override": lambda: host.endpoints.set_schedule(endpoint.id, Timetable.parse("every 3 hours")),
        "remove": lambda: host.instances.remove(instance.id),
    }[change]()
    (service / "hold").unlink()
    while scheduler._running:
        time.sleep(0.005)
    assert "end" in (service / "trace").read_text()
    assert (payloads(host), state(host, instance)["instance"]) == ([], {})


def test_a_run_now_is_an_extra_one(host, deploy, run, clock):
    instance = deploy("0 0 1 1 *", "schedule")
    regular = schedule_of(host, instance).next_at
    (endpoint,) = host.store.instances.endpoints(instance.id)
    for _ in range(2):
        host.endpoints.run_now(endpoint.id)
        host.endpoints.run_now(endpoint.id)  # a second click before it began
        run()
        assert schedule_of(host, instance).next_at == regular
    assert len(payloads(host)) == 2
    host.instances.enable(instance.id, enabled=False)
    with pytest.raises(InvalidInput, match="the instance is paused; resume it first"):
        host.endpoints.run_now(endpoint.id)
    with pytest.raises(InvalidInput, match="the flow has no schedule"):
        host.endpoints.run_now("nobody")


def test_an_instance_may_have_times_of_its_own(host, deploy, run, clock):
    instance = deploy()
    run()
    (endpoint,) = host.store.instances.endpoints(instance.id)
    host.endpoints.set_schedule(endpoint.id, Timetable.parse("every 3 hours"))
    assert schedule_of(host, instance).next_at > utc_now() + timedelta(minutes=179)
    deploy("every 5 minutes")  # the file's times change, the instance's own stay
    assert schedule_of(host, instance).next_at > utc_now() + timedelta(minutes=179)
    host.endpoints.set_schedule(endpoint.id, None)
    assert utc_now() < schedule_of(host, instance).next_at < utc_now() + timedelta(minutes=6)


def test_a_flow_that_runs_alone_leaves_out_the_time_at_which_it_is_open(host, deploy, run, service, monkeypatch):
    monkeypatch.setattr("twilio_connector.host.definition.unsupported._flow", lambda _: iter(()), raising=False)
    instance = deploy(flow="queueConfig: {singletonExecutions: true}")
    (endpoint,) = host.store.instances.endpoints(instance.id)
    run()
    (service / "items").write_text("one\ntwo\nthree\n")
    host.endpoints.run_now(endpoint.id)
    run()
    assert (len(payloads(host)), state(host, instance)["instance"]) == (1, {"given": 2})
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).values(status="succeeded"))
    host.endpoints.run_now(endpoint.id)
    run()
    assert payloads(host)[1]["body"]["data"]["new"] == ["three"]


@pytest.mark.parametrize("trigger", ["watch", "schedule"])
def test_a_request_to_a_flow_that_only_its_schedule_starts_starts_nothing(host, deploy, trigger, service):
    (endpoint,) = host.store.instances.endpoints(deploy("0 0 1 1 *", trigger).id)
    with pytest.raises(NoSuchEndpoint):
        asyncio.run(host.receive(endpoint.id, WebhookRequest(url=host.address(endpoint.id))))
    assert (service / "trace").read_text() == ""


def test_who_lost_the_lease_writes_nothing(host, deploy, scheduler, service, caplog):
    """A scheduler that does not tick, as in a frozen process, keeps no lease."""
    (service / "hold").touch()
    instance = deploy()
    scheduler.tick()
    while "begin" not in (service / "trace").read_text():
        time.sleep(0.005)
    later = utc_now() + timedelta(seconds=31)
    other = Scheduler(host.engine._runtime, clock=lambda: later)
    other.tick()
    while (service / "trace").read_text().count("begin") < 2:
        time.sleep(0.005)
    (service / "hold").unlink()
    while scheduler._running or other._running:
        time.sleep(0.005)
    assert caplog.text.count("another process took the run over") == 1
    assert len(payloads(host)) == 1
    assert state(host, instance) == {"instance": {"given": 2}, "cross_flow": {"polls": 1}}


def test_a_lease_is_kept_while_the_poll_runs_and_given_back_when_the_host_stops(
    host, deploy, scheduler, clock, service
):
    (service / "hold").touch()
    instance = deploy()
    scheduler.tick()
    for seconds in range(15, 120, 15):
        clock.shift = timedelta(seconds=seconds)
        scheduler.tick()
        assert host.store.schedules.claim(clock(), clock(), 9) == []
    stopping = threading.Thread(target=_stop, args=(scheduler,))
    stopping.start()
    stopping.join()
    assert schedule_of(host, instance).lease is None
    (service / "hold").unlink()
    assert len(host.store.schedules.claim(clock(), clock(), 9)) == 1


def _stop(scheduler):
    scheduler._runtime = replace(scheduler._runtime, limits=Limits(stop_deadline=0.05))
    scheduler.start()
    scheduler.stop()


def test_polls_wait_for_a_free_worker_and_schedules_do_not(host, deploy, scheduler, service):
    (service / "hold").touch()
    for name in "abc":
        deploy(name=name)
    hourly = deploy("* * * * *", "schedule", name="d")
    (endpoint,) = host.store.instances.endpoints(hourly.id)
    host.endpoints.run_now(endpoint.id)
    scheduler.tick()
    assert len(host.store.schedules.claim(utc_now(), utc_now(), 9)) == 1  # two of the three polls run
    while not payloads(host):
        time.sleep(0.005)
    (service / "hold").unlink()
    while scheduler._running:
        time.sleep(0.005)


VARIABLE = """\
definitionVersion: 7
name: Scheduled
requiredConfigVars: [{key: When, dataType: schedule, defaultValue: every hour, timeZone: "VAR"}]
flows:
- name: Flow
  steps:
  - name: T
    isTrigger: true
    action: {component: {key: schedule-triggers}, key: schedule}
    schedule: {type: configVar, value: When, meta: {scheduleType: custom, timeZone: "META"}}
"""


@pytest.mark.parametrize(
    ("given", "var", "meta", "told"),
    [
        ({}, "", "", "CRON_TZ=UTC every hour"),
        ({"When": "0 9 * * *"}, "", "Asia/Tokyo", "CRON_TZ=Asia/Tokyo 0 9 * * *"),
        ({"When": "0 9 * * *"}, "Europe/Berlin", "Asia/Tokyo", "CRON_TZ=Europe/Berlin 0 9 * * *"),
        ({"When": "CRON_TZ=UTC 0 9 * * *"}, "Europe/Berlin", "Asia/Tokyo", "CRON_TZ=UTC 0 9 * * *"),
    ],
)
def test_the_zone_is_the_texts_then_the_config_variables_then_the_steps(host, tmp_path, given, var, meta, told):  # noqa: PLR0917
    file = tmp_path / "integration.yaml"
    file.write_text(VARIABLE.replace("VAR", var).replace("META", meta))
    assert schedule_of(host, host.instances.deploy(file, customer="acme", config=given)).plan == told


def test_a_config_variable_that_tells_no_times_is_refused_by_its_name(host, tmp_path):
    file = tmp_path / "integration.yaml"
    file.write_text(VARIABLE.replace("VAR", "").replace("META", ""))
    with pytest.raises(InvalidInput, match=r"config variable 'When': '0 25 .*bad hour.*; write five fields") as caught:
        host.instances.deploy(file, customer="acme", config={"When": "0 25 * * *"})
    assert (caught.value.field, host.store.instances.all()) == ("When", [])


def test_a_secret_in_what_went_wrong_is_kept_nowhere(host, deploy, run, service):
    host.redactor.learn([str(service)])
    (service / "items").unlink()  # reading it fails with its path
    instance = deploy()
    run()
    error = schedule_of(host, instance).error
    assert (error["kind"], "FileNotFoundError" in error["message"]) == ("failed", True)
    assert str(service) not in error["message"]


@pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_lease_is_extended_while_another_of_the_process_is_being_settled(host, deploy, clock):
    """Whoever settles several at once may wait for the one that would be extended first: neither would end."""
    for name in ("First", "Second"):
        deploy("* * * * *", "schedule", name=name)
    clock.shift = LATER
    now = clock()
    one, other = host.store.schedules.claim(now, now + MINUTE, 0)
    with host.store.engine.begin() as connection:
        settle(connection, one, now=now, next_at=one.following(now))
        extending = threading.Thread(target=host.store.schedules.renew, args=([one.lease, other.lease], now + LATER))
        extending.start()
        extending.join(5)
        assert not extending.is_alive()
    assert host.store.schedules.get(other.endpoint_id).lease_until > now + MINUTE
    assert host.store.schedules.get(one.endpoint_id).lease is None
