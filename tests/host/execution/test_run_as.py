"""On whose behalf a flow runs, and which connections it may use then."""

import json
from dataclasses import replace

import pytest
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput
from twilio_connector.host.definition import IntegrationInvalid
from twilio_connector.host.definition.expressions import Scope, Withheld, resolve_inputs
from twilio_connector.host.definition.model import ConfigVarRef, Template
from twilio_connector.host.store import portable

TOKEN = (
    "requiredConfigVars:\n  - {key: Token, dataType: connection, "
    "connection: {component: {key: probe, isPublic: true, version: LATEST}, key: token}}\n"
)
WHOM = """
import json
from pathlib import Path

def sender(payload):
    with Path(payload["file"]).open("a") as file:
        file.write("asked\\n")
    if payload["from"] == "boom":
        raise ValueError("who is that")
    return json.loads(payload["from"]) if payload["from"][:1] in {"[", "4", "n"} else payload["from"]

async def later(payload):
    return payload["from"]

def back(context, results):
    return results["trigger"]["user"], context.user.id
"""
ADA = {"externalId": "ada", "name": "Ada", "email": "ada@example.com"}

on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def run_as(kind, value=""):
    return f"    runAs: {{type: {kind}, value: {json.dumps(value)}}}\n"


@pytest.fixture
def acme(host):
    return host.store.customers.ensure("acme", "Acme Inc.")


@pytest.fixture
def ada(host, acme):
    return host.users.add(acme.id, external_id="ada", name="Ada", email="ada@example.com")


BACK = (
    "{name: Back, action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode}, "
    "inputs: {code: {type: value, value: 'whom:back'}}}"
)


@pytest.fixture
def deploy(host, integration, tmp_path):
    """A flow behind what the file says of ``runAs``; it gives back its user, as payload and context have it."""

    def write(flow, *steps, config="", given=None):
        (tmp_path / "integration").mkdir(exist_ok=True)
        (tmp_path / "integration" / "whom.py").write_text(WHOM)
        path = integration(*(steps or [BACK]), flow=flow, config=config)
        return host.instances.deploy(path, customer="acme", config=given)

    return write


@pytest.fixture
def run(deploy, call, tmp_path):
    """Deploy the flow and send it a text from ``sender``."""

    def start(flow, *steps, sender=""):
        body = json.dumps({"from": sender, "file": str(tmp_path / "asked")})
        return call(deploy(flow, *steps), body.encode())

    return start


@pytest.fixture
def asked(tmp_path):
    """How often the script was called."""
    return lambda: len((tmp_path / "asked").read_text().splitlines())


def test_a_flow_runs_as_the_user_that_the_file_names(host, run, ada):
    for value in ("ada", ada.id):
        ended = run(run_as("user", value))
        assert ended.result["data"] == [{"id": ada.id} | ADA, ada.id]
        assert host.store.executions.get(ended.execution_id).run_as == ada.id


@on_sqlite
def test_without_it_a_flow_runs_as_the_system(host, run):
    for flow in ("", run_as("system")):
        ended = run(flow)
        assert ended.result["data"][1] == ""
        assert host.store.executions.get(ended.execution_id).run_as == ""


def test_a_script_is_given_the_body_and_names_the_user(host, run, step, ada, asked):
    give = step("Give", "give", what="$trigger.results.user.externalId")  # no code step brings the folder along
    ended = run(run_as("script", "whom:sender"), give, sender="ada")
    assert ended.result["data"] == "ada"
    assert asked() == 1
    assert host.store.executions.get(ended.execution_id).run_as == ada.id


@on_sqlite
@pytest.mark.parametrize("sender", ["null", ""])
def test_a_script_that_names_nobody_means_the_system(host, run, sender):
    ended = run(run_as("script", "whom:sender"), sender=sender)
    assert ended.result["data"][1] == ""
    assert host.store.executions.get(ended.execution_id).run_as == "system"


@on_sqlite
def test_a_user_may_be_called_system(host, run, acme):
    named = host.users.add(acme.id, external_id="system")
    assert run(run_as("script", "whom:later"), sender="system").result["data"][1] == named.id


@on_sqlite
@pytest.mark.parametrize(
    ("sender", "told"),
    [
        ("boom", "whom.py:9: sender: ValueError: who is that"),
        ("bob", "whom.py:5: sender: the customer 'Acme Inc.' has no user 'bob'"),
        ("[1]", "whom.py:5: sender: must return a user's id, or None for the system, not list"),
        ("4", "whom.py:5: sender: must return a user's id, or None for the system, not int"),
    ],
)
def test_what_a_script_does_wrong_fails_the_execution_and_names_the_line(host, acme, run, sender, told):
    ended = run(run_as("script", "whom:sender"), sender=sender)
    assert ended.status == "failed"
    assert told in ended.error["message"]
    assert host.store.steps.of(ended.execution_id) == []


@on_sqlite
def test_a_user_of_another_customer_is_nobody(host, run):
    other = host.users.add(host.store.customers.ensure("other").id, external_id="eve")
    for value in ("eve", other.id):
        assert "has no user" in run(run_as("user", value)).error["message"]


@on_sqlite
def test_the_next_attempt_runs_as_the_first_did_without_asking_again(ada, run, step, asked, tmp_path):
    retry = "    retryConfig: {maxAttempts: 2, delayMinutes: 0, usesExponentialBackoff: false}\n"
    failing = step("Try", "fail", file=str(tmp_path / "tries"), times="1")
    ended = run(run_as("script", "whom:sender") + retry, failing, BACK, sender="ada")
    assert (ended.result["data"][1], asked()) == (ada.id, 1)


# ── what a file may say ───────────────────────────────────────────────────────────────────────────────────────────────────


