"""Accepted executions end, whatever happens on the way."""

import asyncio
import base64
import time
from urllib.parse import quote, quote_plus

import pytest
import sqlalchemy as sa
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.store import portable
from twilio_connector.host.store.schema import executions

TOKEN = (
    "requiredConfigVars:\n  - {key: Token, dataType: connection, "
    "connection: {component: {key: probe, isPublic: true, version: LATEST}, key: token}}\n"
)


@pytest.fixture
def deploy(host, integration):
    return lambda *steps, **parts: host.instances.deploy(integration(*steps, **parts), customer="acme")


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_a_flow_runs_and_its_last_result_is_the_executions(host, integration, step, call, tmp_path):
    file = tmp_path / "lines"
    path = integration(step("Write It", "note", file=str(file), line="$trigger.results.body.data.n"))
    ended = call(host.instances.deploy(path, customer="acme"))
    assert ended.status == "succeeded", ended.error
    assert lines(file) == ["1"]
    assert ended.result["data"]["pair"] == [1, 2]
    record = host.store.executions.get(ended.execution_id)
    assert record.status == "succeeded"
    assert portable.loads(record.result)["data"]["raw"] == b"raw"


def test_each_step_is_on_record_with_what_went_in_and_came_out(host, integration, step, call, tmp_path):
    path = integration(
        step("Write It", "note", file=str(tmp_path / "f"), line="hi"),
        step("Give", "give", what="$writeIt.results.when"),
    )
    ended = call(host.instances.deploy(path, customer="acme"))
    first, second = host.store.steps.of(ended.execution_id)
    assert (first.path, first.status, first.component, first.action) == ("writeIt", "succeeded", "probe", "note")
    assert portable.loads(first.inputs)["line"] == "hi"
    assert portable.loads(second.output) == "2026-01-02T00:00:00.000Z"
    assert first.started_at <= first.ended_at <= second.ended_at


def test_a_failing_step_ends_the_execution_with_its_error(host, integration, step, call, tmp_path):
    path = integration(step("Break It", "fail", file=str(tmp_path / "f"), kind="Refused"))
    ended = call(host.instances.deploy(path, customer="acme"))
    assert (ended.status, ended.error["kind"], ended.error["message"]) == ("failed", "refused", "it broke")
    (row,) = host.store.steps.of(ended.execution_id)
    assert (row.status, row.error["kind"]) == ("failed", "refused")


def test_an_error_of_ones_own_code_is_named_by_its_type(host, integration, step, call, tmp_path):
    ended = call(
        host.instances.deploy(
            integration(step("Break", "fail", file=str(tmp_path / "f"), kind="None")), customer="acme"
        )
    )
    assert (ended.error["kind"], ended.error["message"]) == ("failed", "ValueError: it broke")


def test_a_step_is_retried_as_it_asks(host, integration, step, call, tmp_path):
    file = tmp_path / "tries"
    extra = ", errorConfig: {errorHandlerType: retry, maxAttempts: 3, delaySeconds: 0}"
    ended = call(
        host.instances.deploy(integration(step("Try", "fail", extra, file=str(file), times="2")), customer="acme")
    )
    assert (ended.status, ended.result["data"], len(lines(file))) == ("succeeded", "mended", 3)
    assert [row.status for row in host.store.steps.of(ended.execution_id)] == [
        "retrying",
        "retrying",
        "succeeded",
    ]


def test_a_flow_is_retried_from_its_start_with_the_same_payload(host, integration, step, call, tmp_path):
    noted, tries = tmp_path / "noted", tmp_path / "tries"
    flow = "    retryConfig: {maxAttempts: 2, delayMinutes: 0, usesExponentialBackoff: false}\n"
    path = integration(
        step("Note", "note", file=str(noted), line="$trigger.results.body.data.n"),
        step("Try", "fail", file=str(tries), times="1"),
        flow=flow,
    )
    ended = call(host.instances.deploy(path, customer="acme"), b'{"n": 7}')
    assert (ended.status, lines(noted)) == ("succeeded", ["7", "7"])
    assert host.store.executions.get(ended.execution_id).attempt == 2


def test_what_was_refused_is_not_retried(host, integration, step, call, tmp_path):
    flow = "    retryConfig: {maxAttempts: 5, delayMinutes: 0, usesExponentialBackoff: false}\n"
    path = integration(step("Try", "fail", file=str(tmp_path / "f"), kind="OutcomeUnknown"), flow=flow)
    ended = call(host.instances.deploy(path, customer="acme"))
    assert (ended.error["kind"], len(lines(tmp_path / "f"))) == ("unknown", 1)


@pytest.mark.parametrize(("what", "message"), [("large", "the limit is 4194304"), ("object", "is a object")])
def test_an_output_that_cannot_be_kept_is_an_error_that_says_so(deploy, step, call, what, message):
    ended = call(deploy(step("Give", "give", what=what)))
    assert ended.error["kind"] == "refused"
    assert message in ended.error["message"]


