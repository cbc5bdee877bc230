"""A secret field takes a named secret instead of a value, and goes back to one; on the form and over the API."""

import re

import pytest
from twilio_connector.host.secrets.named_secrets import reference

from .conftest import FIELDS, SECRET

NEW = "another-5ecret-77c1"
FORM = {"_name": "Main account", "accountSid": FIELDS["accountSid"]}


@pytest.fixture
def names(web_host):
    web_host.custody.set_secret("acme-token", SECRET)
    web_host.custody.set_secret("bell-token", NEW)


def stored(host, field="secret"):
    (record,) = host.store.connections.all()
    return host.connections.fields(record).get(field)


def chosen(page, field="secret"):
    select = re.search(rf'<select id="{field}.secret".*?</select>', page, re.DOTALL)
    return select and re.findall(r"<option selected>([^<]*)<", select[0])


def test_a_form_offers_the_names_and_takes_one_for_a_new_connection(client, web_host, names):
    page = client.get("/connections/new?type=acme.token").text
    assert chosen(page) == chosen(page, "second") == []
    assert "<option>acme-token</option><option>bell-token</option>" in page
    answer = client.post("/connections", data=FORM | {"_type": "acme.token", "secret.secret": "acme-token"})
    assert answer.status_code == 303
    assert stored(web_host) == reference("acme-token")
    page = client.get(answer.headers["location"]).text
    assert chosen(page) == ["acme-token"]
    assert SECRET not in page


def test_where_there_are_no_names_none_is_offered(client):
    assert ".secret" not in client.get("/connections/new?type=acme.token").text


def test_a_field_goes_to_a_name_to_another_and_back_to_a_value(client, web_host, connection, names):
    def save(**fields):
        answer = client.post(f"/connections/{connection.id}", data=FORM | fields)
        return answer.status_code, stored(web_host), stored(web_host, "second")

    acme, bell = reference("acme-token"), reference("bell-token")
    assert save(**{"secret.secret": "acme-token", "second.secret": ""}) == (303, acme, None)
    assert save(**{"secret.secret": "acme-token", "second.secret": "bell-token"}) == (303, acme, bell)
    assert save(**{"secret.secret": "bell-token", "second.secret": ""}) == (303, bell, None)
    assert save() == (303, bell, None)
    assert save(**{"secret.secret": "bell-token", "secret": "typed-over-it"}) == (303, "typed-over-it", None)
    assert save(**{"secret.secret": "acme-token"}) == (303, acme, None)
    assert save(**{"secret.secret": "", "secret": "a-value-again"}) == (303, "a-value-again", None)


def test_what_is_not_one_of_both_is_refused_and_changes_nothing(client, web_host, connection, names):
    cases = (
        ({"secret": "typed", "secret.secret": "acme-token"}, "not both"),
        ({"secret.secret": "nowhere"}, "here is no secret"),
        ({"secret.secret": "a name that is none"}, "letters, digits"),
    )
    for fields, told in cases:
        answer = client.post(f"/connections/{connection.id}", data=FORM | fields)
        assert (answer.status_code, told in answer.text, "typed" in answer.text) == (400, True, False)
        assert stored(web_host) == SECRET
    assert chosen(client.post(f"/connections/{connection.id}", data=FORM | cases[0][0]).text) == ["acme-token"]
    client.post(f"/connections/{connection.id}", data=FORM | {"secret.secret": "acme-token"})
    taken_back = client.post(f"/connections/{connection.id}", data=FORM | {"secret.secret": ""})
    assert taken_back.status_code == 400
    assert 'id="secret-error"' in taken_back.text
    assert stored(web_host) == reference("acme-token")


def test_the_api_does_the_same(client, web_host, connection, names):
    path = f"/api/connections/{connection.id}"
    calling = FIELDS | {"secret": reference("acme-token"), "second": reference("bell-token")}
    answer = client.patch(path, json={"fields": calling}).json()
    assert (answer["fields"]["secret"], answer["secrets"]) == (reference("acme-token"), ["second", "secret"])
    told = client.get("/api/secrets").json()["items"]
    assert told == [
        {"name": name, "place": "vault", "connections": ["Main account"]} for name in ("acme-token", "bell-token")
    ]
    assert client.patch(path, json={"name": "Renamed"}).json()["fields"] == answer["fields"]
    assert "second" not in client.patch(path, json={"forget": ["second"]}).json()["fields"]
    assert "secret" not in client.patch(path, json={"fields": FIELDS}).json()["fields"]
    assert stored(web_host) == SECRET
    assert SECRET not in client.get("/api/connections").text + client.get("/api/secrets").text


def test_a_page_sends_no_named_secret_to_an_address_of_its_own(client, web_host, names):
    theirs = {"username": "AC" + "1" * 32, "baseUrl": "https://theirs.example/{product}"}
    form = {"_name": "Theirs", "_type": "twilio.basic", **theirs, "password.secret": "acme-token", "_then": "test"}
    answer = client.post("/connections", data=form)
    assert (answer.status_code, "goes to the usual address only" in answer.text) == (400, True)
    body = {"name": "Theirs", "component": "twilio", "key": "basic"}
    answer = client.post("/api/connections", json=body | {"fields": theirs | {"password": reference("acme-token")}})
    assert (answer.status_code, answer.json()["field"]) == (422, "baseUrl")
    assert web_host.store.connections.all() == []