@on_sqlite
@pytest.mark.parametrize(
    ("flow", "told"),
    [
        ("    runAs: {type: script, value: 'whom:nobody'}\n", "whom.py has no function nobody"),
        ("    runAs: {type: script, value: 'exports = function(payload) {}'}\n", "JavaScript"),
        ("    runAs: {type: script}\n", "is required"),
        ("    runAs: {type: user, value: ' '}\n", "is required"),
        ("    runAs: {type: system, value: ada}\n", "the system has no value"),
        ("    runAs: {type: owner, value: ada}\n", "must be one of system, user, script"),
        ("    runAs: {kind: user}\n", "is not a key here"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(deploy, flow, told):
    with pytest.raises(IntegrationInvalid) as caught:
        deploy(flow)
    (problem,) = [problem for problem in caught.value.problems if told in problem.message]
    assert problem.line == 5


# ── reserved connections ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def reserved(host, acme, ada):
    """A connection that only Ada may use."""
    fields = {"account": "A1", "token": "hunter2-hunter2"}
    return host.connections.add(name="Main", component="probe", key="token", fields=fields, reserved_for=[ada.id])


@pytest.fixture
def using(deploy, step, tmp_path, reserved):
    """A flow that writes ``before``, then uses the connection and writes ``noted``."""
    steps = [
        step("Before", "note", file=str(tmp_path / "before"), line="x"),
        step("Note", "note", file=str(tmp_path / "noted"), line="x", token="#Token"),
    ]
    return lambda flow: deploy(flow, *steps, config=TOKEN, given={"Token": "Main"})


@pytest.fixture
def opened(host, monkeypatch):
    """The connections that were decrypted."""
    ids, unseal = [], type(host.vault).unseal
    monkeypatch.setattr(type(host.vault), "unseal", lambda self, *given: ids.append(given[0]) or unseal(self, *given))
    return ids


def test_a_reserved_connection_serves_the_user_it_is_reserved_for(using, call, tmp_path):
    assert call(using(run_as("user", "ada"))).status == "succeeded"
    assert (tmp_path / "noted").exists()


@pytest.mark.parametrize(
    "flow_of", [(run_as("user", "bob"), "the user 'bob'"), ("", "the system"), (run_as("system"), "the system")]
)
def test_anybody_else_is_refused_at_the_step_before_it_is_opened(host, using, call, opened, flow_of):
    flow, who = flow_of
    host.users.add(host.store.customers.ensure("acme").id, external_id="bob")
    instance = using(flow)
    opened.clear()  # what deploying it looked at
    ended = call(instance)
    assert (ended.error["kind"], ended.error["field"]) == ("connection", "token")
    assert "'Main'" in ended.error["message"]
    assert who in ended.error["message"]
    assert len(opened) == 1  # by the trigger, which verifies before anybody is known
    steps = host.store.steps.of(ended.execution_id)
    assert [(row.path, row.status) for row in steps] == [("before", "succeeded"), ("note", "failed")]
    assert "hunter2" not in repr(steps)


def test_a_withheld_connection_gives_nothing_wherever_it_is_named():
    scope = Scope({"Token": Withheld("the connection 'Main' is reserved")})
    ref = ConfigVarRef(name="Token")
    with pytest.raises(ConnectionFailed, match="reserved"):
        resolve_inputs({"token": ref}, scope)
    with pytest.raises(InvalidInput, match="Token"):
        resolve_inputs({"line": Template(text="", parts=("a", ref))}, scope)


@on_sqlite
def test_who_may_use_it_can_be_changed_and_only_users_can_be_named(host, reserved, ada, acme):
    fields = {"account": "A1"}
    bob = host.users.add(acme.id, external_id="bob")
    kept = host.connections.update(reserved.id, name="Main", fields=fields)
    assert kept.reserved_for == [ada.id]
    changed = host.connections.update(reserved.id, name="Main", fields=fields, reserved_for=[bob.id, ada.id])
    assert set(changed.reserved_for) == {ada.id, bob.id}
    with pytest.raises(InvalidInput, match="no user 'x'"):
        host.connections.update(reserved.id, name="Main", fields=fields, reserved_for=["x"])
    assert host.connections.update(reserved.id, name="Main", fields=fields, reserved_for=[]).reserved_for == []


# ── users ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_users_are_the_customers_own(host, acme, ada):
    other = host.store.customers.ensure("other", "Other")
    same = host.users.add(other.id, external_id="ada")
    assert [user.external_id for user in host.store.users.of(acme.id)] == ["ada"]
    assert host.store.users.find(other.id, "ada") == replace(same, name="ada")
    assert [(customer, user.id) for customer, user in host.store.users.all()] == [
        ("Acme Inc.", ada.id),
        ("Other", same.id),
    ]
    with pytest.raises(InvalidInput, match="already"):
        host.users.add(acme.id, external_id=" ada ")
    for bad in ("", "  ", "a\0b", "x" * 256):
        with pytest.raises(InvalidInput) as caught:
            host.users.add(acme.id, external_id=bad)
        assert caught.value.field == "externalId"
    with pytest.raises(InvalidInput):
        host.users.add("nobody", external_id="x")


@on_sqlite
def test_a_user_with_a_reserved_connection_stays(host, reserved, ada):
    with pytest.raises(InvalidInput, match="Main"):
        host.users.remove(ada.id)
    host.connections.update(reserved.id, name="Main", fields={"account": "A1"}, reserved_for=[])
    host.users.remove(ada.id)
    assert host.store.users.get(ada.id) is None


@on_sqlite
def test_the_payload_on_record_stays_as_it_was_accepted(host, deploy, call, ada):
    ended = call(deploy(run_as("user", "ada")))
    assert portable.loads(host.store.executions.get(ended.execution_id).payload)["user"]["id"] == ""
