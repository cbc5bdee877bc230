"""What has ended is forgotten after its time, and nothing before."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID
from pydantic import SecretStr
from twilio_connector.connector.context import utc_now
from twilio_connector.host.operating import retention
from twilio_connector.host.operating.retention import (
    CHECKPOINTS_KEPT,
    forget_checkpoints,
    forget_details,
    forget_executions,
    forget_surplus,
    sweep,
)
from twilio_connector.host.receiving.inbox import Inbound, Inbox
from twilio_connector.host.settings import Limits
from twilio_connector.host.store import turns
from twilio_connector.host.store.database import connect
from twilio_connector.host.store.executions import cancel
from twilio_connector.host.store.ids import first_id, time_id
from twilio_connector.host.store.schema import executions, identities, logs, states, terms
from twilio_connector.host.store.states import merge

LATER = timedelta(seconds=5)


def test_ids_can_be_compared_with_a_time():
    before, made, after = utc_now() - LATER, time_id(), utc_now() + LATER
    assert first_id(before) < made < first_id(after)


@pytest.fixture
def ended(host, integration, step, call):
    log = "{name: Say, action: {component: {key: log, isPublic: true, version: LATEST}, key: writeLog}, inputs: {}}"
    instance = host.instances.deploy(integration(step("Give", "give", what="x"), log), customer="acme")
    execution_id = call(instance, b'{"Body": "Hello"}').execution_id
    host._records.put(lambda _: None).result()
    return execution_id


def count(host, table):
    with host.store.engine.begin() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def test_an_execution_goes_with_its_steps_when_its_time_is_over(host, ended):
    assert forget_executions(host.store.engine, utc_now() - LATER) == 0
    assert host.store.steps.of(ended)
    assert count(host, logs) == count(host, terms) == 1
    assert forget_executions(host.store.engine, utc_now() + LATER) == 1
    assert host.store.executions.get(ended) is None
    assert host.store.steps.of(ended) == []
    assert count(host, logs) == count(host, terms) == 0


def test_steps_and_logs_can_go_before_their_execution(host, ended):
    assert forget_details(host.store.engine, utc_now() - LATER) == 0
    assert forget_details(host.store.engine, utc_now() + LATER) == 1
    assert forget_details(host.store.engine, utc_now() + LATER) == 0
    assert host.store.executions.status(ended) == "succeeded"
    assert (host.store.steps.of(ended), count(host, logs)) == ([], 0)


def test_what_the_ended_kept_is_looked_for_near_their_ids_only(host, ended):
    owner = {"execution": f"{ended}.1"}
    with host.store.engine.begin() as connection:
        merge(connection, owner, {"execution": {"a": 1}})
        merge(connection, {"execution": f"{time_id()}.1"}, {"execution": {"a": 1}})
    seen = []
    sa.event.listen(host.store.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    assert forget_executions(host.store.engine, utc_now() + LATER) == 1
    assert host.store.states.read(owner) == {"execution": {}}
    assert count(host, states) == 1
    ((statement, values),) = [given for given in seen if "DELETE" in given[0] and "states" in given[0]]
    if host.store.engine.dialect.name == "sqlite":
        with host.store.engine.begin() as connection:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
        assert "(scope=? AND owner>? AND owner<?)" in plan


def test_only_the_newest_are_kept_and_what_has_not_ended(store):
    ids = [time_id() for _ in range(4)]
    inbox = Inbox(store.engine, Limits())
    for execution_id in ids:
        place = {"endpoint_id": "e", "instance_id": "i", "version_id": "v", "flow": "f"}
        inbox.accept_now(Inbound(execution_id=execution_id, payload="null", **place))
    inbox.close()
    with store.engine.begin() as connection:
        for execution_id in ids[1:3]:
            assert cancel(connection, execution_id, utc_now()) == "cancelled"
    assert forget_surplus(store.engine, 4) == 0
    assert forget_surplus(store.engine, 2) == 1
    assert [bool(store.executions.get(execution_id)) for execution_id in ids] == [True, False, True, True]


def test_an_event_is_known_for_longer_than_its_execution(host, ended):
    record = host.store.executions.get(ended)
    event = Inbound(
        execution_id=time_id(),
        endpoint_id=record.endpoint_id,
        instance_id=record.instance_id,
        version_id=record.version_id,
        flow=record.flow,
        payload="null",
        identities=("event",),
    )
    first = host.inbox.accept_now(event)
    while host.store.executions.status(first.execution_id) != "succeeded":
        pass
    limits = replace(host.settings.limits, days_kept=1, identities_days_kept=7)
    sweep(host.store.engine, limits, utc_now() + timedelta(days=2))
    assert host.store.executions.get(first.execution_id) is None
    assert host.inbox.accept_now(replace(event, execution_id=time_id())).duplicate
    sweep(host.store.engine, limits, utc_now() + timedelta(days=8))
    assert count(host, identities) == 0


def test_checkpoints_go_soon_after_the_end(host, ended):
    while DBOS.get_workflow_status(f"{ended}.1").status != "SUCCESS":
        pass
    sweep(host.store.engine, host.settings.limits, utc_now() + CHECKPOINTS_KEPT - LATER)
    assert DBOS.get_workflow_status(f"{ended}.1")
    sweep(host.store.engine, host.settings.limits, utc_now() + CHECKPOINTS_KEPT + LATER)
    assert DBOS.get_workflow_status(f"{ended}.1") is None
    assert host.store.executions.status(ended) == "succeeded"


def test_as_many_checkpoints_go_as_there_is_time_for(host, ended, monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 2)
    for number in range(4):
        with SetWorkflowID(f"{ended}.{number + 2}"):
            DBOS.start_workflow(host.engine._workflow, "").get_status()
    while len(workflows("SUCCESS", "ERROR")) < 5:
        pass
    sweep(host.store.engine, host.settings.limits, utc_now() + CHECKPOINTS_KEPT + LATER, seconds=30.0)
    assert workflows("SUCCESS", "ERROR", "PENDING") == []


def workflows(*statuses):
    return [workflow.workflow_id for workflow in DBOS.list_workflows(status=list(statuses))]


@pytest.mark.parametrize("given_up", ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"])
def test_checkpoints_of_what_the_engine_gave_up_go_when_that_is_on_record(host, ended, given_up):
    while DBOS.get_workflow_status(f"{ended}.1").status != "SUCCESS":
        pass
    schema = "dbos." if host.settings.is_postgres else ""
    with host.engine._database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {schema}workflow_status SET status = '{given_up}'")  # noqa: S608
    host.store.executors.begin("another")
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).values(status="running", executor="another"))
    assert forget_checkpoints(host.store.engine, utc_now() + LATER) == 0
    assert workflows(given_up) == [f"{ended}.1"]
    with host.store.engine.begin() as connection:
        connection.execute(sa.update(executions).values(status="failed"))
    assert forget_checkpoints(host.store.engine, utc_now() + LATER) == 1
    assert workflows(given_up) == []


ON_POSTGRES = pytest.mark.parametrize("settings", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


@ON_POSTGRES
def test_the_engine_may_take_its_time_to_delete_checkpoints(host, ended, monkeypatch):
    while DBOS.get_workflow_status(f"{ended}.1").status != "SUCCESS":
        pass
    delete = DBOS.delete_workflows
    monkeypatch.setattr(DBOS, "delete_workflows", lambda ids: (time.sleep(0.5), delete(ids)))
    url = f"{host.settings.database_url.get_secret_value()}&options=-c idle_in_transaction_session_timeout=100ms"
    engine = connect(replace(host.settings, database_url=SecretStr(url)))
    assert forget_checkpoints(engine, utc_now() + LATER) == 1
    engine.dispose()


@ON_POSTGRES
def test_checkpoints_are_forgotten_by_one_process_at_a_time(host, ended):
    while DBOS.get_workflow_status(f"{ended}.1").status != "SUCCESS":
        pass
    with host.store.engine.begin() as other:
        assert turns.take_if_free(other, turns.Turn.FORGETTING)
        assert forget_checkpoints(host.store.engine, utc_now() + LATER) == 0
    assert forget_checkpoints(host.store.engine, utc_now() + LATER) == 1
