"""The page of who changed what, and what the API tells of it: filtered, page by page, without a secret."""

import re

import pytest
from twilio_connector.host.operating.changes import by
from twilio_connector.host.store.schema import changes
from twilio_connector.host.web.pages.log import PAGE

from .conftest import FIELDS, SECRET

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def lines(client):
    def read(**query):
        page = client.get("/log", params=query)
        assert page.status_code == 200
        return re.findall(r'<td class="lead">([\w.]+)</td>', page.text)

    return read


def test_a_change_on_a_page_is_on_the_log_with_a_link_to_what_it_was(client, connection, lines):
    client.post(f"/connections/{connection.id}", data={"_name": "Renamed", "accountSid": FIELDS["accountSid"]})
    page = client.get("/log").text
    assert f'<a href="/connections/{connection.id}">Renamed</a>' in page
    assert ", this session" in page
    assert lines() == ["connection.update", "connection.add"]
    assert (
        f'<a href="/log?subject={connection.id}">Who changed it</a>' in client.get(f"/connections/{connection.id}").text
    )
    client.post(f"/connections/{connection.id}/delete")
    assert f'href="/connections/{connection.id}"' not in client.get("/log").text


def test_it_is_filtered_by_what_who_and_of_which(client, web_host, connection, lines):
    web_host.changes.note("connectionless.add", connection.id)
    with by("api:billing"):
        customer = web_host.customers.put("bell")
    assert lines(what="connection") == ["connection.add"]
    assert lines(who="billing") == ["customer.put"]
    assert lines(subject=customer.id) == ["customer.put"]
    assert lines(what="nothing", who=MARKUP) == lines(who="\0") == []
    page = client.get("/log", params={"what": MARKUP, "subject": MARKUP, "before": MARKUP}).text
    assert "<script>alert" not in page
    assert '<a href="/log">Show all</a>' in page
    told = client.get("/api/changes", params={"who": "BILLING", "what": "customer"}).json()
    assert [item["subject"] for item in told["items"]] == [customer.id]


def test_it_is_paged_and_a_filter_goes_along(client, web_host, lines):
    for number in range(PAGE + 1):
        web_host.changes.note("customer.put", str(number))
        web_host.changes.note("user.add", str(number))
    assert len(lines()) == PAGE
    older = re.search(r'<a class="button" href="\?([^"]+)">Older', client.get("/log?what=user").text)[1]
    assert older.startswith("what=user&amp;before=")
    assert lines(what="user", before=older.partition("before=")[2]) == ["user.add"]
    first = client.get("/api/changes?what=user&limit=50").json()
    last = client.get("/api/changes", params={"what": "user", "limit": 50, "before": first["next"]}).json()
    assert ([item["subject"] for item in last["items"]], last["next"]) == (["0"], None)


def test_an_action_over_the_api_is_there_with_its_connection_and_its_end_and_no_input(client, web_host, connection):
    body = {"connection": "Main account", "inputs": {"to": "+15550009999"}}
    assert client.post("/api/components/acme/actions/send", json=body).status_code == 200
    page = client.get("/log?what=action").text
    assert '<a href="/components/acme/actions/send">acme.send</a><small>Main account: succeeded</small>' in page
    assert "+15550009999" not in page
    assert client.get("/api/changes?what=action.run").json()["items"][0]["summary"] == "Main account: succeeded"


def test_what_was_written_by_others_is_text_and_a_secret_is_struck_out(client, web_host, connection):
    web_host.configuration.open(connection)
    with web_host.store.engine.begin() as database:
        row = {
            "who": f"cli:{MARKUP}{SECRET}",
            "what": "user.add",
            "subject": MARKUP + SECRET,
            "summary": MARKUP + SECRET,
        }
        database.execute(changes.insert().values(id="z", at=connection.created_at, **row))
    page = client.get("/log").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert SECRET not in page


def test_strangers_see_nothing_of_it(stranger):
    assert stranger.get("/log").status_code == 401
