"""The vault's keys are changed while hosts run, and whatever dies on the way, everything still opens."""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.engine import durable
from twilio_connector.host.host import Host
from twilio_connector.host.secrets.keys import VaultLocked, new_key
from twilio_connector.host.secrets.rotation import SEALED, census, forget, rotate
from twilio_connector.host.secrets.vault import Vault
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.schema import metadata, registrations

HOST = Path(__file__).parents[3] / "host"
FIELDS = {"apiSecret": "hunter2"}


def fill(store, vault, count=3):
    ids = [
        store.connections.add(name=f"c{n}", component="c", key="k", seal=lambda i: vault.seal(i, FIELDS)).id
        for n in range(count)
    ]
    store.named_secrets.put("token", vault.seal("secret token", FIELDS))
    return ids


def opens(store, vault, ids):
    sealed = {i: store.connections.require(i).secret for i in ids} | {"secret token": store.named_secrets.get("token")}
    return all(vault.unseal(subject, secret) == FIELDS for subject, secret in sealed.items())


def test_everything_is_sealed_with_the_new_key_and_running_hosts_go_on(settings, store):
    running, other = Vault.open(settings, store.engine), Vault.open(settings, store.engine)
    ids = fill(store, running)
    done = rotate(other, store.engine)
    assert (done.new, done.sealed, done.unreadable) == (True, 5, ())
    assert census(running, store.engine, ()) == {done.key: 5, running.key_names[1]: 0}
    assert opens(store, running, ids)
    assert running.key_of(running.seal("c9", FIELDS)) == done.key


def test_what_a_host_sealed_with_the_old_key_meanwhile_the_next_rotation_seals_again(settings, store, vault):
    late = vault.seal("secret late", FIELDS)
    first = rotate(vault, store.engine)
    store.named_secrets.put("late", late)
    assert census(vault, store.engine, ())[first.key] == 1
    second = rotate(vault, store.engine)
    assert (second.new, second.key) == (False, first.key)
    assert rotate(vault, store.engine).new


def test_a_key_that_seals_nothing_is_forgotten_and_no_other(settings, store, vault):
    ids = fill(store, vault)
    kept = store.connections.require(ids[0]).secret
    (old,) = vault.key_names
    rotate(vault, store.engine)
    assert forget(vault, store.engine, [kept]) == ()  # a checkpoint of an execution that runs
    assert forget(vault, store.engine, []) == (old,)
    assert len((settings.data / "vault.key").read_text().split()) == 1
    assert opens(store, Vault.open(settings, store.engine), ids)


def test_no_ciphertext_is_forgotten_wherever_it_is_stored(settings, store, vault):
    """Every table with a value of the vault in it; a new one must say by its column's type that it has."""
    fill(store, vault)
    with store.engine.begin() as connection:
        row = {"endpoint_id": "e", "instance_id": "i", "flow": "f", "version_id": "v", "config": {}, "connections": {}}
        row |= {"status": "registered", "leaving": False, "changes": [], "attempts": 0}
        row |= {"due_at": utc_now(), "updated_at": utc_now()}
        connection.execute(sa.insert(registrations).values(row | {"ledger": vault.seal("ledger e", FIELDS)}))
        connection.execute(sa.insert(registrations).values(row | {"endpoint_id": "empty", "ledger": ""}))
    (old,) = vault.key_names
    assert rotate(vault, store.engine).sealed == 6
    assert forget(vault, store.engine, ()) == (old,)
    with store.engine.begin() as connection:
        texts = [
            text for table in metadata.sorted_tables for row in connection.execute(sa.select(table)) for text in row
        ]
    sealed = [text for text in texts if isinstance(text, str) and text.startswith("gAAAA")]
    assert len(sealed) == 6
    assert all(vault.key_of(text) == vault.key_names[0] for text in sealed)


def test_what_calls_the_vault_keeps_it_in_a_column_that_says_so():
    """Whoever seals something anew must look here: a key that nothing seems to need is thrown away."""
    calls = {path.name for path in HOST.rglob("*.py") if ".seal(" in path.read_text()}
    assert calls == {"api_actions.py", "connections.py", "ledger.py", "named_secrets.py", "vault.py", "work.py"}
    columns = {f"{text.table.name}.{text.name}" for _, text in SEALED}
    assert columns == {"calls.sealed", "connections.secret", "named_secrets.secret", "registrations.ledger"}


