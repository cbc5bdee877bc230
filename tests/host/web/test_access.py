from datetime import timedelta

import pytest
from starlette.datastructures import Headers
from twilio_connector.connector.context import utc_now
from twilio_connector.host.operating.changes import Wanted
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.sessions import KEPT
from twilio_connector.host.web.access import Access, Origin, is_own_request


def test_a_link_signs_in_once(access):
    token = access.new_token()
    session = access.redeem(token)
    assert access.knows(session)
    assert access.redeem(token) is None


def test_a_new_link_ends_the_one_before(access):
    first, second = access.new_token(), access.new_token()
    assert access.redeem(first) is None
    assert access.redeem(second)


def test_no_token_opens_a_host_that_made_none(access):
    assert access.redeem("") is None


@pytest.mark.parametrize("token", ["x", "\ud800", "é" * 10_000, "\0"])
def test_a_wrong_token_does_not_use_up_the_link(access, token):
    right = access.new_token()
    assert access.redeem(token) is None
    assert access.redeem(right)


def test_a_link_is_no_session_and_a_session_no_link(access):
    link, session = access.new_token(), access.redeem(access.new_token())
    assert not access.knows(link)
    assert access.redeem(session) is None


def test_signing_out_ends_the_session_on_the_server(access):
    session = access.redeem(access.new_token())
    access.end(session)
    assert not access.knows(session)


def test_every_process_of_a_host_knows_its_sessions_and_links(web_host, access):
    other = Access(web_host.credentials)
    assert other.cookie == access.cookie
    assert other.knows(access.redeem(access.new_token()))
    link = access.new_token()
    other.new_token()
    assert other.redeem(link)
    assert access.redeem(link) is None


def test_two_hosts_on_one_machine_use_two_cookies(tmp_path, access):
    store = Store.open(Settings(data=tmp_path / "other"))
    assert f"host_{store.sessions.mark()}" != access.cookie
    store.close()


@pytest.mark.parametrize("cookie", [None, "", "x", "a.b.c", "\ud800", "\0"])
def test_what_is_no_session_is_refused(access, cookie):
    assert not access.knows(cookie)


def test_a_session_ends_after_a_week(access, monkeypatch):
    session = access.redeem(access.new_token())
    monkeypatch.setattr("twilio_connector.host.store.sessions.utc_now", lambda: utc_now() + timedelta(days=7))
    assert not access.knows(session)


def test_sessions_do_not_pile_up(access):
    first = access.redeem(access.new_token())
    for _ in range(KEPT):
        access.redeem(access.new_token())
    assert not access.knows(first)


def test_no_session_can_be_read_from_the_database(web_host, access):
    session, link = access.redeem(access.new_token()), access.new_token()
    kept = b"".join(path.read_bytes() for path in web_host.settings.data.rglob("host.sqlite*"))
    assert session.encode() not in kept
    assert link.encode() not in kept


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]:8000", "admin.example.com"]
)
def test_our_own_names_are_known(host):
    assert Origin.of(["Admin.example.com"]).knows(Headers({"host": host}))


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "127.0.0.1@evil.example", "x@127.0.0.1", "",
     "127.0.0.1/evil", "[::1", "127.0.0.1:port", "127.0.0.2", "0", "127.1"],
)  # fmt: skip
def test_other_names_for_this_machine_are_refused(host):
    assert not Origin.of().knows(Headers({"host": host}))


def test_a_request_with_two_hosts_or_none_is_refused():
    assert not Origin.of().knows(Headers(raw=[(b"host", b"127.0.0.1"), (b"host", b"127.0.0.1")]))
    assert not Origin.of().knows(Headers({}))


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"}, False),
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://127.0.0.1:9000"}, False),
        ({"origin": "http://127.0.0.1:8000.evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_our_own_pages_may_change_something(headers, own):
    assert is_own_request(Headers({"host": "127.0.0.1:8000"} | headers)) is own


def test_what_a_page_changes_is_put_down_to_its_session(client, access, web_host, connection):
    client.post(f"/connections/{connection.id}/delete", headers={"content-type": "application/x-www-form-urlencoded"})
    change, *_ = web_host.changes.find(Wanted())[0]
    cookie = client.cookies[access.cookie]
    assert (change.who, change.what) == (f"page:{access.name_of(cookie)}", "connection.remove")
    assert access.name_of(cookie) not in cookie
