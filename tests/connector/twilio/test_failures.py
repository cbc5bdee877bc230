import json
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import (
    ConnectionFailed,
    ConnectorError,
    InvalidInput,
    OutcomeUnknown,
    Refused,
    TryLater,
)
from twilio_connector.connector.twilio.failures import Said, failure, network_failure, read_error, retry_after

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PAGE = "https://www.twilio.com/docs/api/errors/20001"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": 20001, "message": "Bad", "more_info": PAGE, "status": 400}, Said(20001, "Bad", PAGE)),
        ({"code": 20001, "message": "Bad", "details": {"foo": "bar"}, "userError": True}, Said(20001, "Bad")),
        ({"code": "30003", "message": "Unreachable"}, Said(30003, "Unreachable")),
        (
            {"type": PAGE, "title": "Invalid", "status": 400, "code": 20001, "detail": "PhoneNumber is required."},
            Said(20001, "PhoneNumber is required.", PAGE),
        ),
        (
            {
                "type": PAGE,
                "title": "Validation failed",
                "code": 20001,
                "errors": [{"detail": "must be positive", "pointer": "#/age"}],
            },
            Said(20001, "Validation failed (#/age must be positive)", PAGE),
        ),
        (
            {"errors": [{"code": 20404, "message": "Not Found", "infoUrl": PAGE, "context": "null"}]},
            Said(20404, "Not Found", PAGE),
        ),
        ({"code": True, "message": ["odd"], "more_info": "https://evil.example/"}, Said()),
        ({"code": "9" * 400}, Said()),
        ([], Said()),
        (None, Said()),
    ],
)
def test_every_form_of_error_that_twilio_has_is_read(body, expected):
    assert read_error(json.dumps(body).encode()) == expected


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_a_body_that_is_none_of_twilios_says_nothing(body):
    assert read_error(body) == Said()


@pytest.mark.parametrize(
    ("method", "status", "code", "expected"),
    [
        ("POST", 400, 21211, Refused),
        ("POST", 400, None, Refused),
        ("GET", 404, 20404, Refused),
        ("POST", 403, 21408, Refused),
        ("POST", 409, None, Refused),
        ("GET", 401, 20003, ConnectionFailed),
        ("GET", 401, None, ConnectionFailed),
        ("GET", 403, None, ConnectionFailed),
        ("GET", 403, 70051, ConnectionFailed),
        ("POST", 400, 20005, ConnectionFailed),
        ("GET", 302, None, ConnectionFailed),
        ("POST", 429, None, TryLater),
        ("POST", 400, 21611, TryLater),
        ("GET", 500, None, TryLater),
        ("GET", 408, None, TryLater),
        ("DELETE", 503, None, TryLater),
        ("POST", 500, None, OutcomeUnknown),
        ("POST", 503, 20503, OutcomeUnknown),
        ("PATCH", 502, None, OutcomeUnknown),
    ],
)
def test_each_answer_is_the_error_that_says_what_to_do(method, status, code, expected):
    error = failure(method, status, {}, json.dumps({"code": code, "message": "m"}).encode(), NOW)
    assert type(error) is expected
    assert (error.status, error.code) == (status, code)


def test_an_error_carries_what_twilio_said_and_the_page_about_it():
    headers = {"Twilio-Request-Id": "RQ1", "Retry-After": "7"}
    error = failure("GET", 429, headers, b'{"code": 20429, "message": "Too many"}', NOW)
    assert error.to_dict() == {
        "kind": "retry",
        "message": str(error),
        "status": 429,
        "code": 20429,
        "requestId": "RQ1",
        "moreInfo": "https://www.twilio.com/docs/api/errors/20429",
        "retryAfter": 7.0,
    }


@given(st.text())
def test_any_retry_after_is_a_time_to_wait_or_none(value):
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (requests.ConnectTimeout(), TryLater),
        (requests.exceptions.ProxyError(), OutcomeUnknown),
        (requests.exceptions.InvalidProxyURL("x"), ConnectionFailed),
        (requests.ReadTimeout(), OutcomeUnknown),
        (requests.ConnectionError(), OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError(), OutcomeUnknown),
        (requests.exceptions.ContentDecodingError(), OutcomeUnknown),
        (requests.exceptions.SSLError("EOF"), OutcomeUnknown),
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), ConnectionFailed),
        (requests.exceptions.InvalidURL("x"), InvalidInput),
        (requests.exceptions.InvalidHeader("x"), InvalidInput),
        (FileNotFoundError("x"), ConnectionFailed),
        (ValueError("x"), OutcomeUnknown),
    ],
)
def test_a_post_without_an_answer_is_judged_by_whether_it_can_have_arrived(error, expected):
    found = network_failure("POST", error)
    assert type(found) is expected
    assert isinstance(found, ConnectorError)


def test_what_is_not_there_says_what_to_check_although_the_answer_has_no_body():
    assert "check the SID" in str(failure("GET", 404, {}, b"", NOW))
