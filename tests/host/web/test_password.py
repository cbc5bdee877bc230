"""Signing in with the password, and who only guesses it."""

import pytest
from starlette.testclient import TestClient
from twilio_connector.host.web.app import create_app

PASSWORD = "correct horse battery"
OWN = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def guarded(web_host, stranger):
    web_host.credentials.set_password(PASSWORD)
    return stranger


def enter(client, password, **headers):
    return client.post("/login", data={"password": password}, headers=OWN | headers)


def test_the_password_signs_in(guarded, access):
    assert guarded.get("/").headers["location"] == "/login"
    assert 'type="password"' in guarded.get("/login").text
    answer = enter(guarded, PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert guarded.get("/").status_code == 200


def test_without_a_password_there_is_no_form_for_one(stranger):
    assert stranger.get("/").status_code == 401
    assert stranger.get("/login").status_code == 401
    assert enter(stranger, "").status_code == 401


def test_a_wrong_password_is_told_and_the_next_waits(guarded, access, monkeypatch):
    monkeypatch.setattr(access.throttle, "clock", lambda: 1000.0)
    assert "not the password" in enter(guarded, "wrong").text
    answer = enter(guarded, PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "set-cookie" not in answer.headers


def test_guessing_goes_through_few_attempts_and_the_link_still_works(guarded, access, web_host, monkeypatch):
    asked = []
    monkeypatch.setattr(access.throttle, "clock", lambda: 1000.0)
    monkeypatch.setattr(type(web_host.credentials.password), "matches", lambda _, text: asked.append(text))
    answers = [enter(guarded, f"guess {number}").status_code for number in range(50)]
    assert answers == [401] + [429] * 49
    assert asked == ["guess 0"]
    assert guarded.get(f"/login?token={access.new_token()}").status_code == 303


def test_another_site_cannot_sign_a_browser_in(guarded):
    assert enter(guarded, PASSWORD, **{"sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(("base", "secure"), [("https://admin.example.com", True), ("http://127.0.0.1:8000", False)])
def test_behind_tls_the_cookie_is_secure(web_host, access, base, secure):
    """The public URL is https; a proxy passes on plain HTTP, under the name that it was asked for."""
    web_host.credentials.set_password(PASSWORD)
    app = create_app(web_host, access, names=["admin.example.com"])
    with TestClient(app, base_url=base.replace("https", "http"), follow_redirects=False) as client:
        cookie = enter(client, PASSWORD).headers["set-cookie"]
    assert ("secure" in cookie.lower()) is secure
