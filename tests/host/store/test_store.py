"""What the host keeps, on each kind of database."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.database import DatabaseUnusable, prepare
from twilio_connector.host.store.instances import digest
from twilio_connector.host.store.schema import meta
from twilio_connector.host.store.states import merge

LIMIT = 1 << 20


def publish(store: Store, text: bytes = b"name: Reply"):
    return store.integrations.publish("Reply", file_name="reply.yaml", files={"reply.yaml": text}, limit=LIMIT)[0]


def deploy(
    store: Store, *, name: str = "Reply for Acme", flows=("Inbound", "Status"), text: bytes = b"name: Reply", **given
):
    version, customer = publish(store, text), store.customers.ensure("acme", "Acme")
    values = {"config": {}, "connections": {}} | given
    return store.instances.put(
        name=name,
        version_id=version.id,
        integration_id=version.integration_id,
        customer_id=customer.id,
        flows=flows,
        **values,
    )


def test_opening_again_finds_what_was_kept(settings, store):
    store.customers.ensure("acme")
    again = Store.open(settings)
    assert [c.external_id for c in again.customers.all()] == ["acme"]
    again.close()


def test_a_place_that_cannot_be_a_directory_is_refused_with_the_mend(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="choose another"):
        Store.open(Settings(data=tmp_path / "file" / "data"))


def test_a_database_of_a_newer_program_is_refused(store):
    with store.engine.begin() as connection:
        connection.execute(sa.update(meta).where(meta.c.key == "schema_version").values(value="99"))
    with pytest.raises(DatabaseUnusable, match="upgrade twilio-connector"):
        prepare(store.engine)


def test_a_customer_is_one_for_its_external_id(store):
    first = store.customers.ensure("acme", "Acme")
    assert store.customers.ensure("acme") == first
    assert store.customers.ensure("acme", "Acme Ltd").name == "Acme Ltd"
    assert store.customers.get(first.id).name == "Acme Ltd"


def test_a_connection_is_sealed_under_its_own_id(store):
    made = store.connections.add(name=" Twilio ", component="twilio", key="basic", seal=lambda i: f"sealed:{i}")
    assert made.secret == f"sealed:{made.id}"
    assert store.connections.named("Twilio") == made
    assert store.connections.all("twilio") == [made]
    assert store.connections.all("other") == []


def test_two_connections_cannot_share_a_name(store):
    store.connections.add(name="Twilio", component="twilio", key="basic", seal=str)
    with pytest.raises(InvalidInput, match="choose another name"):
        store.connections.add(name="Twilio", component="twilio", key="basic", seal=str)


def test_new_values_forget_the_verdict_on_the_old(store):
    made = store.connections.add(name="Twilio", component="twilio", key="basic", seal=str)
    store.connections.record_test(made.id, healthy=True, verdict="it works")
    assert store.connections.require(made.id).healthy is True
    changed = store.connections.update(made.id, name="Twilio", secret="other")
    assert (changed.healthy, changed.verdict, changed.secret) == (None, None, "other")


def test_a_connection_in_use_is_not_removed(store):
    made = store.connections.add(name="Twilio", component="twilio", key="basic", seal=str)
    instance = deploy(store, connections={"Twilio": made.id})
    with pytest.raises(InvalidInput, match="Reply for Acme"):
        store.connections.remove(made.id)
    store.registrations.forget(instance.id)
    store.connections.remove(made.id)
    assert store.connections.get(made.id) is None


def test_the_same_files_are_the_same_version(store):
    first, again, other = publish(store), publish(store), publish(store, b"name: Reply 2")
    assert first == again
    assert (first.number, other.number) == (1, 2)
    assert store.integrations.files(first.id) == {"reply.yaml": b"name: Reply"}
    assert [v.number for v in store.integrations.all()] == [2, 1]


def test_files_cannot_leave_the_folder_or_outgrow_the_limit(store):
    with pytest.raises(InvalidInput, match="not a path inside"):
        store.integrations.publish("r", file_name="r", files={"../r": b""}, limit=LIMIT)
    with pytest.raises(InvalidInput, match="the limit is 3"):
        store.integrations.publish("r", file_name="r", files={"r": b"four"}, limit=3)


def test_deploying_again_keeps_the_addresses_of_flows_that_stay(store):
    first = deploy(store)
    before = {e.flow: e.id for e in store.instances.endpoints(first.id)}
    second = deploy(store, flows=("Inbound", "New"), text=b"name: Reply 2", config={"Greeting": "hi"})
    after = {e.flow: e.id for e in store.instances.endpoints(second.id)}
    assert first.id == second.id
    assert before["Inbound"] == after["Inbound"]
    assert set(after) == {"Inbound", "New"}
    assert store.instances.endpoint(before["Status"]) is None
    assert (second.version, second.config, second.customer) == (2, {"Greeting": "hi"}, "Acme")


def test_an_instance_name_of_another_integration_is_refused(store):
    deploy(store)
    other, _ = store.integrations.publish("Other", file_name="o", files={"o": b""}, limit=LIMIT)
    customer = store.customers.ensure("acme")
    with pytest.raises(InvalidInput, match="another integration"):
        store.instances.put(
            name="Reply for Acme",
            version_id=other.id,
            integration_id=other.integration_id,
            customer_id=customer.id,
            config={},
            connections={},
            flows=[],
        )


def test_of_an_api_key_only_the_digest_is_kept(store):
    (endpoint, _) = store.instances.endpoints(deploy(store).id)
    key = store.instances.add_key(endpoint.id)
    (kept,) = store.instances.keys(endpoint.id)
    assert kept.hint == key[-4:]
    assert store.instances.key_digests(endpoint.id) == (digest(key),)
    assert key not in digest(key)
    store.instances.remove_key(kept.id)
    assert store.instances.key_digests(endpoint.id) == ()


def test_only_the_newest_refusals_are_kept(store):
    small = Store(store.engine, refusals_kept=3)
    for number in range(5):
        with store.engine.begin() as connection:
            small.refusals.write(connection, endpoint_id="e", reason=f"reason {number}", method="POST", source="")
    assert [r.reason for r in small.refusals.recent()] == ["reason 4", "reason 3", "reason 2"]
    assert small.refusals.recent(endpoint_id="other") == []


def test_state_is_merged_key_by_key(store):
    owners = {"instance": "i/f", "execution": "x"}
    with store.engine.begin() as connection:
        merge(connection, owners, {"instance": {"a": 1, "b": [2]}, "execution": {"e": True}})
        merge(connection, owners, {"instance": {"a": None, "c": b"3"}, "execution": None})
    assert store.states.read(owners) == {"instance": {"b": [2], "c": b"3"}, "execution": {"e": True}}
    assert store.states.read({"instance": "other"}) == {"instance": {}}


def test_times_come_back_aware_and_in_order(store):
    made = store.connections.add(name="a", component="c", key="k", seal=str)
    assert made.created_at.utcoffset() == timedelta(0)


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path):
    url = SecretStr("postgresql://someone:hunter2@127.0.0.1:1/db")
    with pytest.raises(DatabaseUnusable, match=r"127\.0\.0\.1:1/db.*DATABASE_URL") as caught:
        Store.open(Settings(data=tmp_path, database_url=url))
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "host.sqlite").write_text("this is not a database at all, however long it may be" * 20)
    with pytest.raises(DatabaseUnusable, match="cannot open the database"):
        Store.open(Settings(data=tmp_path))
