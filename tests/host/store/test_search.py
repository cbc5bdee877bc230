"""Executions are found by filter and by what they say, page by page, without looking at all of them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.host.receiving.inbox import Inbound, Inbox
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.store import Store, search
from twilio_connector.host.store.executions import cancel
from twilio_connector.host.store.ids import first_id, time_id
from twilio_connector.host.store.schema import executions
from twilio_connector.host.store.search import Filter, find
from twilio_connector.host.store.subject import terms

HOUR = timedelta(hours=1)


@pytest.fixture
def put(store):
    inbox = Inbox(store.engine, Limits())

    def put_one(said=None, *, instance="i1", flow="Inbound", execution_id=""):
        new_id = execution_id or time_id()
        place = {"endpoint_id": "e", "instance_id": instance, "version_id": "v", "flow": flow}
        inbox.accept_now(Inbound(execution_id=new_id, payload="null", **place))
        if said:
            with store.engine.begin() as connection:
                search.index(connection, new_id, terms(said))
        return new_id

    yield put_one
    inbox.close()


@pytest.fixture
def found(store):
    return lambda **wanted: [row.id for row in find(store.engine, Filter(**wanted)).rows]


def test_it_is_found_by_what_was_said_and_by_whom(put, found):
    hello = put({"From": "+15551234567", "To": "+15557654321", "Body": "Hello there, Ada", "MessageSid": "SM1abc"})
    other = put({"document": {"from": "whatsapp:+15550001111", "body": "hello world"}})
    put({"From": "+15559999999"})
    assert found(text="hello") == [other, hello]
    assert found(text="HELLO ada") == [hello]
    assert found(text="hello nobody") == []
    assert found(text="+1 (555) 123-4567") == found(text="5551234567") == found(text="1234567") == [hello]
    assert found(text="whatsapp:+15550001111") == [other]
    assert found(text="sm1abc") == [hello]
    assert found(text=hello) == found(text=hello[:24].upper()) == [hello]
    assert found(text="!!") == found(text="\0") == found(flow="\ud800") == []


def test_filters_hold_together(store, put, found):
    first, second = put(flow="One"), put(flow="Two", instance="i2")
    with store.engine.begin() as connection:
        cancel(connection, first, utc_now())
        connection.execute(sa.update(executions).where(executions.c.id == second).values(run_as="ada"))
    assert found(status="cancelled") == [first]
    assert found(status="accepted") == [second]
    assert found(instance_id="i2", flow="Two", run_as="ada", status="accepted") == [second]
    assert found(instance_id="i2", flow="One") == found(status="nonsense") == found(customer_id="nobody") == []
    now = utc_now()
    assert found(since=now - HOUR, until=now + HOUR) == [second, first]
    assert found(since=now + HOUR) == found(until=now - HOUR) == []


def test_each_was_started_by_one_thing(store, put, found):
    by = {name: put() for name in ("webhook", "schedule", "flow", "replay", "replay of a schedule's")}
    marks = {
        "schedule": {"planned_at": utc_now()},
        "flow": {"parent_id": by["webhook"]},
        "replay": {"replay_of": by["flow"], "parent_id": by["webhook"]},
        "replay of a schedule's": {"replay_of": by["schedule"], "planned_at": utc_now()},
    }
    with store.engine.begin() as connection:
        for name, mark in marks.items():
            connection.execute(sa.update(executions).where(executions.c.id == by[name]).values(mark))
    for name in ("webhook", "schedule", "flow"):
        assert found(started_by=name) == found(started_by=name, status="accepted") == [by[name]]
        assert store.executions.get(by[name]).started_by == name
    assert found(started_by="replay") == [by["replay of a schedule's"], by["replay"]]
    assert store.executions.get(by["replay of a schedule's"]).started_by == "replay"
    assert found(started_by="nothing") == []


def test_a_customer_has_the_executions_of_all_their_instances(store, put, found):
    integration, _ = store.integrations.publish("I", file_name="i.yaml", files={"i.yaml": b"x"}, limit=10)
    customer = store.customers.ensure("acme").id
    made = [
        store.instances.put(
            name=name,
            version_id=integration.id,
            integration_id=integration.integration_id,
            customer_id=customer,
            config={},
            connections={},
            flows=[],
        ).id
        for name in ("a", "b")
    ]
    mine = [put(instance=made[index % 2]) for index in range(4)]
    put(instance="other")
    assert found(customer_id=customer) == mine[::-1]


def test_pages_follow_each_other_and_none_looks_at_more_than_it_may(store, put):
    ids = [put(flow="Rare" if number == 0 else "Often") for number in range(9)]
    page = find(store.engine, Filter(), limit=4)
    assert [row.id for row in page.rows] == ids[:4:-1]
    assert not page.is_short
    seen, before, pages = [], "", 0
    while True:
        page = find(store.engine, Filter(flow="Rare"), before=before, limit=4, looked_at=3)
        seen += [row.id for row in page.rows]
        pages, before = pages + 1, page.next
        if not before:
            break
        assert page.is_short
    assert (seen, pages) == ([ids[0]], 4)


def test_a_filter_can_be_kept():
    now = utc_now().replace(microsecond=0)
    for wanted in (Filter(), Filter(text="x", status="failed", started_by="flow", since=now - HOUR, until=now)):
        assert Filter.of_json(wanted.to_json()) == wanted


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(), "sqlite_autoindex_executions_1"),
        (Filter(status="failed"), "executions_ended"),
        (Filter(status="waiting"), "executions_open"),
        (Filter(instance_id="i1", flow="x"), "executions_of_instance"),
        (Filter(text="hello", status="failed"), "terms"),
        (Filter(text="01a2178d-af5d"), "sqlite_autoindex_executions_1"),
        (Filter(since=utc_now(), run_as="system"), "sqlite_autoindex_executions_1"),
        (Filter(started_by="schedule"), "executions_planned"),
        (Filter(started_by="webhook"), "sqlite_autoindex_executions_1"),
    ],
)
def test_every_page_begins_at_an_index(tmp_path, wanted, index):
    store = Store.open(Settings(data=tmp_path / "data"))
    with store.engine.begin() as connection:
        source, _ = search._source(connection, wanted, first_id(utc_now() + HOUR))
        text = str(source.limit(50).compile(store.engine, compile_kwargs={"literal_binds": True}))
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    store.close()
    assert any(index in step and "SEARCH" in step for step in plan) or index == "executions_open" in str(plan), plan
    if wanted.status != "waiting":
        assert not any("TEMP B-TREE" in step for step in plan), plan
