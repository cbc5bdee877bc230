"""A connection's secrets are replaced without a moment in which they do not work."""

from twilio_connector.host.secrets.named_secrets import reference

from .conftest import FIELDS, SECRET

NEW = "another-5ecret-77c1"
FORM = {"_name": "Main account", "accountSid": FIELDS["accountSid"]}


def stored(host, record):
    return host.connections.fields(host.store.connections.get(record.id))["secret"]


def test_a_new_secret_is_tried_before_it_is_stored(client, web_host, connection):
    answer = client.post(f"/connections/{connection.id}", data=FORM | {"secret": NEW, "_then": "tested"})
    assert answer.status_code == 303
    assert stored(web_host, connection) == NEW
    page = client.get(f"/connections/{connection.id}").text
    assert "It works" in page
    assert "Reaches Acme&#39;s account of the tests." in page
    assert NEW not in page


def test_one_that_does_not_work_leaves_the_old_one_in_use(client, web_host, connection):
    data = FORM | {"secret": "wrong-secret", "_then": "tested", "region": "ie1"}
    answer = client.post(f"/connections/{connection.id}", data=data)
    assert answer.status_code == 400
    assert "Not saved" in answer.text
    assert "not this account" in answer.text
    assert '<option value="ie1" selected>' in answer.text
    assert "wrong-secret" not in answer.text
    assert stored(web_host, connection) == SECRET


def test_without_a_new_secret_the_stored_one_is_tested(client, web_host, connection):
    client.post(f"/connections/{connection.id}", data=FORM | {"_name": "Renamed", "_then": "tested"})
    saved = web_host.store.connections.get(connection.id)
    assert (saved.name, saved.healthy, stored(web_host, connection)) == ("Renamed", True, SECRET)


def test_the_page_links_the_instances_that_use_it(client, instance, connection):
    page = client.get(f"/connections/{connection.id}").text
    assert f'<a href="/instances/{instance.id}">Auto reply</a>' in page
    assert "disabled" in page.partition("Delete this connection")[2]


def test_a_secret_that_is_called_by_name_is_named_and_not_shown(client, web_host):
    web_host.custody.set_secret("acme-token", SECRET)
    fields = FIELDS | {"secret": reference("acme-token")}
    record = web_host.connections.add(name="Named", component="acme", key="token", fields=fields)
    page = client.get(f"/connections/{record.id}").text
    assert "<code>acme-token</code>" in page
    assert SECRET not in page