def test_state_lasts_from_one_execution_to_the_next(host, integration, step, call):
    instance = host.instances.deploy(
        integration("{name: Count, action: {component: {key: probe, isPublic: true, version: LATEST}, key: count}}"),
        customer="acme",
    )
    assert [call(instance).result["data"] for _ in range(3)] == [1, 2, 3]


def test_an_execution_ends_on_the_version_that_it_was_accepted_for(host, integration, step, call):
    first = host.instances.deploy(integration(step("Give", "give", what="old")), customer="acme")
    assert call(first).result["data"] == "old"
    second = host.instances.deploy(integration(step("Give", "give", what="new")), customer="acme")
    assert second.id == first.id
    assert call(second).result["data"] == "new"


def test_a_result_that_is_late_is_a_timeout(host, integration, step, tmp_path):
    slow = step("Note", "note", file=str(tmp_path / "f"), line="x", seconds="1")
    (endpoint,) = host.store.instances.endpoints(host.instances.deploy(integration(slow), customer="acme").id)
    received = asyncio.run(host.receive(endpoint.id, WebhookRequest(url=host.address(endpoint.id), body=b"{}")))
    with pytest.raises(TimeoutError):
        asyncio.run(host.result(received.execution_id, 0.01))


def test_nobody_waits_for_an_execution_that_is_forgotten(host):
    """A repeated request is answered with the first one's execution, also when that is kept no longer."""
    ended = asyncio.run(host.result("01a1fd9e-0000-7000-8000-000000000000", 30))
    assert (ended.status, ended.error["kind"]) == ("failed", "removed")


def test_secrets_stay_out_of_records_but_reach_the_flow(host, integration, step, call, tmp_path):
    host.connections.add(
        name="mine", component="probe", key="token", fields={"account": "A1", "token": "hunter2-hunter2"}
    )
    path = integration(
        step("Note", "note", file=str(tmp_path / "f"), line="x", token="#Token"),
        step("Again", "note", file=str(tmp_path / "f"), line="$note.results.seen"),
        config=TOKEN,
    )
    ended = call(host.instances.deploy(path, customer="acme", config={"Token": "mine"}))
    assert ended.status == "succeeded", ended.error
    assert lines(tmp_path / "f") == ["x", "hunter2-hunter2"]
    rows = host.store.steps.of(ended.execution_id)
    assert portable.loads(rows[0].output)["seen"] == "[secret]"
    assert "hunter2" not in repr(rows) + repr(host.store.executions.get(ended.execution_id))


def test_no_file_of_the_host_holds_a_secret_however_written(host, integration, step, call, tmp_path):
    secret = "hunter2/+ hunter2"
    host.connections.add(name="mine", component="probe", key="token", fields={"account": "A1", "token": secret})
    path = integration(step("Note", "note", file=str(tmp_path / "f"), line="x", token="#Token"), config=TOKEN)
    instance = host.instances.deploy(path, customer="acme", config={"Token": "mine"})
    assert call(instance).status == "succeeded"
    forms = {secret, quote(secret), quote_plus(secret), base64.b64encode(secret.encode()).decode()[:20]}
    for file in host.settings.data.rglob("*"):
        text = file.read_bytes().decode("latin-1") if file.is_file() else ""
        assert not [form for form in forms if form in text], file


@pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_flow_outlives_the_connections_to_its_database(deploy, host, step, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    instance = deploy(
        step("First", "note", file=str(first), line="x", seconds="0.3"),
        step("Second", "note", file=str(second), line="x"),
    )
    (endpoint,) = host.store.instances.endpoints(instance.id)
    accepted = asyncio.run(host.receive(endpoint.id, WebhookRequest(url="/"))).execution_id
    while not lines(first):
        time.sleep(0.01)
    killer = sa.create_engine(host.store.engine.url, isolation_level="AUTOCOMMIT")
    with killer.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        connection.exec_driver_sql(f"{others} AND pid <> pg_backend_pid()")
    killer.dispose()
    assert asyncio.run(host.result(accepted, 60)).status == "succeeded"
    assert (lines(first), lines(second)) == (["x"], ["x"])


def test_what_others_ran_before_it_began_here_takes_up_no_worker(host, deploy, step, call, tmp_path):
    """As when a process is frozen between a claim and the start of what it claimed, and is taken for dead."""
    instance = deploy(step("Give", "give", what="$trigger.results.body.data.n"))
    ran = [call(instance, b'{"n": %d}' % number).execution_id for number in range(host.settings.limits.workers)]
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).where(executions.c.id.in_(ran)).values(status="accepted"))
    assert call(instance).status == "succeeded"
