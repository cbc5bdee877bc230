"""A known secret leaves no trace in text, however it was written down."""

import base64
import json
import logging
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.secrets.redact import STRUCK, RedactingFilter, Redactor

SECRET = "hunter2/+ é=&x"


@pytest.fixture
def redactor():
    known = Redactor()
    known.learn([SECRET, "short"])
    return known


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        SECRET.encode().hex(),
    ],
)
def test_every_way_of_writing_is_struck(redactor, written):
    assert redactor.strike(f"before {written} after") == f"before {STRUCK} after"


def test_form_and_json_bodies_are_struck(redactor):
    assert "hunter2" not in redactor.strike(urlencode({"a": "b", "Token": SECRET}))
    assert "hunter2" not in redactor.strike(json.dumps({"token": SECRET}))


@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_basic_credentials_are_struck_wherever_the_secret_stands(before, after):
    redactor = Redactor()
    redactor.learn([SECRET])
    raw = before + SECRET.encode() + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert STRUCK in redactor.strike(encode(raw).decode())


def test_short_values_are_left_alone(redactor):
    assert redactor.strike("in short") == "in short"


def test_json_values_are_struck_throughout(redactor):
    value = {"a": [SECRET, 1, None], SECRET: SECRET.encode("latin-1")}
    assert redactor.strike_all(value) == {"a": [STRUCK, 1, None], STRUCK: STRUCK.encode()}


def test_its_repr_shows_nothing(redactor):
    assert "hunter2" not in repr(redactor)


def test_log_records_lose_secrets_in_message_arguments_and_traceback(redactor):
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))
    handler.addFilter(RedactingFilter(redactor))
    logger = logging.getLogger("twilio_connector.test_redact")
    logger.addHandler(handler)
    try:
        int(SECRET)
    except ValueError:
        logger.exception("token %s", SECRET)
    assert "token [secret]" in lines[0]
    assert "int() with base 10: '[secret]'" in lines[0]
    assert "hunter2" not in lines[0]
