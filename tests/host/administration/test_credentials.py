"""The password and the tokens, on both databases: what is kept of them lets nobody in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.administration.credentials import Credentials
from twilio_connector.host.administration.password import Password
from twilio_connector.host.operating.changes import Changes, Wanted
from twilio_connector.host.secrets.redact import Redactor
from twilio_connector.host.store.schema import meta, tokens

PASSWORD = "correct horse battery"


@pytest.fixture
def credentials(store):
    changes = Changes(store.engine, Redactor())
    return Credentials(password=Password(store.engine), tokens=store.tokens, sessions=store.sessions, changes=changes)


def test_a_password_matches_itself_only_and_is_kept_as_a_hash(credentials, store):
    assert not credentials.password.matches("")
    credentials.set_password(PASSWORD)
    assert credentials.password.matches(PASSWORD)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), "\ud800", "x" * 100_000):
        assert not credentials.password.matches(wrong)
    with store.engine.begin() as connection:
        kept = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "password"))
    assert kept.startswith("scrypt$32768,8,3$")
    assert PASSWORD not in kept


def test_a_new_password_ends_the_old_one_and_every_session(credentials):
    credentials.set_password(PASSWORD)
    session, link = credentials.sessions.add("session"), credentials.sessions.add("link")
    credentials.set_password("another long one")
    assert not credentials.password.matches(PASSWORD)
    assert not credentials.sessions.knows(session)
    assert not credentials.sessions.end(link, "link")
    assert credentials.remove_password()
    assert not credentials.remove_password()
    assert not credentials.password.matches("another long one")


@pytest.mark.parametrize("short", ["", "short", "x" * 1025])
def test_a_password_that_is_no_use_is_refused(credentials, short):
    with pytest.raises(InvalidInput, match="12 to 1024 characters") as refused:
        credentials.set_password(short)
    assert short not in str(refused.value) or not short


def test_a_token_is_shown_once_and_known_by_its_hash(credentials, store):
    token = credentials.create_token("billing", "read")
    record = credentials.tokens.check(token)
    assert (record.name, record.scope) == ("billing", "read")
    assert token.startswith(record.prefix)
    assert len(record.prefix) < len(token) / 4
    with store.engine.begin() as connection:
        assert token not in str(connection.execute(sa.select(tokens)).all())
    assert all(token not in change.summary for change in credentials.changes.find(Wanted())[0])


@pytest.mark.parametrize("given", ["", "tc_", "tc_wrong", "\ud800", "\0", "x" * 100_000])
def test_what_is_no_token_is_nobodys(credentials, given):
    credentials.create_token("billing", "write")
    assert credentials.tokens.check(given) is None


def test_a_token_that_was_revoked_or_is_over_is_nobodys(credentials):
    token = credentials.create_token("billing", "write", utc_now() + timedelta(hours=1))
    over = credentials.create_token("old", "write", utc_now() - timedelta(seconds=1))
    assert credentials.tokens.check(over) is None
    assert credentials.tokens.check(token)
    credentials.revoke_token("billing")
    assert credentials.tokens.check(token) is None
    with pytest.raises(InvalidInput, match="no token 'billing'"):
        credentials.revoke_token("billing")
    assert [(c.what, c.subject) for c in credentials.changes.find(Wanted())[0]] == [
        ("token.revoke", "billing"), ("token.create", "old"), ("token.create", "billing")
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 101, "é", "a\0"])
def test_a_name_that_cannot_be_typed_is_refused(credentials, name):
    with pytest.raises(InvalidInput, match="letters, digits"):
        credentials.create_token(name, "read")


def test_two_tokens_have_two_names(credentials):
    credentials.create_token("billing", "read")
    with pytest.raises(InvalidInput, match="there is a token 'billing' already"):
        credentials.create_token("billing", "write")


def test_when_a_token_was_used_is_kept(credentials):
    token = credentials.create_token("billing", "read")
    credentials.tokens.check(token)
    (record,) = credentials.tokens.all()
    assert utc_now() - record.used_at < timedelta(minutes=1)


def test_others_are_let_in_by_something_or_not_at_all(credentials):
    with pytest.raises(InvalidInput, match=r"password set.*token create"):
        credentials.require()
    credentials.create_token("over", "read", utc_now())
    with pytest.raises(InvalidInput):
        credentials.require()
    credentials.create_token("billing", "read")
    credentials.require()
