"""Who changed what is in the log, and no secret is."""

import pytest
from twilio_connector.connector.errors import ConnectorError
from twilio_connector.host.changes import by

FIELDS = {"account": "A1", "token": "hunter2-hunter2"}


def lines(host):
    return [(change.who, change.what, change.summary) for change in reversed(host.changes.recent())]


def test_each_change_says_who_what_and_of_what(host, integration, step):
    with by("cli:ann"):
        made = host.add_connection(name="mine", component="probe", key="token", fields=FIELDS)
    with by("page:1234"):
        host.update_connection(made.id, name="mine", fields={"account": "A2", "token": "hunter3-hunter3"})
    instance = host.deploy(integration(step("Give", "give", what="x")), customer="acme")
    (endpoint,) = host.store.instances.endpoints(instance.id)
    key = host.add_key(endpoint.id)
    host.enable(instance.id, enabled=False)
    host.remove_instance(instance.id)
    host.remove_connection(made.id)
    assert lines(host) == [
        ("cli:ann", "connection.add", "mine: token of probe"),
        ("page:1234", "connection.update", "mine: account, token"),
        ("host", "instance.deploy", "Probe for acme: version 1"),
        ("host", "key.add", ""),
        ("host", "instance.disable", ""),
        ("host", "instance.remove", "Probe of acme"),
        ("host", "connection.remove", "mine"),
    ]
    told = repr(host.changes.recent())
    assert not [secret for secret in ("hunter2", "hunter3", key, endpoint.id) if secret in told]
    assert [change.what for change in host.changes.recent(subject=made.id)][-1] == "connection.add"


def test_what_was_refused_leaves_no_line(host):
    with pytest.raises(ConnectorError):
        host.add_connection(name="", component="probe", key="token", fields=FIELDS)
    assert lines(host) == []