def test_a_value_that_no_key_opens_is_named_and_stops_nothing(settings, store, vault):
    ids = fill(store, vault)
    store.connections.update(ids[0], name="broken", secret="gAAAAnonsense")
    done = rotate(vault, store.engine)
    assert (done.sealed, done.unreadable) == (4, (ids[0],))
    assert census(vault, store.engine, ())[None] == 1


def test_keys_of_the_environment_are_rotated_in_two_steps(settings, store):
    old, new = new_key(), new_key()
    ids = fill(store, Vault.open(replace(settings, keys=(old,)), store.engine))
    with pytest.raises(VaultLocked, match="Put a new key first"):
        rotate(Vault.open(replace(settings, keys=(old,)), store.engine), store.engine)
    assert not rotate(Vault.open(replace(settings, keys=(new, old)), store.engine), store.engine).new
    assert opens(store, Vault.open(replace(settings, keys=(new,)), store.engine), ids)
    with pytest.raises(VaultLocked):
        Vault.open(replace(settings, keys=(old,)), store.engine)


KILLED = """
import os, signal, sys
from pathlib import Path
from twilio_connector.host.secrets import keys, rotation
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.schema import metadata, registrations
from twilio_connector.host.secrets.vault import Vault

left = int(sys.argv[2])

def dying(function):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return call

settings = Settings(data=Path(sys.argv[1]))
store = Store.open(settings)
vault = Vault.open(settings, store.engine)
os.fsync, Path.replace, Vault.again = dying(os.fsync), dying(Path.replace), dying(Vault.again)
rotation.rotate(vault, store.engine)
"""


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_killed_at_any_point_nothing_is_lost_and_the_next_rotation_goes_on(settings, store, vault):
    """Points: the draft's fsync, its rename, the folder's fsync, each value sealed again."""
    ids = fill(store, vault, count=1)
    outcomes = []
    for point in range(6):
        command = [sys.executable, "-c", KILLED, str(settings.data), str(point)]
        outcomes.append(subprocess.run(command, check=False).returncode)
        assert opens(store, Vault.open(settings, store.engine), ids)
    assert outcomes == [-9, -9, -9, 0, -9, 0]  # what goes on with the last one does less than a whole rotation
    rotate(vault, store.engine)
    assert [path.name for path in settings.data.glob(".*")] == []
    assert set(census(vault, store.engine, ()).values()) <= {0, 3}


def test_the_checkpoint_of_an_execution_that_runs_keeps_its_key(host, integration, step, tmp_path):
    """The step's result holds a secret, so its checkpoint is sealed; the next step is still running."""
    host.redactor.learn(["hunter2-hunter2"])
    line = tmp_path / "line"
    steps = step("Give", "give", what="hunter2-hunter2"), step("Wait", "note", file=str(line), line="x", seconds="1")
    (endpoint,) = host.store.instances.endpoints(host.instances.deploy(integration(*steps), customer="acme").id)
    accepted = asyncio.run(host.receive(endpoint.id, WebhookRequest(url="/"))).execution_id
    while not line.exists():
        time.sleep(0.01)
    (old,) = host.vault.key_names
    host.custody.rotate()
    assert len(durable.sealed_checkpoints(host.settings)) == host.custody.census()[old] == 1
    assert host.custody.forget() == ()
    assert asyncio.run(host.result(accepted, 30)).status == "succeeded"
    while host.custody.census()[old]:  # the engine writes down the end a moment after it is told
        time.sleep(0.01)
    assert host.custody.forget() == (old,)


def test_a_host_that_starts_after_a_rotation_needs_only_the_new_key(settings):
    with Host.open(Settings(data=settings.data)) as host:
        host.custody.set_secret("token", "hunter2")
        host.custody.rotate()
        host.custody.forget()
    store = Store.open(Settings(data=settings.data))
    vault = Vault.open(Settings(data=settings.data), store.engine)
    assert vault.unseal("secret token", store.named_secrets.get("token")) == {"value": "hunter2"}
    store.close()
