from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from twilio_connector.host.secrets.vault import Vault, VaultLocked

FIELDS = {"accountSid": "AC1", "apiSecret": "hunter2"}


def new_key() -> SecretStr:
    return SecretStr(Fernet.generate_key().decode())


def test_what_is_sealed_opens_as_the_same_connection(vault):
    assert vault.unseal("c1", vault.seal("c1", FIELDS)) == FIELDS


def test_the_ciphertext_shows_nothing(vault):
    assert "hunter2" not in vault.seal("c1", FIELDS)
    assert "hunter2" not in repr(vault)


def test_a_value_moved_to_another_connection_is_refused(vault):
    with pytest.raises(VaultLocked, match="connection c2 belong to another"):
        vault.unseal("c2", vault.seal("c1", FIELDS))


def test_two_connections_whose_rows_were_swapped_in_the_database_are_refused(host):
    one, two = (
        host.connections.add(name=name, component="probe", key="token", fields={"account": name, "token": "hunter2"})
        for name in ("one", "two")
    )
    host.store.connections.update(one.id, name="one", secret=two.secret)
    with pytest.raises(VaultLocked, match=one.id):
        host.configuration.open(host.store.connections.require(one.id))


def test_a_changed_value_is_refused(vault):
    sealed = vault.seal("c1", FIELDS)
    with pytest.raises(VaultLocked, match="enter them again"):
        vault.unseal("c1", sealed[:-10] + "AAAAAAAAA=")


def test_another_key_fails_at_the_start_with_what_to_do(settings, store, vault):
    with pytest.raises(VaultLocked, match="TWILIO_CONNECTOR_KEYS"):
        Vault.open(replace(settings, keys=(new_key(),)), store.engine)


def test_a_key_that_is_none_fails_at_the_start(settings, store):
    with pytest.raises(VaultLocked, match="not a Fernet key") as caught:
        Vault.open(replace(settings, keys=(SecretStr("hunter2"),)), store.engine)
    assert "hunter2" not in str(caught.value)


def test_an_empty_key_file_is_not_taken_for_a_key(settings, store):
    (settings.data / "vault.key").touch(mode=0o600)
    with pytest.raises(VaultLocked, match="empty"):
        Vault.open(settings, store.engine)
