"""Where the vault's keys may be, and who may read them there."""

import subprocess
import sys

import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.secrets.keys import FileKeys, GivenKeys, KeyringKeys, VaultLocked, new_key, source_of
from twilio_connector.host.secrets.vault import Vault
from twilio_connector.host.settings import Settings


class Ring(KeyringBackend):
    """A keyring in memory; ``locked`` as one whose owner has not signed in."""

    priority = 0

    def __init__(self, *, locked=False):
        super().__init__()
        self.kept, self.locked = {}, locked

    def get_password(self, service, username):
        if self.locked:
            raise keyring.errors.KeyringLocked
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


def values(keys):
    return [key.get_secret_value() for key in keys]


def test_the_data_directorys_file_is_made_once_for_its_owner_only(tmp_path):
    made = source_of(Settings(data=tmp_path)).read()
    assert values(source_of(Settings(data=tmp_path)).read()) == values(made)
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]


def test_processes_that_start_together_make_one_key(tmp_path):
    code = (
        "import sys; from pathlib import Path; from twilio_connector.host.secrets.keys import FileKeys; "
        "print(FileKeys(Path(sys.argv[1]), made=True).read()[0].get_secret_value())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "vault.key")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert len({process.communicate()[0] for process in started}) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_read_or_write_is_refused_with_what_to_do(tmp_path, mode):
    path = tmp_path / "key"
    path.write_text(new_key().get_secret_value())
    path.chmod(mode)
    with pytest.raises(VaultLocked, match=f"chmod 600 {path}"):
        source_of(Settings(data=tmp_path, key_file=path)).read()


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(VaultLocked, match="TWILIO_CONNECTOR_KEY_FILE"):
        source_of(Settings(data=tmp_path, key_file=tmp_path / "key")).read()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["/dev/zero", "/"])
def test_a_file_that_is_none_is_refused(tmp_path, place):
    with pytest.raises(VaultLocked):
        FileKeys(tmp_path / place).read()


def test_a_change_of_the_file_is_whole_or_not_at_all(tmp_path):
    keys = FileKeys(tmp_path / "key", made=True)
    before = keys.read()

    def fail(found):
        raise OSError(28, "No space left on device")

    with pytest.raises(VaultLocked, match="by hand"):
        keys.change(fail)
    assert values(keys.read()) == values(before)
    keys.change(lambda found: (new_key(), *found))
    assert values(keys.read())[1:] == values(before)


def test_a_link_to_the_file_stays_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    FileKeys(real, made=True).read()
    link.symlink_to(real)
    FileKeys(link).change(lambda found: (new_key(), *found))
    assert link.is_symlink()
    assert len(FileKeys(real).read()) == 2


def test_a_keyrings_entry_is_made_kept_and_changed():
    ring = Ring()
    made = KeyringKeys("main", ring).read()
    assert values(KeyringKeys("main", ring).read()) == values(made)
    assert values(KeyringKeys("other", ring).read()) != values(made)
    KeyringKeys("main", ring).change(lambda found: (new_key(), *found))
    assert values(KeyringKeys("main", ring).read())[1:] == values(made)


@pytest.mark.parametrize("ring", [Ring(locked=True), keyring.backends.fail.Keyring()])
def test_a_keyring_that_cannot_be_used_says_what_to_do(ring):
    with pytest.raises(VaultLocked, match="TWILIO_CONNECTOR_KEY_FILE instead"):
        KeyringKeys("main", ring).read()


def test_without_the_keyrings_library_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(VaultLocked, match=r"pip install '\.\[all\]' from a clone"):
        source_of(Settings(data=tmp_path, keyring="main"))


def test_keys_in_two_places_are_refused():
    environ = {"TWILIO_CONNECTOR_KEYS": "hunter2", "TWILIO_CONNECTOR_KEYRING": "main"}
    with pytest.raises(InvalidInput, match="KEYS and TWILIO_CONNECTOR_KEYRING") as caught:
        Settings.load(environ)
    assert "hunter2" not in str(caught.value)


def test_no_representation_holds_a_key(tmp_path):
    keys = (new_key(),)
    given = GivenKeys(keys)
    assert keys[0].get_secret_value() not in repr((given, Vault(given), FileKeys(tmp_path / "key")))
