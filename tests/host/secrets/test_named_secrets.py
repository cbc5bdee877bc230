"""Secrets with names of their own: found in the vault, then the environment, then a file; called by connections."""

import os
from dataclasses import replace

import pytest
from pydantic import SecretStr
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput
from twilio_connector.host.host import Host
from twilio_connector.host.operating.changes import Wanted
from twilio_connector.host.secrets.named_secrets import MAX_BYTES, is_name, reference
from twilio_connector.host.settings import Settings

CALLING = {"account": "A1", "token": reference("my-token")}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "secrets"
    made.mkdir()
    return made


@pytest.fixture
def settings(tmp_path, folder):
    environment = {"FROM_ENV": SecretStr("of-the-environment"), "EMPTY": SecretStr("")}
    return Settings(data=tmp_path / "data", secrets=environment, secrets_folder=folder)


@pytest.fixture
def quiet(settings, probe):
    """A host that is opened and not started."""
    host = Host.open(replace(settings, components=(probe,), public_url="https://host.example"))
    yield host
    host.stop()


def token_of(host, connection):
    return host.configuration.open(host.store.connections.require(connection.id))["fields"]["token"]


def test_the_vault_comes_first_then_the_environment_then_the_file(quiet, folder):
    (folder / "from-env").write_text("of-the-file\n")
    (folder / "from-file").write_text("of-the-file\r\n")
    assert quiet.secrets.get("from-env") == "of-the-environment"
    assert quiet.secrets.get("from-file") == "of-the-file"
    quiet.custody.set_secret("from-env", "of-the-vault")
    assert quiet.secrets.get("from-env") == "of-the-vault"


def test_the_names_that_there_are_are_told_with_their_places(quiet, folder):
    quiet.custody.set_secret("from_vault", "x")
    quiet.custody.set_secret("from-env", "x")
    (folder / "..data").mkdir()
    (folder / "a.b").write_text("x")
    (folder / "from-file").write_text("x")
    assert dict(quiet.secrets.names()) == {"from-env": "vault", "from_vault": "vault", "from-file": "file"}
    quiet.custody.remove_secret("from-env")
    assert quiet.secrets.names()["from-env"] == "environment"
    assert all(quiet.secrets.get(name) for name in quiet.secrets.names())


def test_a_connection_that_calls_a_secret_follows_it_when_it_changes(quiet):
    quiet.custody.set_secret("my-token", "first-token")
    made = quiet.connections.add(name="mine", component="probe", key="token", fields=CALLING)
    assert token_of(quiet, made) == "first-token"
    assert quiet.connections.test(made.id).healthy
    quiet.custody.set_secret("my-token", "second-token")
    assert token_of(quiet, made) == "second-token"
    assert quiet.redactor.strike("first-token second-token") == "[secret] [secret]"


def test_a_secret_left_empty_on_the_form_still_calls_its_name(quiet):
    quiet.custody.set_secret("my-token", "first-token")
    made = quiet.connections.add(name="mine", component="probe", key="token", fields=CALLING)
    quiet.connections.update(made.id, name="ours", fields={"account": "A2", "token": ""})
    quiet.custody.set_secret("my-token", "second-token")
    assert token_of(quiet, made) == "second-token"


def test_a_secret_that_is_nowhere_is_named_with_where_it_was_looked_for(quiet, folder):
    with pytest.raises(ConnectionFailed) as caught:
        quiet.connections.add(name="mine", component="probe", key="token", fields=CALLING)
    for told in ("token: ", "'my-token'", "TWILIO_CONNECTOR_SECRET_MY_TOKEN", str(folder / "my-token"), "secret set"):
        assert told in str(caught.value)


def test_a_secret_is_called_only_where_a_secret_belongs(quiet):
    quiet.custody.set_secret("my-token", "first-token")
    fields = {"account": reference("my-token"), "token": "t"}
    with pytest.raises(InvalidInput, match="account: is no secret"):
        quiet.connections.add(name="mine", component="probe", key="token", fields=fields)


