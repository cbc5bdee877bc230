"""The page of API tokens: made and shown once, listed with who made them, revoked; by nobody else's form."""

import html
import re
from datetime import timedelta

import pytest
from twilio_connector.host.operating.changes import Wanted, by

NEW = {"name": "billing", "scope": "write", "expires": "90d"}
OWN_API = "/api/customers"


def made(page):
    return html.unescape(re.search(r'<input readonly value="(tc_[^"]+)"', page)[1])


def use(client, token, path=OWN_API):
    return client.get(path, headers={"authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_opens_the_api_until_it_is_revoked(client, web_host):
    answer = client.post("/tokens", data=NEW)
    token = made(answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert use(client, token) == 200
    page = client.get("/tokens").text
    assert token not in page
    assert token[:9] in page
    assert re.search(r"by page:[0-9a-f]{8}", page)
    assert "never" not in page
    (record,) = web_host.store.tokens.all()
    assert (record.name, record.scope, round((record.expires_at - record.created_at) / timedelta(days=1))) == (
        "billing",
        "write",
        90,
    )
    assert token not in client.get("/log").text
    answer = client.post("/tokens/revoke", data={"name": "billing"})
    assert "It is refused from now on" in client.get(answer.headers["location"]).text
    assert use(client, token) == 401
    assert [line.what for line in web_host.changes.find(Wanted())[0]] == ["token.revoke", "token.create"]
    assert client.post("/tokens/revoke", data={"name": "billing"}).status_code == 409


def test_who_made_it_is_told_of_those_of_the_command_too(client, web_host):
    with by("cli:ann"):
        web_host.credentials.create_token("prometheus", "read")
    page = client.get("/tokens").text
    assert "by cli:ann" in page
    assert "when revoked" in page


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"name": "<script>"}, "name"), ({"name": "taken"}, "name"), ({"scope": ""}, "scope"),
     ({"scope": "admin"}, "scope"), ({"expires": "soon"}, "expires"), ({"expires": "0d"}, "expires"),
     ({"expires": "-1h"}, "expires")],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_and_makes_none(client, web_host, wrong, field):
    web_host.credentials.create_token("taken", "read")
    answer = client.post("/tokens", data=NEW | wrong)
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert "<script>" not in answer.text.replace("<script src", "")
    assert "tc_" not in re.sub(r"<code>.*?</code>", "", answer.text)
    assert [record.name for record in web_host.store.tokens.all()] == ["taken"]


def test_the_longest_time_is_still_one(client, web_host):
    assert client.post("/tokens", data=NEW | {"expires": "99999w"}).status_code == 200
    assert client.get("/tokens").status_code == 200


def test_no_other_site_and_no_stranger_makes_or_revokes_one(client, web_host):
    web_host.credentials.create_token("taken", "read")
    client.headers["sec-fetch-site"] = "cross-site"
    assert client.post("/tokens", data=NEW).status_code == 403
    assert client.post("/tokens/revoke", data={"name": "taken"}).status_code == 403
    client.headers["sec-fetch-site"] = "same-origin"
    client.cookies.clear()
    for answer in (client.post("/tokens", data=NEW), client.post("/tokens/revoke", data={"name": "taken"})):
        assert answer.status_code == 401
    assert client.get("/tokens").status_code == 401
    assert [record.name for record in web_host.store.tokens.all()] == ["taken"]


def test_a_token_makes_no_token(client, web_host):
    token = web_host.credentials.create_token("billing", "write")
    bearer = {"authorization": f"Bearer {token}"}
    client.cookies.clear()
    assert client.post("/tokens", data=NEW | {"name": "another"}, headers=bearer).status_code == 401
    assert client.post("/api/tokens", json=NEW, headers=bearer).status_code == 404
    assert len(web_host.store.tokens.all()) == 1
