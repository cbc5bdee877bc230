"""The vault's keys and the named secrets, from the shell."""

import io
import os
import pty
import subprocess
import sys

import pytest

VALUE = b"hunter2-hunter2"
TYPED = VALUE + b"\n"


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("TWILIO_CONNECTOR_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def set_secret(run, monkeypatch):
    def run_with(name, value=TYPED):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(value)))
        return run("secret", "set", name)

    return run_with


def test_a_secret_is_set_listed_and_removed(run, set_secret, data):
    assert set_secret("my-token").out == "my-token: stored\n"
    assert "changed" in set_secret("my-token").out
    listed = run("secret", "list").out
    assert listed.startswith("my-token  20")
    assert "called by no connection" in listed
    assert run("secret", "remove", "my-token").status == 0
    assert run("secret", "list").out == ""
    assert not any(VALUE in path.read_bytes() for path in data.rglob("*") if path.is_file())


def test_a_value_in_the_place_of_the_name_is_refused_and_not_quoted(set_secret, data):
    done = set_secret("0123456789abcdef0123456789abcdef")
    assert done.status == 2
    assert "twilio-auth-token" in done.err
    assert "0123456789" not in done.err


@pytest.mark.parametrize("value", [b"", b"\n", b"\xff\xfe", b"a\0b", b"x" * 65_537])
def test_what_is_no_text_of_a_fair_length_is_refused(set_secret, data, value):
    assert set_secret("my-token", value).status == 2


def test_a_person_is_asked_and_nothing_is_shown(data):
    """On a terminal: what is typed is not echoed, and is asked for twice."""
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "twilio_connector.cli", "secret", "set", "my-token"]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as process:
        os.close(terminal)
        shown = b""
        for prompt in (b"Value of my-token: ", b"Repeat for confirmation: "):
            while prompt not in shown:
                shown += os.read(main, 1024)
            os.write(main, VALUE + b"\n")
        while b"stored" not in shown:
            shown += os.read(main, 1024)
        assert process.wait() == 0
    os.close(main)
    assert VALUE not in shown


def test_the_keys_are_rotated_and_forgotten(run, set_secret, data):
    set_secret("my-token")
    before = run("vault", "status").out
    assert str(data / "vault.key") in before
    assert "2 sealed  seals what is new" in before
    assert "a new key seals all 2 values" in run("vault", "rotate").out
    assert "0 sealed  not needed: vault forget" in run("vault", "status").out
    assert run("vault", "forget").out.startswith("removed: ")
    assert run("vault", "forget").out == "nothing to remove\n"


def test_keys_of_the_environment_are_the_operators_to_change(run, monkeypatch, data):
    monkeypatch.setenv("TWILIO_CONNECTOR_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    done = run("vault", "rotate")
    assert done.status == 3
    assert "Put a new key first" in done.err
    assert "MDEyMzQ1" not in done.err


def test_wrong_keys_are_told_at_once(run, set_secret, monkeypatch, data):
    set_secret("my-token")
    monkeypatch.setenv("TWILIO_CONNECTOR_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    done = run("secret", "list")
    assert (done.status, done.out) == (3, "")
    assert "does not open" in done.err
