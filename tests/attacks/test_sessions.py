"""Somebody else's page, somebody else's cookie, and what strangers wrote, in the browser of who is signed in."""

import re

import pytest
from twilio_connector.host.operating.changes import Wanted

from .conftest import PUBLIC, signed, text

OWN = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def signed_in(stranger, access):
    stranger.cookies.set(access.cookie, access.redeem(access.new_token()))
    yield stranger
    stranger.cookies.clear()


def links(page):
    return [link for link in re.findall(r'href="(/[^"#]*)"', page) if not link.startswith(("/static", "/login"))]


def forms(client, path="/"):
    """Where the forms of the pages send what they change."""
    seen, left, found = set(), [path], set()
    while left and len(seen) < 60:
        page = left.pop()
        if page in seen:
            continue
        seen.add(page)
        body = client.get(page).text
        found |= set(re.findall(r'<form[^>]* method="post"[^>]* action="([^"]+)"', body))
        found |= set(re.findall(r'<form[^>]* action="([^"]+)"[^>]* method="post"', body))
        left += links(body)
    return sorted(found)


def test_a_session_is_never_one_that_was_there_before(stranger, access):
    """Fixation: a cookie that an attacker planted is not the session that the sign-in makes."""
    stranger.cookies.set(access.cookie, "planted")
    answer = stranger.get(f"/login?token={access.new_token()}")
    made = answer.cookies[access.cookie]
    assert made != "planted"
    assert not access.knows("planted")
    marks = answer.headers["set-cookie"].lower()
    assert all(mark in marks for mark in ("httponly", "samesite=strict", "path=/"))
    stranger.cookies.clear()


def test_a_link_opened_with_the_cookie_of_another_host_signs_in_anew(stranger, access):
    stranger.cookies.set("host_00000000", "x")
    assert stranger.get("/").status_code in {401, 303}
    assert stranger.get(f"/login?token={access.new_token()}").status_code == 303
    stranger.cookies.clear()


FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": ""},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9000"},
    {"origin": "http://127.0.0.1:8000.evil.example"},
    {"referer": "http://127.0.0.1:8000/"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_form_of_any_page_takes_anything_from_another_site(signed_in, host, headers):
    actions = forms(signed_in)
    before = [change.what for change in host.changes.find(Wanted())[0]]
    assert len(actions) > 3
    for action in actions:
        sent = {"content-type": OWN["content-type"]} | headers
        assert signed_in.post(action, headers=sent, content="a=b").status_code == 403, action
    assert [change.what for change in host.changes.find(Wanted())[0]] == before


def test_no_address_changes_anything_by_being_looked_at(signed_in, host):
    """A picture on another site can make a browser GET anything."""
    before = [change.what for change in host.changes.find(Wanted())[0]]
    for action in forms(signed_in):
        assert signed_in.get(action, headers={"sec-fetch-site": "cross-site"}).status_code in {200, 303, 404, 405}, (
            action
        )
    assert [change.what for change in host.changes.find(Wanted())[0]] == before


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "localhost.evil.example"]
)
def test_a_rebound_name_sees_nothing_even_with_the_cookie(signed_in, name):
    answer = signed_in.get("/", headers={"host": name})
    assert answer.status_code == 421
    assert "Attacked" not in answer.text


def test_two_hosts_in_one_request_are_none(signed_in):
    assert signed_in.get("/", headers=[("host", "127.0.0.1:8000"), ("host", "evil.example")]).status_code == 421


def test_guessing_links_finds_none_and_costs_the_right_one_nothing(stranger, access):
    token = access.new_token()
    for guess in (token[:-1], token + "x", token.swapcase(), token[::-1], "", "\0", "%00", token[:20] + "\N{SNOWMAN}"):
        assert stranger.get("/login", params={"token": guess}).status_code in {200, 401}
        assert not access.knows(stranger.cookies.get(access.cookie))
    assert stranger.get("/login", params=[("token", token), ("token", "x")]).status_code in {401, 303}
    stranger.cookies.clear()


WRITTEN = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "{{7*7}}{% include 'base.html' %}",
    "[x](javascript:alert(1))",
    '[x](https://evil.example/"onclick="alert(1))',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--<script>",
    "\u202e<b>",
]
MARKUP = re.compile(r"<script(?! src=\"/static/)|<svg onload|<img src=x|<b>|href=\"javascript|<!--<", re.IGNORECASE)


def test_what_strangers_write_is_text_on_every_page(signed_in, paths):
    """In the body, in names of parameters, in the path and in headers, accepted and refused; on every page that shows it."""
    for written in WRITTEN:
        path = paths["Texts"]
        assert signed_in.post(path, **signed(path, text(Body=written, **{written: "x"}))).status_code == 200
        longer = paths["Open"] + "/" + written.replace("/", "").replace("?", "").replace("#", "")
        headers = {"x-written": written.encode("utf-8", "replace"), "user-agent": written.encode()}
        signed_in.post(longer, content=written.encode(), headers=headers)
        signed_in.post(paths["Texts"] + "?" + written.replace("#", ""), content=b"x", headers=headers)
    pages, left = {}, ["/"]
    while left and len(pages) < 120:
        page = left.pop(0)
        if page not in pages:
            answer = signed_in.get(page)
            pages[page] = answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            left += [
                link
                for link in re.findall(r'href="(/[^"#]*)"', answer.text)
                if not link.startswith(("/static", "/login"))
            ]
    assert sum("alert(1)" in page for page in pages.values()) >= len(WRITTEN) / 2
    assert [(where, MARKUP.findall(page)) for where, page in pages.items() if MARKUP.search(page)] == []
    assert not any(">49<" in page or ("7*7" not in page and "{% include" in page) for page in pages.values())


@pytest.mark.parametrize("written", WRITTEN)
def test_what_strangers_write_is_not_sent_back_as_a_page(stranger, paths, written):
    for answer in (
        stranger.post(paths["Open"], content=written.encode(), headers={"content-type": "text/html"}),
        stranger.get(f"{PUBLIC.replace(PUBLIC, '')}/trigger/{written.replace('/', '')}"),
        stranger.get("/login", params={"token": written}),
        stranger.get("/" + written.replace("/", "")),
    ):
        assert not MARKUP.search(answer.text)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in answer.headers
