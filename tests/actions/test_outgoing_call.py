from urllib.parse import parse_qs

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.errors import InvalidInput, OutcomeUnknown

HEX = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
CALL, APPLICATION = f"CA{HEX}", f"AP{HEX}"
URL = "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Calls.json"
MADE = {
    "sid": CALL,
    "status": "queued",
    "start_time": "Fri, 18 Oct 2019 17:02:00 +0000",
    "end_time": None,
    "subresource_uris": {"recordings": "/x.json"},
}
HOOK = "https://example.com/voice"


def call(harness, **inputs):
    return harness.perform("createCall", {"to": "+15558675310", "from": "+14155552345"} | inputs)["data"]


def sent(twilio):
    return parse_qs(twilio.calls[0].request.body.decode(), keep_blank_values=True)


def test_a_call_comes_back_with_iso_dates(harness, twilio):
    twilio.post(URL, json=MADE, status=201)
    assert call(harness, url=HOOK) == {
        "sid": CALL,
        "status": "queued",
        "startTime": "2019-10-18T17:02:00.000Z",
        "endTime": None,
        "subresourceUris": {"recordings": "/x.json"},
    }
    assert sent(twilio) == {"To": ["+15558675310"], "From": ["+14155552345"], "Url": [HOOK]}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"twiml": "<Response><Hangup/></Response>"}, {"Twiml": ["<Response><Hangup/></Response>"]}),
        ({"applicationSid": APPLICATION}, {"ApplicationSid": [APPLICATION]}),
        (
            {"say": 'Fish & "Chips" <hot>', "voice": "alice", "language": "en-GB"},
            {
                "Twiml": [
                    (
                        '<?xml version="1.0" encoding="UTF-8"?><Response><Say voice="alice" language="en-GB">'
                        'Fish &amp; "Chips" &lt;hot&gt;</Say></Response>'
                    )
                ]
            },
        ),
    ],
)
def test_instructions_come_as_twiml_an_application_or_a_text_to_say(harness, twilio, inputs, expected):
    twilio.post(URL, json=MADE, status=201)
    call(harness, **inputs)
    assert sent(twilio) == {"To": ["+15558675310"], "From": ["+14155552345"], **expected}


@pytest.mark.parametrize(
    "to", ["sip:ada@example.com;transport=tls", "sips:a@b.example?X-Ref=1,2", "client:ada", "5551234"]
)
def test_every_form_of_callee_is_taken(harness, twilio, to):
    twilio.post(URL, json=MADE, status=201)
    call(harness, to=to, url=HOOK)
    assert sent(twilio)["To"] == [to]


def test_everything_that_twilio_takes_is_sent_as_twilio_reads_it(harness, twilio):
    twilio.post(URL, json=MADE, status=201)
    inputs = {
        "url": HOOK,
        "method": "get",
        "fallbackUrl": "https://example.com/fallback",
        "fallbackMethod": "POST",
        "statusCallback": "https://example.com/status",
        "statusCallbackMethod": "POST",
        "statusCallbackEvent": ["initiated", "answered"],
        "timeout": "30",
        "timeLimit": "3600",
        "record": "true",
        "recordingChannels": "dual",
        "recordingTrack": "both",
        "recordingStatusCallback": "https://example.com/recorded",
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": '["in-progress", "completed"]',
        "trim": "do-not-trim",
        "machineDetection": "DetectMessageEnd",
        "machineDetectionTimeout": "30",
        "machineDetectionSpeechThreshold": "2400",
        "machineDetectionSpeechEndThreshold": "1200",
        "machineDetectionSilenceTimeout": "5000",
        "asyncAmd": "true",
        "asyncAmdStatusCallback": "https://example.com/amd",
        "asyncAmdStatusCallbackMethod": "GET",
        "callerId": "+1 415 555 2345",
        "sipAuthUsername": "ada",
        "sipAuthPassword": "the-sip-password",
        "byoc": f"BY{HEX}",
        "callReason": "Your table is ready",
        "callToken": "token",
        "clientNotificationUrl": "https://example.com/push",
        "additionalParameters": {"Brand": "new"},
    }
    call(harness, **inputs)
    assert sent(twilio) == {
        "To": ["+15558675310"],
        "From": ["+14155552345"],
        "Url": [HOOK],
        "Method": ["GET"],
        "FallbackUrl": ["https://example.com/fallback"],
        "FallbackMethod": ["POST"],
        "StatusCallback": ["https://example.com/status"],
        "StatusCallbackMethod": ["POST"],
        "StatusCallbackEvent": ["initiated", "answered"],
        "Timeout": ["30"],
        "TimeLimit": ["3600"],
        "Record": ["true"],
        "RecordingChannels": ["dual"],
        "RecordingTrack": ["both"],
        "RecordingStatusCallback": ["https://example.com/recorded"],
        "RecordingStatusCallbackMethod": ["POST"],
        "RecordingStatusCallbackEvent": ["in-progress", "completed"],
        "Trim": ["do-not-trim"],
        "MachineDetection": ["DetectMessageEnd"],
        "MachineDetectionTimeout": ["30"],
        "MachineDetectionSpeechThreshold": ["2400"],
        "MachineDetectionSpeechEndThreshold": ["1200"],
        "MachineDetectionSilenceTimeout": ["5000"],
        "AsyncAmd": ["true"],
        "AsyncAmdStatusCallback": ["https://example.com/amd"],
        "AsyncAmdStatusCallbackMethod": ["GET"],
        "CallerId": ["+14155552345"],
        "SipAuthUsername": ["ada"],
        "SipAuthPassword": ["the-sip-password"],
        "Byoc": [f"BY{HEX}"],
        "CallReason": ["Your table is ready"],
        "CallToken": ["token"],
        "ClientNotificationUrl": ["https://example.com/push"],
        "Brand": ["new"],
    }


