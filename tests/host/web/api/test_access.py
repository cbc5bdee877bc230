"""Who is let in to the API: a token that is right, or a session on the pages' own origin. Nobody else, for anything."""

from datetime import timedelta

import pytest
from twilio_connector.connector.context import utc_now
from twilio_connector.host.web.api.table import ROUTES

OWN = {"sec-fetch-site": "same-origin", "host": "127.0.0.1:8000"}


@pytest.mark.parametrize("headers", [
    {}, {"authorization": "Bearer"}, {"authorization": "Bearer tc_wrong"}, {"authorization": "Basic dGVzdHM6dGVzdHM="},
    {"authorization": b"Bearer \xff"}, OWN,
])  # fmt: skip
def test_without_a_token_nothing_is_told_not_even_what_there_is(stranger, headers):
    for path in ("/api/customers", "/api/nothing", "/api/openapi.json", "/api/"):
        answer = stranger.get(path, headers=headers)
        assert answer.status_code in {401, 429}
        assert answer.headers["content-type"] == "application/problem+json"
    assert stranger.get("/api/customers").headers["www-authenticate"].startswith("Bearer")


def test_every_route_asks_for_a_token(stranger):
    for route in ROUTES:
        assert stranger.request(route.method, f"/api{route.address}").status_code == 401


def test_a_token_may_do_what_its_scope_says(stranger, host):
    for name, scope, status in (("r", "read", 403), ("w", "write", 200)):
        bearer = {"authorization": f"bearer {host.credentials.create_token(name, scope)}"}
        assert stranger.get("/api/customers", headers=bearer).status_code == 200
        answer = stranger.put("/api/customers", headers=bearer, json={"externalId": "acme"})
        assert answer.status_code == status


def test_every_route_that_writes_asks_for_a_token_that_may(stranger, host):
    bearer = {"authorization": f"Bearer {host.credentials.create_token('r', 'read')}"}
    for route in ROUTES:
        if route.method != "GET":
            assert stranger.request(route.method, f"/api{route.address}", headers=bearer).status_code == 403


def test_a_token_that_was_revoked_or_is_over_opens_nothing(stranger, host):
    token = host.credentials.create_token("t", "read")
    over = host.credentials.create_token("o", "read", utc_now() - timedelta(seconds=1))
    host.credentials.revoke_token("t")
    for given in (token, over):
        assert stranger.get("/api/customers", headers={"authorization": f"Bearer {given}"}).status_code in {401, 429}


def test_guessing_is_slowed_and_who_has_a_token_is_not(stranger, host, access, monkeypatch):
    monkeypatch.setattr(access.programs, "clock", lambda: 1000.0)
    answers = [stranger.get("/api/customers", headers={"authorization": f"Bearer tc_{n}"}) for n in range(20)]
    assert [answer.status_code for answer in answers] == [401] + [429] * 19
    assert int(answers[-1].headers["retry-after"]) >= 1
    bearer = {"authorization": f"Bearer {host.credentials.create_token('t', 'read')}"}
    assert stranger.get("/api/customers", headers=bearer).status_code == 200
    assert access.throttle.take("testclient") == 0  # nor is who has a password


@pytest.fixture
def browser(stranger, access):
    stranger.cookies.set(access.cookie, access.redeem(access.new_token()))
    return stranger


def test_the_pages_session_is_good_on_their_own_origin_only(browser):
    assert browser.put("/api/customers", headers=OWN, json={"externalId": "acme"}).status_code == 200
    assert browser.get("/api/customers", headers={"host": "127.0.0.1:8000"}).status_code == 200
    for headers in (
        OWN | {"sec-fetch-site": "cross-site"}, OWN | {"sec-fetch-site": "same-site"}, OWN | {"host": "evil.example"}
    ):  # fmt: skip
        assert browser.get("/api/customers", headers=headers).status_code == 401
    assert browser.put("/api/customers", headers={"host": "127.0.0.1:8000"}, json={}).status_code == 401
    assert browser.put("/api/customers", headers=OWN | {"sec-fetch-site": "none"}, json={}).status_code == 401


def test_no_other_origin_is_invited(api):
    answer = api.get("/api/customers", headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert api.options("/api/customers", headers={"origin": "https://evil.example"}).status_code == 405
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_token_opens_no_page(api):
    assert api.get("/", headers={"host": "127.0.0.1"}).status_code == 401


def test_what_a_token_changes_is_put_down_to_its_name(api):
    api.put("/api/customers", json={"externalId": "acme"})
    change, *_ = api.get("/api/changes").json()["items"]
    assert (change["who"], change["what"]) == ("api:tests", "customer.put")
