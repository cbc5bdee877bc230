"""What the database holds, counted without reading the executions."""

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.host.operating.metrics import Depths
from twilio_connector.host.receiving.inbox import Inbound, Inbox
from twilio_connector.host.settings import Limits
from twilio_connector.host.store.executions import cancel
from twilio_connector.host.store.ids import time_id


@pytest.fixture
def put(store):
    inbox = Inbox(store.engine, Limits())

    def put_one(flow):
        new_id = time_id()
        place = {"endpoint_id": "e", "instance_id": "gone", "version_id": "v", "flow": flow}
        inbox.accept_now(Inbound(execution_id=new_id, payload="null", **place))
        return new_id

    yield put_one
    inbox.close()


def test_what_is_kept_is_counted_by_status_instance_and_flow(store, put):
    for execution_id in [put("One"), put("One"), put("Two")][1:]:
        with store.engine.begin() as connection:
            cancel(connection, execution_id, utc_now())
    put("One")
    kept, depth, _ = Depths(store).collect()
    found = {tuple(sample.labels.values()): sample.value for sample in kept.samples}
    assert found == {
        ("accepted", "removed", "One"): 2,
        ("cancelled", "removed", "One"): 1,
        ("cancelled", "removed", "Two"): 1,
    }
    assert depth.samples[0].value == 2


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_what_has_ended_is_counted_by_an_index_alone(store):
    seen = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *given: seen.append(given[2:4]))
    list(Depths(store).collect())
    with store.engine.begin() as connection:
        asked = [given for given in seen if "FROM executions" in given[0]]
        plans = [str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()) for text, values in asked]
    assert len(plans) == 3
    assert all("COVERING INDEX executions_ended_of_flow" in plan or "INDEX executions_open" in plan for plan in plans)
