"""Who changed what is in the log, and no secret is."""

from datetime import timedelta

import pytest
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import ConnectorError
from twilio_connector.host.operating.changes import Wanted, by
from twilio_connector.host.operating.retention import forget_runs

FIELDS = {"account": "A1", "token": "hunter2-hunter2"}


def lines(host):
    return [(change.who, change.what, change.summary) for change in reversed(host.changes.find(Wanted())[0])]


def test_each_change_says_who_what_and_of_what(host, integration, step):
    with by("cli:ann"):
        made = host.connections.add(name="mine", component="probe", key="token", fields=FIELDS)
    with by("page:1234"):
        host.connections.update(made.id, name="mine", fields={"account": "A2", "token": "hunter3-hunter3"})
    instance = host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme")
    (endpoint,) = host.store.instances.endpoints(instance.id)
    key = host.endpoints.add_key(endpoint.id)
    host.instances.enable(instance.id, enabled=False)
    host.instances.remove(instance.id)
    host.connections.remove(made.id)
    assert lines(host) == [
        ("cli:ann", "connection.add", "mine: token of probe"),
        ("page:1234", "connection.update", "mine: account, token"),
        ("host", "integration.publish", "Probe: version 1"),
        ("host", "instance.deploy", "Probe for acme: version 1"),
        ("host", "key.add", ""),
        ("host", "instance.disable", ""),
        ("host", "instance.remove", "Probe of acme"),
        ("host", "connection.remove", "mine"),
    ]
    told = repr(host.changes.find(Wanted())[0])
    assert not [secret for secret in ("hunter2", "hunter3", key, endpoint.id) if secret in told]
    assert [change.what for change in host.changes.find(Wanted(subject=made.id))[0]][-1] == "connection.add"


def test_a_change_is_found_by_what_it_is_by_who_made_it_and_page_by_page(host):
    for who, what in (
        ("cli:ann", "connection.add"),
        ("api:billing", "connectionless.add"),
        ("page:1", "connection.update"),
    ):
        with by(who):
            host.changes.note(what, "100%", "")
    found = host.changes.find

    def whats(**wanted):
        return [change.what for change in found(Wanted(**wanted))[0]]

    assert whats(what="connection") == ["connection.update", "connection.add"]
    assert whats(what="connection.add") == ["connection.add"]
    assert (
        whats(what="connection.") == whats(what="%") == whats(who="_") == whats(who="\0") == whats(subject="100") == []
    )
    assert whats(who="BILL") == ["connectionless.add"]
    assert len(whats(subject="100%")) == 3
    pages, before = [], ""
    while True:
        rows, before = found(Wanted(), before=before, limit=2)
        pages.append([row.who for row in rows])
        if not before:
            break
    assert pages == [["page:1", "api:billing"], ["cli:ann"]]


def test_an_action_is_written_down_before_it_runs_and_how_it_ended_after(host):
    class Odd(Exception):
        kind = "refused"

    def run(error=None):
        with host.changes.running("action.run", "acme.send", "Main"):
            assert host.changes.find(Wanted())[0][0].summary == "Main: at work"
            if error:
                raise error

    run()
    for error in (Odd(), ValueError(), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            run(error)
    assert [change.summary for change in host.changes.find(Wanted())[0]] == [
        "Main: at work",
        "Main: failed",
        "Main: refused",
        "Main: succeeded",
    ]


def test_lines_of_actions_go_with_their_time_and_changes_stay(host):
    host.changes.note("connection.add", "c")
    with host.changes.running("action.run", "acme.send"):
        pass
    forget_runs(host.store.engine, utc_now() - timedelta(seconds=5))
    assert len(host.changes.find(Wanted())[0]) == 2
    forget_runs(host.store.engine, utc_now() + timedelta(seconds=5))
    assert [change.what for change in host.changes.find(Wanted())[0]] == ["connection.add"]


def test_what_was_refused_leaves_no_line(host):
    with pytest.raises(ConnectorError):
        host.connections.add(name="", component="probe", key="token", fields=FIELDS)
    assert lines(host) == []