def test_digits_keep_their_pauses(harness, twilio):
    twilio.post(URL, json=MADE, status=201)
    call(harness, url=HOOK, sendDigits="W1234#")
    assert sent(twilio)["SendDigits"] == ["W1234#"]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "url"),
        ({"to": "", "url": HOOK}, "to"),
        ({"from": "", "url": HOOK}, "from"),
        ({"to": "+15551234567, +15557654321", "url": HOOK}, "to"),
        ({"url": HOOK, "twiml": "<Response/>"}, "twiml"),
        ({"url": HOOK, "say": "Hello"}, "say"),
        ({"twiml": "<Response/>", "applicationSid": APPLICATION}, "applicationSid"),
        ({"url": "ftp://example.com/x"}, "url"),
        ({"url": "https://exam ple.com"}, "url"),
        ({"twiml": "x" * 4001}, "twiml"),
        ({"say": "x" * 4000}, "say"),
        ({"say": "bell \x07"}, "say"),
        ({"twiml": "<Response/>", "method": "GET"}, "method"),
        ({"url": HOOK, "voice": "alice"}, "voice"),
        ({"url": HOOK, "method": "PUT"}, "method"),
        ({"url": HOOK, "fallbackMethod": "GET"}, "fallbackMethod"),
        ({"url": HOOK, "statusCallbackEvent": "completed"}, "statusCallbackEvent"),
        ({"url": HOOK, "statusCallback": HOOK, "statusCallbackEvent": "exploded"}, "statusCallbackEvent"),
        ({"applicationSid": APPLICATION, "statusCallback": HOOK}, "statusCallback"),
        ({"applicationSid": "AP1"}, "applicationSid"),
        ({"url": HOOK, "sendDigits": "call me"}, "sendDigits"),
        ({"url": HOOK, "sendDigits": "1" * 33}, "sendDigits"),
        ({"url": HOOK, "sendDigits": "1", "machineDetection": "Enable"}, "machineDetection"),
        ({"url": HOOK, "machineDetection": "enable!"}, "machineDetection"),
        ({"url": HOOK, "machineDetectionTimeout": "30"}, "machineDetectionTimeout"),
        (
            {"url": HOOK, "machineDetection": "Enable", "machineDetectionSpeechThreshold": "9"},
            "machineDetectionSpeechThreshold",
        ),
        ({"url": HOOK, "machineDetection": "Enable", "asyncAmdStatusCallback": HOOK}, "asyncAmdStatusCallback"),
        ({"url": HOOK, "asyncAmd": "true"}, "asyncAmd"),
        ({"url": HOOK, "recordingChannels": "dual"}, "recordingChannels"),
        ({"url": HOOK, "record": "false", "trim": "trim-silence"}, "trim"),
        ({"url": HOOK, "record": "perhaps"}, "record"),
        ({"url": HOOK, "timeout": "601"}, "timeout"),
        ({"url": HOOK, "timeLimit": "0"}, "timeLimit"),
        ({"url": HOOK, "sipAuthUsername": "ada"}, "sipAuthUsername"),
        ({"url": HOOK, "sipAuthPassword": "p"}, "sipAuthPassword"),
        ({"twiml": "Hello"}, "twiml"),
        ({"twiml": "<Say>Hello</Say>"}, "twiml"),
        ({"twiml": "<Response><Say>Hello</Response>"}, "twiml"),
        ({"twiml": "<!DOCTYPE Response []><Response/>"}, "twiml"),
        ({"url": HOOK, "byoc": "BY1"}, "byoc"),
        ({"uri": HOOK}, "uri"),
    ],
)
def test_what_twilio_would_refuse_or_ignore_is_refused_before_anybody_is_called(harness, twilio, inputs, field):
    with pytest.raises(InvalidInput) as raised:
        call(harness, **inputs)
    assert raised.value.field == field
    assert field in str(raised.value)


def posts(twilio):
    return [each for each in twilio.calls if each.request.method == "POST"]


def test_a_call_that_may_have_been_made_is_looked_for_and_not_made_again(harness, twilio):
    found = MADE | {
        "start_time": None,
        "to": "+15558675310",
        "from": "+14155552345",
        "direction": "outbound-api",
        "date_created": "Sat, 21 Nov 2026 00:00:01 +0000",
    }
    twilio.post(URL, body="<html>", status=503)
    twilio.get(URL, json={"calls": [found], "next_page_uri": None})
    assert call(harness, url=HOOK)["sid"] == CALL
    assert len(posts(twilio)) == 1


def test_where_it_cannot_be_told_whether_somebody_was_called_nobody_is_called_again(harness, twilio):
    twilio.post(URL, body="<html>", status=503)
    twilio.get(URL, status=503)
    with pytest.raises(OutcomeUnknown):
        call(harness, url=HOOK)
    assert len(posts(twilio)) == 1


def test_the_sip_password_is_a_secret(harness):
    unit = load("twilio_connector").actions["createCall"]
    inputs = {"twilioConnection": harness.connection, "to": "sip:a@b.example", "from": "client:c", "say": "Hi"}
    prepared = unit.prepare(inputs | {"sipAuthUsername": "ada", "sipAuthPassword": "the-sip-password"})
    assert "the-sip-password" not in repr(prepared)
    with pytest.raises(InvalidInput) as raised:
        unit.prepare(inputs | {"sipAuthPassword": "the-sip-password"})
    assert "the-sip-password" not in str(raised.value)


def test_digits_that_no_phone_has_are_answered_with_some_that_one_has(harness):
    with pytest.raises(
        InvalidInput, match=r"sendDigits: is not written as it must be, such as W1234#; its pattern is \^"
    ):
        call(harness, say="Hi", sendDigits="12x")
