"""What supervisors and Prometheus are told: enough to act on, and nothing secret."""

import logging

import pytest
import requests
import sqlalchemy as sa
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.store.schema import meta
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.bearer import Bearer
from twilio_connector.host.web.operations import counting, operations_app
from twilio_connector.host.web.readiness import failing
from twilio_connector.host.web.server import listen, serving
from twilio_connector.host.web.throttle import Throttle

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def deployed(host, integration, step):
    return host.instances.deploy(
        integration(step("Give", "give", what="x"), step("Fail", "fail", file="/nowhere/f")), customer="a"
    )


def test_health_is_told_without_a_login(host):
    with serving(create_app(host, Access(host.credentials)), listen()) as url:
        live, ready = (requests.get(f"{url}/health/{name}", timeout=10) for name in ("live", "ready"))
        wrong_host = requests.get(f"{url}/health/live", headers={"host": "10.0.0.7"}, timeout=10)
        page = requests.get(f"{url}/", timeout=10)
    assert (live.status_code, live.json()) == (200, {"live": True})
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "failing": []})
    assert wrong_host.status_code == 200  # a load balancer asks by address
    assert page.status_code == 401


@pytest.mark.parametrize(
    ("key", "value", "name"), [("schema_version", "1", "migrations"), ("vault_check", "x", "vault")]
)
def test_what_keeps_it_from_being_ready_is_named(host, key, value, name):
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(meta).where(meta.c.key == key).values(value=value))
    assert failing(host) == [name]


def test_a_database_that_does_not_answer_makes_it_unready_and_says_nothing_of_where_it_is(host, monkeypatch):
    def gone(*_):
        raise sa.exc.OperationalError("connect to db.internal as someone:hunter2", None, Exception())

    monkeypatch.setattr("twilio_connector.host.web.readiness.read_meta", gone)
    with serving(create_app(host, Access(host.credentials)), listen()) as url:
        answer = requests.get(f"{url}/health/ready", timeout=10)
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "failing": ["database"]})


def test_a_heart_that_does_not_beat_makes_it_unready(host, monkeypatch):
    monkeypatch.setattr(host.engine._life, "_acts_until", 0.0)
    monkeypatch.setattr(host.store.executors.__class__, "beat", lambda *_: 1 / 0)
    assert "heartbeat" in failing(host)


def test_metrics_count_what_happened(host, deployed, call, caplog):
    with serving(operations_app(host, counting(host)), listen()) as url, caplog.at_level(logging.CRITICAL):
        ended = call(deployed)
        endpoint = host.store.instances.endpoints(deployed.id)[0].id
        with pytest.raises(Exception, match="no such endpoint"):
            call_missing(host, endpoint[::-1])
        text = requests.get(f"{url}/metrics", timeout=10).text
        assert requests.get(f"{url}/health/ready", timeout=10).ok
    assert ended.status == "failed"
    for line in (
        'twilio_connector_webhooks_total{outcome="accepted",reason=""} 1.0',
        'twilio_connector_webhooks_total{outcome="refused",reason="no such endpoint"} 1.0',
        'twilio_connector_step_seconds_count{action="give",component="probe",outcome="succeeded"} 1.0',
        'twilio_connector_step_seconds_count{action="fail",component="probe",outcome="failed"} 1.0',
        'twilio_connector_executions{flow="Inbound",instance="Probe",status="failed"} 1.0',
        "twilio_connector_queue_depth 0.0",
        "twilio_connector_queue_oldest_seconds 0.0",
    ):
        assert line in text.splitlines()
    assert endpoint not in text


@pytest.mark.parametrize("beside", ["the API", "its own port"])
def test_beyond_loopback_metrics_are_told_to_tokens_alone(host, beside):
    metrics, access = counting(host), Access(host.credentials)
    own = operations_app(host, metrics, Bearer(host.store.tokens, Throttle()))
    app = create_app(host, access, metrics=metrics) if beside == "the API" else own
    token = host.credentials.create_token("prometheus", "read")
    revoked = host.credentials.create_token("old", "write")
    host.credentials.revoke_token("old")
    session = {access.cookie: access.redeem(access.new_token())}
    with serving(app, listen()) as url:

        def ask(authorization="", **more):
            headers = {"authorization": authorization, "host": "10.0.0.7"} if authorization else {}
            return requests.get(f"{url}/metrics", headers=headers, timeout=10, **more)

        told = ask(f"Bearer {token}")
        refused = [ask(), ask("Bearer tc_x"), ask(f"Bearer {revoked}"), ask(f"Basic {token}"), ask(cookies=session)]
        refused.append(ask(params={"token": token}))
        assert requests.get(f"{url}/health/live", timeout=10).ok
    assert (told.status_code, told.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert "twilio_connector_queue_depth 0.0" in told.text.splitlines()
    assert told.headers["cache-control"] == "no-store"
    assert {answer.status_code for answer in refused} <= {401, 429}
    assert not [answer for answer in refused if "twilio_connector_" in answer.text]


def test_without_counting_only_who_has_a_token_is_told_so(host):
    token = host.credentials.create_token("prometheus", "read")
    with serving(create_app(host, Access(host.credentials)), listen()) as url:
        known = requests.get(f"{url}/metrics", headers={"authorization": f"Bearer {token}"}, timeout=10)
        stranger = requests.get(f"{url}/metrics", timeout=10)
    assert (known.status_code, "--metrics-port" in known.text) == (404, True)
    assert (stranger.status_code, "--metrics-port" in stranger.text) == (401, False)


def call_missing(host, endpoint):
    import asyncio

    asyncio.run(host.receive(endpoint, WebhookRequest(url="/")))
