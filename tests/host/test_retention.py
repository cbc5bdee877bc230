"""What has ended is forgotten after its time, and nothing before."""

from datetime import timedelta

import pytest
from dbos import DBOS
from twilio_connector.connector.context import utc_now
from twilio_connector.host.ids import first_id, time_id
from twilio_connector.host.retention import CHECKPOINTS_KEPT, forget_checkpoints, forget_executions

LATER = timedelta(seconds=5)


def test_ids_can_be_compared_with_a_time():
    before, made, after = utc_now() - LATER, time_id(), utc_now() + LATER
    assert first_id(before) < made < first_id(after)


@pytest.fixture
def ended(host, integration, step, call):
    return call(host.deploy(integration(step("Give", "give", what="x")), customer="acme")).execution_id


def test_an_execution_goes_with_its_steps_when_its_time_is_over(host, ended):
    assert forget_executions(host.store.engine, utc_now() - LATER) == 0
    assert host.store.executions.steps(ended)
    assert forget_executions(host.store.engine, utc_now() + LATER) == 1
    assert host.store.executions.get(ended) is None
    assert host.store.executions.steps(ended) == []


def test_checkpoints_go_soon_after_the_end(host, ended):
    while DBOS.get_workflow_status(f"{ended}.1").status != "SUCCESS":
        pass
    assert forget_checkpoints(utc_now()) == 0
    assert forget_checkpoints(utc_now() + CHECKPOINTS_KEPT + LATER) == 1
    assert DBOS.get_workflow_status(f"{ended}.1") is None
    assert host.store.executions.status(ended) == "succeeded"
