from urllib.parse import parse_qs

import pytest
from twilio_connector.connector.errors import InvalidInput

CALL = "CA1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
URL = f"https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Calls/{CALL}.json"
HOOK = "https://example.com/voice"


def sent(twilio):
    return parse_qs(twilio.calls[0].request.body.decode(), keep_blank_values=True)


def change(harness, **inputs):
    return harness.perform("updateCall", {"sid": CALL} | inputs)["data"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"status": "canceled"}, {"Status": ["canceled"]}),
        ({"url": HOOK, "method": "GET"}, {"Url": [HOOK], "Method": ["GET"]}),
        (
            {"say": "Goodbye"},
            {"Twiml": ['<?xml version="1.0" encoding="UTF-8"?><Response><Say>Goodbye</Say></Response>']},
        ),
        ({"timeLimit": 60}, {"TimeLimit": ["60"]}),
        ({"additionalParameters": {"Brand": "new"}}, {"Brand": ["new"]}),
    ],
)
def test_a_live_call_is_ended_or_given_new_instructions(harness, twilio, inputs, expected):
    twilio.post(URL, json={"sid": CALL, "status": "queued"})
    assert change(harness, **inputs)["sid"] == CALL
    assert sent(twilio) == expected


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "status"),
        ({"status": "ringing"}, "status"),
        ({"status": "completed", "url": HOOK}, "status"),
        ({"url": HOOK, "twiml": "<Response/>"}, "twiml"),
        ({"sid": "CA1", "status": "completed"}, "sid"),
    ],
)
def test_a_change_is_one_and_says_what(harness, twilio, inputs, field):
    with pytest.raises(InvalidInput) as raised:
        change(harness, **inputs)
    assert raised.value.field == field
