"""Who is let in, set from the shell; no password and no token is ever an argument."""

import io
import sqlite3

import pytest
import sqlalchemy as sa
from twilio_connector.host.administration.credentials import Credentials

PASSWORD = b"correct horse battery\n"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("TWILIO_CONNECTOR_DATA", str(tmp_path / "data"))


@pytest.fixture
def say(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


def test_a_password_is_set_from_standard_input_and_removed(run, say):
    say(PASSWORD)
    assert run("password", "set").status == 0
    assert run("password", "remove").out == "removed\n"
    assert run("password", "remove").out == "there was none\n"
    assert "password.set" in run("log").out


@pytest.mark.parametrize("text", [b"short\n", b"", b"\xff" * 20])
def test_a_bad_password_is_refused_unquoted(run, say, text):
    say(text)
    done = run("password", "set")
    assert (done.status, done.out) == (2, "")
    assert "password:" in done.err


def test_a_token_is_made_listed_and_revoked(run):
    made = run("token", "create", "billing", "--scope", "write", "--expires", "90d")
    token = made.out.strip()
    assert token.startswith("tc_")
    assert token not in made.err
    listed = run("token", "list").out
    assert listed.startswith(f"billing  {token[:9]}…  write  never used  until ")
    assert token not in listed + run("log").out
    assert run("token", "revoke", "billing").status == 0
    assert run("token", "revoke", "billing").status == 2
    assert run("token", "list").out == ""


@pytest.mark.parametrize("age", ["90", "0d", "-1d", "1y", "99999999d", "soon"])
def test_an_expiry_that_is_none_is_refused(run, age):
    done = run("token", "create", "billing", "--expires", age)
    assert (done.status, done.out) == (2, "")
    assert "such as 12h, 90d or 52w" in done.err


@pytest.mark.parametrize(
    "arguments",
    [("--host", "0.0.0.0"), ("--host", "192.0.2.1"), ("--name", "twilio.example.com")],  # noqa: S104
)
def test_a_host_that_others_reach_starts_for_nobody_without_a_credential(run, arguments):
    done = run("serve", "--port", "0", *arguments)
    assert (done.status, done.out) == (2, "")
    assert "password set" in done.err
    assert "token create NAME" in done.err


@pytest.mark.parametrize("name", ["https://x.example", "x.example:443", "a b", "", "x/y"])
def test_a_name_that_is_none_is_refused(run, name):
    done = run("serve", "--port", "0", "--name", name)
    assert done.status == 2
    assert "is no host name" in done.err


def test_a_database_that_goes_away_under_a_command_is_told_with_the_mend_and_its_own_exit_status(run, monkeypatch):
    def go_away(*_):
        gone = "connection failed\nIs the server running?"
        raise sa.exc.OperationalError("INSERT INTO tokens", {}, sqlite3.OperationalError(gone))

    monkeypatch.setattr(Credentials, "create_token", go_away)
    done = run("token", "create", "billing")
    assert (done.status, done.out) == (3, "")
    assert done.err.startswith("error: the database went away: connection failed. ")
    assert "INSERT" not in done.err
    assert "check that it runs" in done.err


def test_a_fault_of_ours_is_not_taken_for_the_databases(run, monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(Credentials, "create_token", fail)
    with pytest.raises(RuntimeError):
        run("token", "create", "billing")
