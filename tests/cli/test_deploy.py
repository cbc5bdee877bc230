"""The example of a team's folder: deployed from the shell beside a host that runs, which then answers a text."""

import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving, url_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "team"
SECRETS = ("ACME_AUTH_TOKEN", "BELL_AUTH_TOKEN")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("TWILIO_CONNECTOR_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TWILIO_CONNECTOR_PUBLIC_URL", "https://host.example")
    return tmp_path / "data"


@pytest.fixture
def secrets(monkeypatch, data):
    for name in SECRETS:
        monkeypatch.setenv(f"TWILIO_CONNECTOR_SECRET_{name}", "hunter2hunter2")


@pytest.fixture
def team(tmp_path):
    return Path(shutil.copytree(EXAMPLE, tmp_path / "team"))


def test_without_its_secrets_nothing_is_done_and_every_one_is_named(run, data):
    done = run("deploy", EXAMPLE)
    assert (done.status, done.out) == (2, "")
    assert "acme.yaml:10: secrets.password: there is no secret 'acme-auth-token'" in done.err
    assert "bell.json:8: secret_config.auth_token: there is no secret 'bell-auth-token'" in done.err


def test_a_dry_run_a_run_and_a_second_run(run, secrets):
    assert run("deploy", EXAMPLE, "--dry-run").out.endswith("Would be: 7 made, 0 left as they were.\n")
    made = run("deploy", EXAMPLE)
    assert made.status == 0
    assert "instance Auto reply of bell: made\n" in made.out
    again = run("deploy", EXAMPLE)
    assert (again.status, again.out.splitlines()[-1]) == (0, "Nothing to change: 7 are as the folder says.")


def test_a_file_that_may_not_be_read_is_told_and_nothing_is_done(run, secrets, team, bound_by_modes):
    (team / "integrations" / "auto-reply" / "integration.yaml").chmod(0)
    done = run("deploy", team)
    assert (done.status, done.out) == (2, "")
    assert "integration.yaml:1: cannot be read: Permission denied" in done.err
    assert "Traceback" not in done.err


def test_what_is_declared_no_more_is_told_and_pruned_when_asked(run, secrets, team):
    run("deploy", team)
    for name in ("instances/bell.yaml", "connections/bell.json", "customers/bell.yaml"):
        (team / name).unlink()
    assert "instance Auto reply of bell: declared no more" in run("deploy", team).out
    assert run("deploy", team, "--prune").out.endswith("3 removed, 4 left as they were.\n")


def test_one_that_fails_is_told_by_the_exit_status_and_the_rest_is_done(run, secrets, team, data):
    """Bell's connection is in use by an instance that was made by hand, so it is not pruned; the customer is neither."""
    run("deploy", team)
    with_host(
        data, lambda host: host.instances.deploy(definition(team), customer="zed", config={"Twilio Connection": BELL})
    )
    for name in ("instances/bell.yaml", "connections/bell.json", "customers/bell.yaml"):
        (team / name).unlink()
    done = run("deploy", team, "--prune")
    assert done.status == 2
    assert "connection Twilio of Bell: failed: the connection is used by Auto reply" in done.err
    assert "customer bell: removed" in done.out


BELL = "Twilio of Bell"


def definition(team):
    return team / "integrations" / "auto-reply" / "integration.yaml"


def with_host(data, act):
    host = Host.open(Settings(data=data))
    try:
        return act(host)
    finally:
        host.stop()


def test_a_running_host_answers_as_the_folder_says_and_the_log_tells(run, team, data, twilio, monkeypatch):
    monkeypatch.setenv("TWILIO_CONNECTOR_SECRET_ACME_AUTH_TOKEN", twilio.auth_token)
    monkeypatch.setenv("TWILIO_CONNECTOR_SECRET_BELL_AUTH_TOKEN", twilio.auth_token)
    acme = team / "connections" / "acme.yaml"
    sid = f"{twilio.account_sid}\n  baseUrl: {twilio.base_url}"
    acme.write_text(acme.read_text().replace("AC11111111111111111111111111111111", sid))
    with ExitStack() as stack:
        socket = stack.enter_context(listen())
        settings = Settings.load({"TWILIO_CONNECTOR_SECRET_ACME_AUTH_TOKEN": twilio.auth_token})
        host = Host.open(replace(settings, data=data, public_url=url_of(socket)))
        stack.enter_context(host)
        stack.enter_context(serving(create_app(host, Access(host.credentials)), socket))
        assert run("deploy", team).status == 0
        (instance,) = (found for found in host.store.instances.all() if found.enabled)
        (webhook,) = host.endpoints.addresses(instance.id).values()
        twilio.state.change_number(twilio.state.number(twilio.number).sid, sms_url=webhook)
        twilio.state.receive(twilio.handset, twilio.number, "When are you open?")
        replies = twilio.state.wait_for(
            lambda: [m.body for m in twilio.state.messages() if m.direction.startswith("outbound")], 30
        )
    assert replies == ["Acme is open 9 to 5, Monday to Friday."]
    log = run("log").out
    assert "connection.add" in log
    assert "cli:" in log
    assert twilio.auth_token not in log
