"""The host made like a folder, and again, and when the folder changes."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput
from twilio_connector.host.administration.customers import Users
from twilio_connector.host.deployment.instances import Instances
from twilio_connector.host.operating.changes import Wanted
from twilio_connector.host.store.registrations import intend
from twilio_connector.host.store.schema import metadata

KINDS = {
    ("customer", "acme"),
    ("connection", "Main"),
    ("integration", "Greet"),
    ("instance", "Greet of acme"),
}


def rows(host):
    """All that the host keeps, but for the log."""
    with host.store.engine.begin() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "changes"]
        return {table.name: connection.execute(sa.select(table)).fetchall() for table in tables}


def only(outcomes):
    return {subject: did for subject, did in outcomes.items() if did != "left"}


BOTH = pytest.mark.parametrize("host", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


@BOTH
def test_everything_is_made_and_a_second_run_changes_nothing(deploy, folder, host):
    assert set(deploy(folder()).items()) == {(subject, "made") for subject in KINDS}
    (instance,) = host.store.instances.all()
    assert (instance.customer, instance.config, instance.enabled) == ("Acme Inc.", {"Greeting": "Hello"}, True)
    before = rows(host)
    assert set(deploy(folder()).items()) == {(subject, "left") for subject in KINDS}
    assert rows(host) == before


def test_a_dry_run_says_the_same_and_does_nothing(deploy, folder, host):
    before = rows(host)
    assert set(deploy(folder(), dry_run=True).items()) == {(subject, "made") for subject in KINDS}
    assert rows(host) == before


CHANGES = [
    ({"customers/acme.yaml": "{externalId: acme, name: Acme Ltd.}"}, ("customer", "acme")),
    ({"instances/acme.yaml": "{integration: Greet, customer: acme, config: {Token: Main, Greeting: Hi}}"}, None),
    ({"instances/acme.yaml": "{integration: Greet, customer: acme, enabled: false, config: {Token: Main}}"}, None),
]


@pytest.mark.parametrize(("change", "subject"), CHANGES)
def test_what_differs_is_changed_and_nothing_else(deploy, folder, host, change, subject):
    deploy(folder())
    (before,) = host.store.instances.all()
    assert only(deploy(folder(**change), dry_run=True)) == {subject or ("instance", "Greet of acme"): "changed"}
    assert only(deploy(folder(**change))) == {subject or ("instance", "Greet of acme"): "changed"}
    assert only(deploy(folder(**change))) == {}
    (after,) = host.store.instances.all()
    assert after.id == before.id
    assert replace(after, updated_at=before.updated_at) != before


def test_an_instance_whose_webhook_is_not_registered_is_deployed_again(deploy, folder, host):
    deploy(folder())
    (instance,) = host.store.instances.all()
    with host.store.engine.begin() as connection:
        done_with = {"version_id": instance.version_id, "config": {}, "connections": {}}
        intend(connection, instance.id, ["Inbound"], done_with)
    (webhook,) = host.store.registrations.of(instance.id)
    host.store.registrations.save(webhook.endpoint_id, status="failed", error="the number is in use")
    assert only(deploy(folder())) == {("instance", "Greet of acme"): "changed"}
    assert only(deploy(folder())) == {}


@BOTH
def test_a_connection_is_reserved_for_users_that_are_made_with_it(deploy, folder, host):
    users = "{externalId: acme, name: Acme Inc., users: [{externalId: ada}, {externalId: bob}]}"
    main = "{name: Main, component: probe, key: token, fields: {account: A1}, secrets: {token: my-token}%s}"
    theirs = '{"name": "Main", "type": "probe", "config": {"sid": "A1"}, "secret_config": {"auth_token": "my-token"}%s}'

    def run(form, reserved, **how):
        files = {"connections/main.yaml": form % reserved, "customers/acme.yaml": users}
        did = deploy(folder(**files), **how)["connection", "Main"]
        (record,) = host.store.connections.all() or [None]
        ids = {user.id: user.external_id for _, user in host.store.users.all()}
        return did, record and sorted(ids[user_id] for user_id in record.reserved_for)

    assert run(main, ", reservedFor: {acme: [ada]}", dry_run=True) == ("made", None)
    assert run(main, ", reservedFor: {acme: [ada]}") == ("made", ["ada"])
    assert run(main, ", reservedFor: {acme: [ada, ada]}") == ("left", ["ada"])
    assert run(main, "") == ("left", ["ada"])
    assert run(theirs, ', "reservedFor": {"acme": ["bob", "ada"]}', dry_run=True) == ("changed", ["ada"])
    assert run(theirs, ', "reservedFor": {"acme": ["bob", "ada"]}') == ("changed", ["ada", "bob"])
    assert host.changes.find(Wanted(what="connection.update"))[0][0].summary == "Main: whom it is reserved for"
    assert run(main, ", reservedFor: {}") == ("changed", [])
    assert run(main, ", reservedFor: {}") == ("left", [])


def test_a_connection_that_cannot_be_reserved_is_made_everybodys_for_nobody(deploy, folder, host, monkeypatch):
    """A user who could not be made: the connection then fails too, for it must not become everybody's."""
    users = "{externalId: acme, users: [{externalId: ada}]}"
    main = "{name: Main, component: probe, key: token, fields: {account: A1}, secrets: {token: my-token}, %s}"
    files = {"connections/main.yaml": main % "reservedFor: {acme: [ada]}", "customers/acme.yaml": users}

    def fail(*_, **__):
        raise InvalidInput("no")

    monkeypatch.setattr(Users, "add", fail)
    assert deploy(folder(**files))["connection", "Main"] == "failed"
    assert host.store.connections.all() == []


