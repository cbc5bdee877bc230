"""Whatever is asked of any operation, it is answered or refused with a code of Twilio's; it never breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio_connector.sandbox.resources import OPERATIONS
from twilio_connector.sandbox.server import Sandbox

METHODS = [(path, method) for path, methods in OPERATIONS.items() for method in methods]
PARAMETERS = """
    To From Body Url Twiml Status Channel Code Fields CountryCode PageSize Page PageToken AreaCode Contains
    NearLatLong NearNumber Distance PhoneNumber PhoneNumberSid ShortCodeSid AlphaSender FriendlyName MediaUrl
    Timeout ContentSid ContentVariables SendAt ScheduleType MessagingServiceSid ApplicationSid StatusCallback
    SendDigits StatusCallbackEvent StartDate EndDate StartTime DateSent> DateCreated< Category Log LogLevel
    Outcome CodeLength RequestedChannels ValidityPeriod AccountSid SmsUrl VerificationSid CustomCode SmsEnabled
"""
ODD = [
    "",
    "-1",
    "0",
    "1e9",
    "9" * 30,
    "\u0661",
    "true",
    "nan",
    "2026-01-31",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "+14155550123",
    "+14155550100",
    "sms",
    "[]",
    "{",
    '{"1": "a"}',
    "https://[",
    "http://127.0.0.1:9/",
    "a,b",
    "1,2",
    "-99999999999days",
    "<Response><Pause length='0'/></Response>",
    "<Response>",
    "completed",
    "A" * 3000,
    "\x00",
]
VALUES = st.one_of(st.text(max_size=12), st.sampled_from(ODD))


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    operation=st.sampled_from(METHODS),
    parameters=st.dictionaries(st.sampled_from(PARAMETERS.split()), VALUES, max_size=6),
    ids=st.lists(VALUES, min_size=3, max_size=3),
    extension=st.sampled_from(["", ".json", ".xml", ".wav"]),
)
def test_any_request_is_answered(
    twilio: Sandbox,
    session: requests.Session,
    operation: tuple[str, str],
    *,
    parameters: dict[str, str],
    ids: list[str],
    extension: str,
) -> None:
    path, method = operation
    service = twilio.messaging_service if path.startswith("/messaging") else twilio.verify_service
    path = path.replace("{account_sid}", twilio.account_sid).replace("{service_sid}", service)
    places = iter(ids)
    path = re.sub(r"\{\w+\}", lambda _: quote(next(places).replace("\n", "") or "x", safe=""), path)
    given = {"data": parameters} if method == "POST" else {"params": parameters}
    answer = session.request(
        method,
        f"{twilio.url}{path}{extension}",
        auth=(twilio.account_sid, twilio.auth_token),
        allow_redirects=False,
        timeout=10,
        **given,
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and extension == ".json":
        assert {"code", "message", "more_info", "status"} <= set(answer.json())
