"""Every action that follows from its resource: the request that leaves, and what comes back."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio_connector.connector.errors import InvalidInput, OutcomeUnknown, Refused

HEX = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
MESSAGING = "https://messaging.twilio.com/v1/Services"
VERIFY = "https://verify.twilio.com/v2/Services"
CALL, RECORDING, TRANSCRIPTION = f"CA{HEX}", f"RE{HEX}", f"TR{HEX}"
NUMBER, SERVICE, VERIFIER, ALERT = f"PN{HEX}", f"MG{HEX}", f"VA{HEX}", f"NO{HEX}"

RFC_2822 = {"date_created": "Fri, 18 Oct 2019 17:00:00 +0000", "date_updated": "Fri, 18 Oct 2019 17:01:00 +0000"}
ISO_8601 = {"date_created": "2019-10-18T17:00:00Z", "date_updated": "2019-10-18T17:01:00Z"}
SHAPED = {"dateCreated": "2019-10-18T17:00:00.000Z", "dateUpdated": "2019-10-18T17:01:00.000Z"}


@dataclass
class Case:
    """An action, the request that it makes of its inputs, and the key of the list that answers it."""

    action: str
    method: str
    url: str
    inputs: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    items: str = ""
    dates: dict[str, str] = field(default_factory=lambda: RFC_2822)


CASES = [
    Case("getCall", "GET", f"{API}/Calls/{CALL}.json", {"sid": f" {CALL} "}),
    Case("deleteCall", "DELETE", f"{API}/Calls/{CALL}.json", {"sid": CALL}),
    Case(
        "listCalls",
        "GET",
        f"{API}/Calls.json",
        {
            "to": "+1 (555) 123-4567",
            "from": "client:ada",
            "status": "no-answer",
            "parentCallSid": CALL,
            "startTimeAfter": "2026-03-15",
            "startTimeBefore": "2026-03-16T01:00:00+01:00",
            "endTime": "2026-03-15",
            "limit": "7",
        },
        {
            "To": "+15551234567",
            "From": "client:ada",
            "Status": "no-answer",
            "ParentCallSid": CALL,
            "StartTime>": "2026-03-15T00:00:00Z",
            "StartTime<": "2026-03-16T00:00:00Z",
            "EndTime": "2026-03-15T00:00:00Z",
            "PageSize": "7",
        },
        "calls",
    ),
    Case(
        "updateCall", "POST", f"{API}/Calls/{CALL}.json", {"sid": CALL, "status": "completed"}, {"Status": "completed"}
    ),
    Case("getRecording", "GET", f"{API}/Recordings/{RECORDING}.json", {"sid": RECORDING}),
    Case(
        "getRecording",
        "GET",
        f"{API}/Recordings/{RECORDING}.json",
        {"sid": RECORDING, "includeSoftDeleted": "true"},
        {"IncludeSoftDeleted": "true"},
    ),
    Case("deleteRecording", "DELETE", f"{API}/Recordings/{RECORDING}.json", {"sid": RECORDING}),
    Case(
        "listRecordings",
        "GET",
        f"{API}/Recordings.json",
        {"callSid": CALL, "conferenceSid": f"CF{HEX}", "dateCreatedAfter": "2026-03-15", "pageSize": "5"},
        {
            "CallSid": CALL,
            "ConferenceSid": f"CF{HEX}",
            "DateCreated>": "2026-03-15T00:00:00Z",
            "PageSize": "5",
        },
        "recordings",
    ),
    Case(
        "startRecording",
        "POST",
        f"{API}/Calls/{CALL}/Recordings.json",
        {"callSid": CALL, "recordingChannels": "dual", "trim": "trim-silence"},
        {"RecordingChannels": "dual", "Trim": "trim-silence"},
    ),
    Case(
        "updateCallRecording",
        "POST",
        f"{API}/Calls/{CALL}/Recordings/Twilio.CURRENT.json",
        {"callSid": CALL, "status": "paused", "pauseBehavior": "skip"},
        {"Status": "paused", "PauseBehavior": "skip"},
    ),
    Case(
        "listRecordingTranscriptions",
        "GET",
        f"{API}/Recordings/{RECORDING}/Transcriptions.json",
        {"recordingSid": RECORDING},
        {"PageSize": "100"},
        "transcriptions",
    ),
    Case("listTranscriptions", "GET", f"{API}/Transcriptions.json", {}, {"PageSize": "100"}, "transcriptions"),
    Case("getTranscription", "GET", f"{API}/Transcriptions/{TRANSCRIPTION}.json", {"sid": TRANSCRIPTION}),
    Case("deleteTranscription", "DELETE", f"{API}/Transcriptions/{TRANSCRIPTION}.json", {"sid": TRANSCRIPTION}),
    Case("getAlert", "GET", f"https://monitor.twilio.com/v1/Alerts/{ALERT}", {"sid": ALERT}, dates=ISO_8601),
    Case(
        "listAlerts",
        "GET",
        "https://monitor.twilio.com/v1/Alerts",
        {"logLevel": "error", "startDate": "2026-11-01", "endDate": "2026-11-20T12:00:00Z"},
        {
            "LogLevel": "error",
            "StartDate": "2026-11-01T00:00:00Z",
            "EndDate": "2026-11-20T12:00:00Z",
            "PageSize": "100",
        },
        "alerts",
        ISO_8601,
    ),
    Case("getNotification", "GET", f"{API}/Notifications/{ALERT}.json", {"sid": ALERT}),
    Case(
        "listNotifications",
        "GET",
        f"{API}/Notifications.json",
        {"log": 0, "messageDateAfter": "2026-03-15", "messageDateBefore": "2026-03-16"},
        {"Log": "0", "MessageDate>": "2026-03-15", "MessageDate<": "2026-03-16", "PageSize": "100"},
        "notifications",
    ),
    Case(
        "listNotifications",
        "GET",
        f"{API}/Calls/{CALL}/Notifications.json",
        {"callSid": CALL},
        {"PageSize": "100"},
        "notifications",
    ),
    Case(
        "listUsageRecords",
        "GET",
        f"{API}/Usage/Records.json",
        {"category": "sms-outbound", "startDate": "2026-03-01", "endDate": "-1days", "includeSubaccounts": "false"},
        {
            "Category": "sms-outbound",
            "StartDate": "2026-03-01",
            "EndDate": "-1days",
            "IncludeSubaccounts": "false",
            "PageSize": "100",
        },
        "usage_records",
    ),
    Case(
        "listUsageRecords",
        "GET",
        f"{API}/Usage/Records/LastMonth.json",
        {"subresource": "lastMonth"},
        {"PageSize": "100"},
        "usage_records",
    ),
    Case("getPhoneNumber", "GET", f"{API}/IncomingPhoneNumbers/{NUMBER}.json", {"sid": NUMBER}),
    Case("releasePhoneNumber", "DELETE", f"{API}/IncomingPhoneNumbers/{NUMBER}.json", {"sid": NUMBER}),
    Case(
        "listPhoneNumbers",
        "GET",
        f"{API}/IncomingPhoneNumbers.json",
        {"phoneNumber": "+1555*", "friendlyName": "Reception", "beta": "false", "origin": "twilio"},
        {
            "PhoneNumber": "+1555*",
            "FriendlyName": "Reception",
            "Beta": "false",
            "Origin": "twilio",
            "PageSize": "100",
        },
        "incoming_phone_numbers",
    ),
    Case(
        "searchAvailableNumbers",
        "GET",
        f"{API}/AvailablePhoneNumbers/US/TollFree.json",
        {
            "countryCode": "us",
            "numberType": "tollFree",
            "areaCode": "808",
            "contains": "555*",
            "smsEnabled": "true",
            "nearLatLong": " 19.72, -155.09",
            "distance": "50",
            "inLata": "834",
            "inRateCenter": "HILO",
        },
        {
            "AreaCode": "808",
            "Contains": "555*",
            "SmsEnabled": "true",
            "NearLatLong": "19.72,-155.09",
            "Distance": "50",
            "InLata": "834",
            "InRateCenter": "HILO",
            "PageSize": "100",
        },
        "available_phone_numbers",
    ),
    Case(
        "buyPhoneNumber",
        "POST",
        f"{API}/IncomingPhoneNumbers.json",
        {"phoneNumber": "+1 808 555 0143", "smsUrl": "https://example.com/sms", "voiceCallerIdLookup": False},
        {"PhoneNumber": "+18085550143", "SmsUrl": "https://example.com/sms", "VoiceCallerIdLookup": "false"},
    ),
    Case(
        "buyPhoneNumber",
        "POST",
        f"{API}/IncomingPhoneNumbers.json",
        {"areaCode": 808},
        {"AreaCode": "808"},
    ),
    Case(
        "updatePhoneNumber",
        "POST",
        f"{API}/IncomingPhoneNumbers/{NUMBER}.json",
        {
            "sid": NUMBER,
            "friendlyName": "Reception",
            "accountSid": "AC" + "5" * 32,
            "additionalParameters": [{"key": "SmsUrl", "value": ""}],
        },
        {"FriendlyName": "Reception", "AccountSid": "AC" + "5" * 32, "SmsUrl": ""},
    ),
    Case("getMessagingService", "GET", f"{MESSAGING}/{SERVICE}", {"sid": SERVICE}, dates=ISO_8601),
    Case("deleteMessagingService", "DELETE", f"{MESSAGING}/{SERVICE}", {"sid": SERVICE}),
    Case("listMessagingServices", "GET", MESSAGING, {}, {"PageSize": "100"}, "services", ISO_8601),
    Case(
        "createMessagingService",
        "POST",
        MESSAGING,
        {"friendlyName": "Reminders", "stickySender": "true", "validityPeriod": "14400", "usecase": "notifications"},
        {
            "FriendlyName": "Reminders",
            "StickySender": "true",
            "ValidityPeriod": "14400",
            "Usecase": "notifications",
        },
        dates=ISO_8601,
    ),
    Case(
        "updateMessagingService",
        "POST",
        f"{MESSAGING}/{SERVICE}",
        {"sid": SERVICE, "smartEncoding": "false"},
        {"SmartEncoding": "false"},
        dates=ISO_8601,
    ),
    Case(
        "addMessagingServiceSender",
        "POST",
        f"{MESSAGING}/{SERVICE}/PhoneNumbers",
        {"serviceSid": SERVICE, "sender": NUMBER},
        {"PhoneNumberSid": NUMBER},
        dates=ISO_8601,
    ),
    Case(
        "addMessagingServiceSender",
        "POST",
        f"{MESSAGING}/{SERVICE}/ShortCodes",
        {"serviceSid": SERVICE, "sender": f"SC{HEX}"},
        {"ShortCodeSid": f"SC{HEX}"},
        dates=ISO_8601,
    ),
    Case(
        "addMessagingServiceSender",
        "POST",
        f"{MESSAGING}/{SERVICE}/AlphaSenders",
        {"serviceSid": SERVICE, "sender": "ACME Corp"},
        {"AlphaSender": "ACME Corp"},
        dates=ISO_8601,
    ),
    Case(
        "removeMessagingServiceSender",
        "DELETE",
        f"{MESSAGING}/{SERVICE}/AlphaSenders/AI{HEX}",
        {"serviceSid": SERVICE, "sid": f"AI{HEX}"},
    ),
    Case(
        "lookupPhoneNumber",
        "GET",
        "https://lookups.twilio.com/v2/PhoneNumbers/%2B15551234567",
        {"phoneNumber": "+1 (555) 123-4567"},
    ),
    Case(
        "lookupPhoneNumber",
        "GET",
        "https://lookups.twilio.com/v2/PhoneNumbers/2079460958",
        {
            "phoneNumber": "20 7946 0958",
            "countryCode": "gb",
            "fields": ["caller_name", "identity_match"],
            "firstName": "Ada",
            "addressLine1": "12 Example Street",
        },
        {
            "CountryCode": "GB",
            "Fields": "caller_name,identity_match",
            "FirstName": "Ada",
            "AddressLine1": "12 Example Street",
        },
    ),
    Case("listVerifyServices", "GET", VERIFY, {}, {"PageSize": "100"}, "services", ISO_8601),
    Case(
        "startVerification",
        "POST",
        f"{VERIFY}/{VERIFIER}/Verifications",
        {
            "serviceSid": VERIFIER,
            "to": "+1 555 123 4567",
            "locale": "en",
            "tags": {"campaign": "spring"},
            "additionalParameters": {"Brand": "new"},
        },
        {
            "To": "+15551234567",
            "Channel": "sms",
            "Locale": "en",
            "Tags": '{"campaign": "spring"}',
            "Brand": "new",
        },
        dates=ISO_8601,
    ),
    Case(
        "startVerification",
        "POST",
        f"{VERIFY}/{VERIFIER}/Verifications",
        {"serviceSid": VERIFIER, "to": "ada@example.com", "channel": "email"},
        {"To": "ada@example.com", "Channel": "email"},
        dates=ISO_8601,
    ),
    Case(
        "checkVerification",
        "POST",
        f"{VERIFY}/{VERIFIER}/VerificationCheck",
        {"serviceSid": VERIFIER, "to": "+15551234567", "code": 123456},
        {"To": "+15551234567", "Code": "123456"},
        dates=ISO_8601,
    ),
    Case(
        "cancelVerification",
        "POST",
        f"{VERIFY}/{VERIFIER}/Verifications/VE{HEX}",
        {"serviceSid": VERIFIER, "sid": f"VE{HEX}"},
        {"Status": "canceled"},
        dates=ISO_8601,
    ),
]


def answer_to(case, item):
    if not case.items:
        return item
    return {case.items: [item, item]} | ({"meta": {"key": case.items}} if case.dates is ISO_8601 else {})


def expect(twilio, case, **answer):
    status = 204 if case.method == "DELETE" else 201 if case.method == "POST" else 200
    twilio.add(case.method, case.url, **({"status": status} | answer))


def sent(twilio):
    request = twilio.calls[0].request
    text = request.body.decode() if request.method == "POST" else urlsplit(request.url).query
    return dict(parse_qsl(text, keep_blank_values=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
def test_the_request_is_twilios_and_the_answer_has_camel_case_and_iso_dates(harness, twilio, case):
    item = {"sid": "XX1", **case.dates, "friendly_name": "x", "brand_new_key": {"a_b": [1]}, "price": None}
    shaped = {"sid": "XX1", **SHAPED, "friendlyName": "x", "brandNewKey": {"a_b": [1]}, "price": None}
    expect(twilio, case, **({} if case.method == "DELETE" else {"json": answer_to(case, item)}))
    found = harness.perform(case.action, case.inputs)["data"]
    assert twilio.calls[0].request.url.partition("?")[0] == case.url
    assert sent(twilio) == case.sent
    if case.method == "DELETE":
        assert found == {"sid": case.inputs["sid"], "deleted": True}
    elif case.action == "lookupPhoneNumber":
        assert found["brandNewKey"] == {"a_b": [1]}
    elif case.action == "listUsageRecords":
        assert [each["friendlyName"] for each in found] == ["x", "x"]
    else:
        assert found == ([shaped, shaped] if case.items else shaped)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.action)
def test_a_refusal_carries_code_message_and_link(harness, twilio, case):
    body = {"code": 20404, "message": "The requested resource was not found", "status": 404}
    expect(twilio, case, json=body | {"more_info": "https://www.twilio.com/docs/errors/20404"}, status=404)
    with pytest.raises(Refused) as raised:
        harness.perform(case.action, case.inputs)
    assert (raised.value.code, raised.value.exit_status) == (20404, 4)
    assert "not found" in str(raised.value)
    assert raised.value.more_info == "https://www.twilio.com/docs/errors/20404"


POSTS = [case for case in CASES if case.method == "POST"]


@pytest.mark.parametrize("case", POSTS, ids=lambda case: case.action)
def test_what_may_have_been_done_is_never_sent_again(harness, twilio, case):
    expect(twilio, case, body="<html>", status=502)
    with pytest.raises(OutcomeUnknown):
        harness.perform(case.action, case.inputs)
    assert len(twilio.calls) == 1


V1_LISTS = [case for case in CASES if case.items and case.dates is ISO_8601]


@pytest.mark.parametrize("case", V1_LISTS, ids=lambda case: case.action)
def test_newer_products_are_paged_by_the_address_that_they_give(harness, twilio, case):
    following = f"{case.url}?PageSize=1&Page=1&PageToken=PT1"
    first = {case.items: [{"sid": "XX1"}], "meta": {"key": case.items, "next_page_url": following}}
    last = {case.items: [{"sid": "XX2"}], "meta": {"key": case.items, "next_page_url": None}}
    twilio.get(case.url, json=first)
    twilio.get(following, json=last, match_querystring=None)
    found = harness.perform(case.action, case.inputs)["data"]
    assert [item["sid"] for item in found] == ["XX1", "XX2"]
    assert twilio.calls[1].request.url == following


SENT = {"to": "+15551234567", "from": "+15557654321", "body": "Hi"}
BAD = [
    ("getCall", {"sid": RECORDING}, "sid"),
    ("getCall", {"sid": f"{CALL}/../x"}, "sid"),
    ("getRecording", {"sid": ""}, "sid"),
    ("getTranscription", {"sid": "TR1"}, "sid"),
    ("getAlert", {"sid": CALL}, "sid"),
    ("getPhoneNumber", {"sid": "+15551234567"}, "sid"),
    ("getMessagingService", {"sid": VERIFIER}, "sid"),
    ("listCalls", {"status": "ringing loudly"}, "status"),
    ("listCalls", {"startTimeAfter": "yesterday"}, "startTimeAfter"),
    ("listCalls", {"parentCallSid": "x"}, "parentCallSid"),
    ("listRecordings", {"conferenceSid": CALL}, "conferenceSid"),
    ("updatePhoneNumber", {"sid": NUMBER, "additionalParameters": {"": "x"}}, "additionalParameters"),
    ("updatePhoneNumber", {"sid": NUMBER, "additionalParameters": {"X": "\ud83d"}}, "additionalParameters"),
    ("updatePhoneNumber", {"sid": NUMBER, "additionalParameters": "a=b"}, "additionalParameters"),
    (
        "updateMessage",
        {"sid": f"SM{HEX}", "redact": "true", "additionalParameters": {"Body": "x"}},
        "additionalParameters",
    ),
    (
        "sendMessage",
        SENT | {"from": SERVICE, "additionalParameters": {"MessagingServiceSid": SERVICE}},
        "additionalParameters",
    ),
    (
        "sendMessage",
        SENT
        | {"messagingServiceSid": SERVICE, "sendAt": "2026-12-01", "additionalParameters": {"ScheduleType": "fixed"}},
        "additionalParameters",
    ),
    (
        "sendMessage",
        SENT | {"statusCallbackFlow": "Status", "additionalParameters": {"StatusCallback": ""}},
        "additionalParameters",
    ),
    (
        "createCall",
        {"to": "+1555", "from": "+1556", "say": "Hi", "additionalParameters": {"Twiml": ""}},
        "additionalParameters",
    ),
    ("listMessages", {"before": "0001-01-01T00:00:00+05:00"}, "before"),
    ("listMessages", {"after": "9999-12-31T23:59:59-05:00"}, "after"),
    ("rawRequest", {"url": "/x", "method": "POST", "data": {"type": "Buffer", "data": [999]}}, "data"),
    ("rawRequest", {"url": "/x", "method": "POST", "data": {"type": "Buffer", "data": ["a"]}}, "data"),
    ("listNotifications", {"log": "2"}, "log"),
    ("listNotifications", {"messageDate": "2026-03-15T00:00:00Z"}, "messageDate"),
    ("listNotifications", {"callSid": "../x"}, "callSid"),
    ("listUsageRecords", {"subresource": "lastWeek"}, "subresource"),
    ("listUsageRecords", {"startDate": "March"}, "startDate"),
    ("listUsageRecords", {"subresource": "today", "endDate": "2026-03-15"}, "endDate"),
    ("listSubaccounts", {"status": "gone"}, "status"),
    ("searchAvailableNumbers", {}, "countryCode"),
    ("searchAvailableNumbers", {"countryCode": "../"}, "countryCode"),
    ("searchAvailableNumbers", {"countryCode": "US", "numberType": "pager"}, "numberType"),
    ("searchAvailableNumbers", {"countryCode": "US", "contains": "5 5"}, "contains"),
    ("searchAvailableNumbers", {"countryCode": "US", "distance": "5"}, "distance"),
    ("searchAvailableNumbers", {"countryCode": "US", "inRateCenter": "HILO"}, "inRateCenter"),
    ("searchAvailableNumbers", {"countryCode": "US", "nearNumber": "+1808", "nearLatLong": "1,1"}, "nearLatLong"),
    ("searchAvailableNumbers", {"countryCode": "DE", "areaCode": "808"}, "areaCode"),
    ("buyPhoneNumber", {}, "phoneNumber"),
    ("buyPhoneNumber", {"phoneNumber": "+18085550143", "areaCode": "808"}, "areaCode"),
    ("buyPhoneNumber", {"areaCode": "8"}, "areaCode"),
    ("buyPhoneNumber", {"areaCode": "808", "smsUrl": "example.com"}, "smsUrl"),
    ("buyPhoneNumber", {"areaCode": "808", "smsUrl": "https://a.example", "smsApplicationSid": f"AP{HEX}"}, "smsUrl"),
    ("updatePhoneNumber", {"sid": NUMBER, "voiceMethod": "PUT"}, "voiceMethod"),
    ("updatePhoneNumber", {"sid": NUMBER, "trunkSid": f"TK{HEX}", "voiceUrl": "https://a.example"}, "voiceUrl"),
    ("updatePhoneNumber", {"sid": NUMBER, "friendlyName": "x" * 65}, "friendlyName"),
    ("updatePhoneNumber", {"sid": NUMBER}, "additionalParameters"),
    ("updateMessagingService", {"sid": SERVICE}, "additionalParameters"),
    ("createMessagingService", {}, "friendlyName"),
    ("createMessagingService", {"friendlyName": "x" * 65}, "friendlyName"),
    ("createMessagingService", {"friendlyName": "x", "validityPeriod": "36001"}, "validityPeriod"),
    ("createMessagingService", {"friendlyName": "x", "inboundMethod": "GET"}, "inboundMethod"),
    ("addMessagingServiceSender", {"serviceSid": SERVICE, "sender": "+15551234567"}, "sender"),
    ("addMessagingServiceSender", {"serviceSid": SERVICE, "sender": "ACME Corporation"}, "sender"),
    ("removeMessagingServiceSender", {"serviceSid": SERVICE, "sid": "ACME"}, "sid"),
    ("listMessagingServiceSenders", {"serviceSid": SERVICE, "senderType": "pigeon"}, "senderType"),
    ("lookupPhoneNumber", {"phoneNumber": ".."}, "phoneNumber"),
    ("lookupPhoneNumber", {"phoneNumber": "ACME"}, "phoneNumber"),
    ("lookupPhoneNumber", {"phoneNumber": "+15551234567", "fields": ["horoscope"]}, "fields"),
    ("lookupPhoneNumber", {"phoneNumber": "+15551234567", "firstName": "Ada"}, "firstName"),
    ("lookupPhoneNumber", {"phoneNumber": "+15551234567", "verificationSid": f"VE{HEX}"}, "verificationSid"),
    ("startVerification", {"serviceSid": SERVICE, "to": "+15551234567"}, "serviceSid"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+15551234567", "channel": "email"}, "to"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "ada@example.com"}, "to"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "channel": "pigeon"}, "channel"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "sendDigits": "1"}, "sendDigits"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "amount": "1"}, "amount"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "customCode": "1"}, "customCode"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "tags": "[]"}, "tags"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "tags": {str(n): "x" for n in range(11)}}, "tags"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "rateLimits": {"a": b"x"}}, "rateLimits"),
    ("startVerification", {"serviceSid": VERIFIER, "to": "+1555", "rateLimits": "a=1"}, "rateLimits"),
    ("checkVerification", {"serviceSid": VERIFIER, "code": "1234"}, "to"),
    ("checkVerification", {"serviceSid": VERIFIER, "to": "+1555"}, "code"),
    ("checkVerification", {"serviceSid": VERIFIER, "to": "+1555", "code": "1"}, "code"),
    (
        "checkVerification",
        {"serviceSid": VERIFIER, "to": "+1555", "verificationSid": f"VE{HEX}", "code": "1234"},
        "verificationSid",
    ),
    ("cancelVerification", {"serviceSid": VERIFIER, "sid": "+15551234567"}, "sid"),
    (
        "startRecording",
        {"callSid": CALL, "recordingStatusCallbackEvent": ["completed"]},
        "recordingStatusCallbackEvent",
    ),
    ("startRecording", {"callSid": CALL, "recordingChannels": "stereo"}, "recordingChannels"),
    ("updateCallRecording", {"callSid": CALL}, "status"),
    ("updateCallRecording", {"callSid": CALL, "status": "completed"}, "status"),
    ("updateCallRecording", {"callSid": CALL, "status": "paused", "sid": "Twilio.LAST"}, "sid"),
    ("updateCallRecording", {"callSid": CALL, "status": "paused", "sid": f"CA{HEX}"}, "sid"),
    ("updateCallRecording", {"callSid": CALL, "status": "stopped", "pauseBehavior": "skip"}, "pauseBehavior"),
    ("listAlerts", {"startDate": "2026-10-21"}, "startDate"),
    ("listAlerts", {"endDate": "2026-10-21"}, "endDate"),
    ("listAlerts", {"startDate": "2026-11-20", "endDate": "2026-11-19"}, "endDate"),
    ("listAlerts", {"logLevel": "shouting"}, "logLevel"),
]


@pytest.mark.parametrize(("action", "inputs", "named"), BAD, ids=[f"{a}-{f}" for a, _, f in BAD])
def test_bad_input_is_refused_by_name_and_nothing_is_sent(harness, twilio, action, inputs, named):
    with pytest.raises(InvalidInput) as raised:
        harness.perform(action, inputs)
    assert raised.value.field == named
    assert str(raised.value).startswith(f"{named}: ")
    assert not twilio.calls


def test_the_balance_is_one_and_has_no_identifier(harness, twilio):
    twilio.get(f"{API}/Balance.json", json={"account_sid": ACCOUNT, "balance": "0.05", "currency": "USD"})
    found = harness.perform("getBalance")["data"]
    assert found == {"accountSid": ACCOUNT, "balance": "0.05", "currency": "USD"}


ACCOUNTS = "https://api.twilio.com/2010-04-01/Accounts.json"


def account(sid, owner=ACCOUNT, name="Store"):
    return {"sid": sid, "owner_account_sid": owner, "friendly_name": name, "auth_token": "its-auth-token"}


def test_subaccounts_come_without_the_account_itself_and_without_their_tokens(harness, twilio):
    subs = [account(f"AC{number}" + "0" * 31) for number in range(3)]
    twilio.get(ACCOUNTS, json={"accounts": [account(ACCOUNT), *subs]})
    found = harness.perform("listSubaccounts", {"status": "active", "limit": "2"})["data"]
    assert [each["sid"] for each in found] == [each["sid"] for each in subs[:2]]
    assert "its-auth-token" not in str(found)
    assert sent(twilio) == {"Status": "active", "PageSize": "3"}


def test_all_senders_of_a_service_are_listed_kind_after_kind(harness, twilio):
    kinds = {"PhoneNumbers": "phone_numbers", "ShortCodes": "short_codes", "AlphaSenders": "alpha_senders"}
    for path, key in kinds.items():
        twilio.get(
            f"{MESSAGING}/{SERVICE}/{path}",
            json={key: [{"sid": f"{path}1"}, {"sid": f"{path}2"}], "meta": {"key": key}},
        )
    found = harness.perform("listMessagingServiceSenders", {"serviceSid": SERVICE, "limit": "5"})["data"]
    assert [each["sid"][:-1] for each in found] == ["PhoneNumbers"] * 2 + ["ShortCodes"] * 2 + ["AlphaSenders"]


def test_one_kind_of_sender_is_listed_alone(harness, twilio):
    twilio.get(
        f"{MESSAGING}/{SERVICE}/ShortCodes", json={"short_codes": [{"sid": "SC1"}], "meta": {"key": "short_codes"}}
    )
    found = harness.perform("listMessagingServiceSenders", {"serviceSid": SERVICE, "senderType": "shortCode"})["data"]
    assert found == [{"sid": "SC1"}]


def test_a_number_that_cannot_exist_is_a_result(harness, twilio):
    body = {"phone_number": "+1415", "valid": False, "validation_errors": ["TOO_SHORT"]}
    twilio.get("https://lookups.twilio.com/v2/PhoneNumbers/%2B1415", json=body)
    found = harness.perform("lookupPhoneNumber", {"phoneNumber": "+1415"})["data"]
    assert (found["valid"], found["validationErrors"]) == (False, ["TOO_SHORT"])
