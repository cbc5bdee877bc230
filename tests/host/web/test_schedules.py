"""A schedule on the pages: shown, changed, made to run now; and config variables that hold one."""

import re
import time
from datetime import datetime, timedelta

import pytest
from twilio_connector.connector.context import utc_now
from twilio_connector.host.engine.scheduler import Scheduler
from twilio_connector.host.store.schedules import settle

from .conftest import Wizard

FILE = """\
definitionVersion: 7
name: Nightly
requiredConfigVars:
  - {key: When, dataType: schedule, defaultValue: "30 2 * * *", timeZone: Europe/Berlin, description: When to look.}
flows:
  - name: Look
    steps:
      - name: Time
        isTrigger: true
        action: {component: {key: schedule-triggers}, key: schedule}
        schedule: {type: configVar, value: When, meta: {scheduleType: day}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "nightly.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def scheduled(web_host, file):
    return web_host.instances.deploy(file, customer="acme", customer_name="Acme Inc.")


@pytest.fixture
def base(web_host, scheduled):
    (endpoint,) = web_host.store.instances.endpoints(scheduled.id)
    return f"/instances/{scheduled.id}/schedules/{endpoint.id}"


def record(host, base):
    return host.store.schedules.get(base.rpartition("/")[2])


def test_a_flow_shows_its_times_the_next_one_in_its_zone_and_in_utc_and_no_address(client, scheduled, web_host, base):
    html = client.get(f"/instances/{scheduled.id}").text
    assert "30 2 * * *, Europe/Berlin" in html
    next_at = record(web_host, base).next_at
    assert re.search(r"\d{4}-\d\d-\d\d 0[23]:\d0:00 Europe/Berlin · " + f"{next_at:%Y-%m-%d %H:%M:%S} UTC", html)
    assert "Webhook address" not in html
    assert "It starts at its times." in html


def test_what_a_schedule_started_says_so_with_the_planned_time(client, scheduled, web_host, base):
    web_host.endpoints.run_now(base.rpartition("/")[2])
    ticking = Scheduler(web_host.engine._runtime)
    ticking.tick()
    while ticking._running:
        time.sleep(0.005)
    (record,) = web_host.store.executions.recent()
    page = client.get(f"/executions/{record.id}").text
    assert "Started by its schedule" in page
    assert f'its schedule, for <time datetime="{record.planned_at:%Y-%m-%dT%H:%M:%S}' in page
    assert "Webhook accepted" not in page
    assert "<small>schedule</small>" in client.get("/executions").text
    link = f'href="/executions/{record.id}"'
    assert [link in client.get(f"/executions?by={by}").text for by in ("schedule", "webhook", "replay")] == [
        True,
        False,
        False,
    ]
    told = client.get("/api/executions?startedBy=schedule").json()["items"]
    assert [(item["id"], item["startedBy"]) for item in told] == [(record.id, "schedule")]
    assert datetime.fromisoformat(told[0]["plannedAt"]) == record.planned_at
    assert client.get("/api/executions?startedBy=webhook").json()["items"] == []
    assert client.get("/api/executions?startedBy=nobody").status_code == 422
    wrong = client.get("/executions?by=nobody")
    assert (wrong.status_code, "Started by: choose one of" in wrong.text) == (400, True)


def test_a_flow_shows_what_went_wrong_the_last_times(client, scheduled, web_host, base):
    host = web_host
    host.endpoints.run_now(base.rpartition("/")[2])
    for _ in range(2):
        (due,) = host.store.schedules.claim(utc_now(), utc_now(), 1)
        with host.store.engine.begin() as connection:
            error = {"kind": "connection", "message": "the token is wrong: enter it anew <b>"}
            settle(connection, due, now=utc_now(), next_at=utc_now() - timedelta(seconds=1), error=error)
    html = client.get(f"/instances/{scheduled.id}").text
    assert "The last 2 times failed" in html
    assert "The token is wrong: enter it anew &lt;b&gt;." in html


def test_the_schedule_is_changed_for_the_instance_and_back(client, scheduled, web_host, base):
    answer = client.post(base, data={"times": "every 20 minutes", "times-zone": "Asia/Tokyo"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/instances/{scheduled.id}?done=scheduled")
    html = client.get(answer.headers["location"]).text
    assert "every 20 minutes <small>set here, not in the file</small>" in html
    assert 'value="every 20 minutes"' in client.get(base).text
    assert utc_now() + timedelta(minutes=19) < record(web_host, base).next_at < utc_now() + timedelta(minutes=21)
    assert client.post(f"{base}/reset").status_code == 303
    assert "set here" not in client.get(f"/instances/{scheduled.id}").text
    assert record(web_host, base).timetable.zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"times": "61 * * * *"}, "bad minute"),
        ({"times": ""}, "Is required; write five fields"),
        ({"times": "0 0 30 2 *"}, "never comes"),
        ({"times": "0 9 * * *", "times-zone": "Mars/Base"}, "&#39;Mars/Base&#39; is not a time zone"),
    ],
)
def test_a_wrong_schedule_is_told_at_its_field_and_changes_nothing(client, web_host, base, given, problem):
    before = record(web_host, base)
    answer = client.post(base, data=given)
    assert answer.status_code == 400
    field = "times-zone" if "times-zone" in given else "times"
    assert problem in answer.text.partition(f'id="{field}-error"')[2].partition("</p>")[0]
    assert f'value="{given["times"]}"' in answer.text
    assert record(web_host, base) == before


def test_run_now_makes_a_run_due_and_says_why_it_cannot(client, scheduled, web_host, base):
    answer = client.post(f"{base}/run")
    assert answer.headers["location"].endswith("?done=started")
    assert record(web_host, base).next_at <= utc_now()
    client.post(f"/instances/{scheduled.id}/pause")
    answer = client.post(f"{base}/run")
    assert "Not started: it is paused" in client.get(answer.headers["location"]).text
    assert record(web_host, base).next_at is None
    assert "paused with the instance" in client.get(f"/instances/{scheduled.id}").text


@pytest.mark.parametrize("path", ["", "/reset", "/run"])
def test_a_schedule_is_that_of_the_instance(client, web_host, instance, base, path):
    (other,) = web_host.store.instances.endpoints(instance.id)
    mine = base.split("/")[2]
    for wrong in (f"/instances/{mine}/schedules/{other.id}", f"/instances/nobody/schedules/{base.split('/')[4]}"):
        assert client.post(wrong + path, data={"times": "* * * * *"}).status_code == 404


def test_a_config_variable_with_a_schedule_is_a_form(client, web_host, file):
    web_host.store.customers.ensure("acme", "Acme Inc.")
    wizard = Wizard.begin(client, file=str(file), customer="acme")
    assert 'id="v0" name="v0" value="30 2 * * *"' in wizard.page
    assert '<option value="Europe/Berlin" selected>' in wizard.page
    refused = wizard.go(**{"v0": "0 25 * * *", "v0-zone": "Asia/Tokyo"})
    assert (refused.status_code, "bad hour" in refused.text.partition('id="v0-error"')[2]) == (400, True)
    wizard.go(**{"v0": "15 9 * * *", "v0-zone": "Asia/Tokyo"})
    answer = wizard.go("deploy", _name="Nightly")
    assert answer.status_code == 303
    html = client.get(answer.headers["location"]).text
    assert "15 9 * * *, Asia/Tokyo" in html
    assert "09:15:00 Asia/Tokyo" in html