def test_a_changed_connection_keeps_its_id_and_has_exactly_what_is_declared(deploy, folder, host):
    deploy(folder())
    made = host.store.connections.named("Main")
    host.custody.set_secret("other", "hunter3-hunter3")
    text = "{name: Main, type: probe, config: {sid: A2}, secret_config: {auth_token: other}}"
    assert only(deploy(folder(**{"connections/main.yaml": text}))) == {("connection", "Main"): "changed"}
    opened = host.configuration.open(host.store.connections.require(made.id))
    assert opened["fields"] == {"account": "A2", "token": "hunter3-hunter3"}


def test_a_secret_set_anew_changes_nothing_in_the_folder(deploy, folder, host):
    deploy(folder())
    host.custody.set_secret("my-token", "hunter3-hunter3")
    assert only(deploy(folder())) == {}
    opened = host.configuration.open(host.store.connections.named("Main"))
    assert opened["fields"]["token"] == "hunter3-hunter3"


def test_an_edited_integration_is_a_new_version_of_its_instances(deploy, folder, host):
    deploy(folder())
    path = folder() / "integrations/greet/integration.yaml"
    path.write_text(path.read_text().replace("defaultValue: Hello", "defaultValue: Good day"))
    edited = path.read_text()
    changed = {("integration", "Greet"): "changed", ("instance", "Greet of acme"): "changed"}
    assert only(deploy(folder({"integrations/greet/integration.yaml": edited}))) == changed
    (instance,) = host.store.instances.all()
    assert (instance.version, instance.config) == (2, {"Greeting": "Good day"})


@BOTH
def test_what_is_declared_no_more_goes_only_when_asked_and_what_others_made_stays(deploy, folder, host):
    host.connections.add(name="By hand", component="probe", key="token", fields={"account": "A", "token": "t"})
    host.customers.put("by-hand")
    deploy(folder())
    gone = dict.fromkeys(("connections/main.yaml", "customers/acme.yaml", "instances/acme.yaml"))
    root = folder(**gone)
    subjects = KINDS - {("integration", "Greet")}
    assert only(deploy(root)) == dict.fromkeys(subjects, "undeclared")
    assert only(deploy(root, prune=True, dry_run=True)) == dict.fromkeys(subjects, "removed")
    assert only(deploy(root, prune=True)) == dict.fromkeys(subjects, "removed")
    assert only(deploy(root, prune=True)) == {}
    assert host.store.instances.all() == []
    assert [c.name for c in host.store.connections.all()] == ["By hand"]
    assert [c.external_id for c in host.store.customers.all()] == ["by-hand"]


def test_what_was_there_before_is_taken_over_and_never_removed(deploy, folder, host):
    host.customers.put("acme", "Acme Inc.")
    deploy(folder())
    root = folder(**{"customers/acme.yaml": None, "instances/acme.yaml": None})
    deploy(root, prune=True)
    assert [c.external_id for c in host.store.customers.all()] == ["acme"]


def test_a_folder_of_another_name_removes_nothing_and_takes_nothing(deploy, folder, host, problems, tmp_path):
    deploy(folder(), name="first")
    assert len(problems(folder())) == 3
    assert "the folder 'first' made it and keeps it" in problems(folder())[0]
    empty = tmp_path / "other"
    (empty / "customers").mkdir(parents=True)
    assert deploy(empty, name="second", prune=True) == {}
    assert set(deploy(empty, name="first", prune=True).values()) == {"removed"}


def test_one_that_fails_stops_no_other(deploy, folder, host, monkeypatch):
    second = "{integration: Greet, customer: acme, name: Second, config: {Token: Main}}"
    real = host.instances.deploy

    def failing(path, *, name, **given):
        if name == "Greet":
            raise ConnectionFailed("the service said no")
        return real(path, name=name, **given)

    monkeypatch.setattr(Instances, "deploy", staticmethod(failing))
    root = folder(**{"instances/second.yaml": second})
    done = deploy(root)
    assert (done["instance", "Greet of acme"], done["instance", "Second of acme"]) == ("failed", "made")
    monkeypatch.undo()
    assert only(deploy(root)) == {("instance", "Greet of acme"): "made"}