def test_a_secret_in_use_is_not_removed(quiet):
    quiet.custody.set_secret("my-token", "first-token")
    made = quiet.connections.add(name="mine", component="probe", key="token", fields=CALLING)
    with pytest.raises(InvalidInput, match="called by mine"):
        quiet.custody.remove_secret("my-token")
    quiet.connections.remove(made.id)
    quiet.custody.remove_secret("my-token")
    with pytest.raises(InvalidInput, match="secret list"):
        quiet.custody.remove_secret("my-token")


@pytest.mark.parametrize(
    "name",
    [
        *("", "../vault.key", "a/b", "/etc/passwd", ".hidden", "a.b", "-a", "a b", "a\0b", "a\n", "ü", "x" * 65),
        *(
            "0123456789abcdef0123456789abcdef",
            "SK0123456789abcdef0123456789abcdef",
            "my-0123456789abcdef0123456789abcdef",
        ),
    ],
)
def test_what_is_no_name_is_refused_and_never_quoted(quiet, name):
    for refused in (
        lambda: quiet.custody.set_secret(name, "v"),
        lambda: quiet.connections.add(
            name="m", component="probe", key="token", fields={"account": "a", "token": {"$secret": name}}
        ),
    ):
        with pytest.raises(InvalidInput) as caught:
            refused()
        assert len(name) < 3 or name not in str(caught.value)


@pytest.mark.parametrize("name", ["a", "twilio-auth-token", "Twilio_2", "9" * 23, "x" * 64])
def test_names(name):
    assert is_name(name)


@pytest.mark.parametrize("value", ["", "a\0b", "\ud800", "x" * (MAX_BYTES + 1)])
def test_a_value_that_cannot_be_kept_is_refused(quiet, value):
    with pytest.raises(InvalidInput, match="1 to"):
        quiet.custody.set_secret("big", value)


def test_an_empty_variable_or_file_is_no_secret(quiet, folder):
    (folder / "empty").write_text("\n")
    with pytest.raises(ConnectionFailed, match="there is no secret"):
        quiet.secrets.get("empty")


@pytest.mark.parametrize("attack", ["link-out", "loop", "fifo", "folder", "large", "binary", "nul", "endless"])
def test_a_file_that_is_no_secret_is_refused(quiet, folder, tmp_path, attack):
    path = folder / "bad"
    (tmp_path / "outside").write_text("outside-the-folder")
    match attack:
        case "link-out":
            path.symlink_to(tmp_path / "outside")
        case "loop":
            path.symlink_to(path)
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "endless":
            path.symlink_to("/dev/zero")
        case _:
            path.write_bytes({"large": b"x" * (MAX_BYTES + 1), "binary": b"\xff\xfe", "nul": b"a\0b"}[attack])
    with pytest.raises(ConnectionFailed, match="cannot be used") as caught:
        quiet.secrets.get("bad")
    assert "outside-the-folder" not in str(caught.value)


def test_secrets_mounted_as_links_inside_the_folder_are_read(quiet, folder):
    """As an orchestrator mounts them, so that all change at once."""
    (folder / "..data-1").mkdir()
    (folder / "..data-1" / "token").write_text("mounted")
    (folder / "..data").symlink_to("..data-1")
    (folder / "token").symlink_to("..data/token")
    assert quiet.secrets.get("token") == "mounted"


def test_a_secrets_row_that_was_swapped_is_refused(quiet):
    quiet.custody.set_secret("one", "first")
    quiet.store.named_secrets.put("two", quiet.store.named_secrets.get("one"))
    with pytest.raises(Exception, match="secret two belong to another"):
        quiet.secrets.get("two")


def test_no_secret_is_written_down_in_plain(quiet, settings):
    quiet.custody.set_secret("my-token", "hunter2-hunter2")
    made = quiet.connections.add(name="mine", component="probe", key="token", fields=CALLING)
    quiet.configuration.open(made)
    quiet.changes.note("probe", "x", "hunter2-hunter2")
    for file in settings.data.rglob("*"):
        assert b"hunter2-hunter2" not in (file.read_bytes() if file.is_file() else b"")
    assert "hunter2" not in repr((quiet.secrets, quiet.changes.find(Wanted())[0], settings))
