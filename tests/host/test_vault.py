from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from twilio_connector.host.vault import Vault, VaultLocked

FIELDS = {"accountSid": "AC1", "apiSecret": "hunter2"}


def new_key() -> SecretStr:
    return SecretStr(Fernet.generate_key().decode())


def test_what_is_sealed_opens_as_the_same_connection(vault):
    assert vault.unseal("c1", vault.seal("c1", FIELDS)) == FIELDS


def test_the_ciphertext_shows_nothing(vault):
    assert "hunter2" not in vault.seal("c1", FIELDS)
    assert "hunter2" not in repr(vault)


def test_a_value_moved_to_another_connection_is_refused(vault):
    with pytest.raises(VaultLocked, match="belong to another connection"):
        vault.unseal("c2", vault.seal("c1", FIELDS))


def test_a_changed_value_is_refused(vault):
    sealed = vault.seal("c1", FIELDS)
    with pytest.raises(VaultLocked, match="enter them again"):
        vault.unseal("c1", sealed[:-10] + "AAAAAAAAA=")


def test_the_key_file_is_made_once_for_its_owner_only(settings, store):
    sealed = Vault.open(settings, store.engine).seal("c1", FIELDS)
    assert (settings.data / "vault.key").stat().st_mode & 0o777 == 0o600
    assert Vault.open(settings, store.engine).unseal("c1", sealed) == FIELDS


def test_another_key_fails_at_the_start_with_what_to_do(settings, store, vault):
    with pytest.raises(VaultLocked, match="TWILIO_CONNECTOR_KEYS"):
        Vault.open(replace(settings, keys=(new_key(),)), store.engine)


def test_a_key_that_is_none_fails_at_the_start(settings, store):
    with pytest.raises(VaultLocked, match="not a Fernet key") as caught:
        Vault.open(replace(settings, keys=(SecretStr("hunter2"),)), store.engine)
    assert "hunter2" not in str(caught.value)


def test_an_empty_key_file_is_not_taken_for_a_key(settings, store):
    (settings.data / "vault.key").touch()
    with pytest.raises(VaultLocked, match="empty"):
        Vault.open(settings, store.engine)


def test_after_a_rotation_the_old_key_is_not_needed(settings, store):
    old, new = new_key(), new_key()
    vault = Vault.open(replace(settings, keys=(old,)), store.engine)
    made = store.connections.add(name="t", component="c", key="k", seal=lambda i: vault.seal(i, FIELDS))
    assert Vault.open(replace(settings, keys=(new, old)), store.engine).rotate(store.engine) == 1
    fresh = Vault.open(replace(settings, keys=(new,)), store.engine)
    assert fresh.unseal(made.id, store.connections.require(made.id).secret) == FIELDS
    with pytest.raises(VaultLocked):
        Vault.open(replace(settings, keys=(old,)), store.engine)