def test_what_was_made_and_then_failed_is_tried_again_and_is_still_the_folders_own(deploy, folder, host, monkeypatch):
    """As when an instance is stored, and its webhook cannot be registered at the service."""
    real = host.instances.deploy

    def failing(*args, **given):
        real(*args, **given)
        raise ConnectionFailed("the service said no")

    monkeypatch.setattr(Instances, "deploy", staticmethod(failing))
    assert only(deploy(folder())) == dict.fromkeys(KINDS, "made") | {("instance", "Greet of acme"): "failed"}
    assert only(deploy(folder())) == {("instance", "Greet of acme"): "failed"}
    monkeypatch.undo()
    assert only(deploy(folder(), dry_run=True)) == {("instance", "Greet of acme"): "changed"}
    assert only(deploy(folder())) == {("instance", "Greet of acme"): "changed"}
    assert only(deploy(folder())) == {}
    gone = folder(**{"instances/acme.yaml": None})
    assert only(deploy(gone, prune=True)) == {("instance", "Greet of acme"): "removed"}


def test_an_instance_that_is_declared_off_is_never_on(deploy, folder, host, monkeypatch):
    put, seen = type(host.store.instances).put, []
    monkeypatch.setattr(type(host.store.instances), "put", lambda *a, **k: seen.append(put(*a, **k)) or seen[-1])
    text = "{integration: Greet, customer: acme, enabled: false, config: {Token: Main}}"
    deploy(folder(**{"instances/acme.yaml": text}))
    assert [record.enabled for record in seen] == [False]


def test_a_connection_in_use_is_not_pruned_and_the_rest_is(deploy, folder, host):
    """Somebody made an instance by hand with the folder's connection."""
    deploy(folder())
    host.customers.put("by-hand")
    path = folder() / "integrations/greet/integration.yaml"
    host.instances.deploy(path, customer="by-hand", config={"Token": "Main"})
    root = folder(**{"connections/main.yaml": None, "instances/acme.yaml": None})
    assert only(deploy(root, prune=True)) == {
        ("instance", "Greet of acme"): "removed",
        ("connection", "Main"): "failed",
    }


def test_users_of_a_customer_are_made_changed_and_pruned(deploy, folder, host):
    def customers(users):
        return {"customers/acme.yaml": f"{{externalId: acme, name: Acme Inc., users: [{users}]}}"}

    ann = ("user", "ann of acme")
    assert deploy(folder(**customers("{externalId: ann, email: a@acme.example}")))[ann] == "made"
    assert only(deploy(folder(**customers("{externalId: ann, email: a@acme.example}")))) == {}
    assert only(deploy(folder(**customers("{externalId: ann, name: Ann}")))) == {ann: "changed"}
    ((_, user),) = host.store.users.all()
    assert (user.external_id, user.name, user.email) == ("ann", "Ann", "")
    assert only(deploy(folder(), prune=True)) == {ann: "removed"}
    assert host.store.users.all() == []


SCHEDULED = """
    definitionVersion: 7
    name: Greet
    flows:
      - name: Daily
        steps:
          - name: Trigger
            isTrigger: true
            action: {component: {key: schedule-triggers, isPublic: true, version: LATEST}, key: schedule}
            schedule: {type: value, value: 0 9 * * *}
"""


def test_an_instance_may_start_its_flows_at_other_times(deploy, folder, host, problems):
    def instances(text):
        files = {"integrations/greet/integration.yaml": SCHEDULED}
        return folder(**files, **{"instances/acme.yaml": f"{{integration: Greet, customer: acme{text}}}"})

    def override():
        (instance,) = host.store.instances.all()
        (endpoint,) = host.store.instances.endpoints(instance.id)
        return host.store.schedules.get(endpoint.id).override

    changed = {("instance", "Greet of acme"): "changed"}
    deploy(instances(", schedules: {Daily: every 5 minutes}"))
    assert override() == "CRON_TZ=UTC every 5 minutes"
    assert only(deploy(instances(", schedules: {Daily: every 5 minutes}"))) == {}
    assert only(deploy(instances(""))) == {}
    assert only(deploy(instances(", schedules: {Daily: null}"))) == changed
    assert override() is None
    assert any("did you mean Daily?" in line for line in problems(instances(", schedules: {Daly: every 5 minutes}")))
    assert any(
        "instances/acme.yaml:1: schedules.Daily" in p for p in problems(instances(", schedules: {Daily: often}"))
    )
