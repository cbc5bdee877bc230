"""Calls, transcriptions, opt-outs, event streams and alerts, read as what they mean."""

import json

import pytest
from twilio_connector.connector.errors import InvalidInput, WebhookRejected

from .conftest import (
    ACCOUNT,
    ALERT,
    CA,
    CALL,
    DELIVERED,
    MM,
    NO,
    OTHER,
    RE,
    SUB,
    TEXT,
    TR,
    TRANSCRIPTION,
    body,
    document,
    form,
    passed,
    receive,
)

# Calls


def test_a_call_that_comes_in():
    found = body("inboundCall", CALL | {"CallerName": "ADA L", "ForwardedFrom": "+15550001111", "FromCity": "PARIS"})
    assert (found["callSid"], found["direction"], found["status"], found["channel"]) == (
        CA,
        "inbound",
        "ringing",
        "phone",
    )
    assert (found["from"], found["to"], found["callerName"]) == ("+15558675309", "+18057166646", "ADA L")
    assert (found["forwardedFrom"], found["geography"]["from"]["city"]) == ("+15550001111", "PARIS")


def test_what_the_verb_before_gave():
    said = {"Digits": "42", "SpeechResult": "Sales", "Confidence": "0.91", "RecordingSid": RE, "DialCallStatus": "busy"}
    found = body("inboundCall", CALL | said)
    assert (found["digits"], found["speechResult"], found["confidence"]) == ("42", "Sales", 0.91)
    assert (found["recording"], found["dialCallStatus"]) == ({"sid": RE, "url": None}, "busy")


@pytest.mark.parametrize(
    ("address", "channel", "plain"),
    [
        ("sip:ada@example.com", "sip", "sip:ada@example.com"),
        ("client:ada", "client", "client:ada"),
        ("whatsapp:+15558675309", "whatsapp", "+15558675309"),
        ("", "phone", None),
    ],
)
def test_callers_who_have_no_number(address, channel, plain):
    found = body("inboundCall", CALL | {"From": address})
    assert (found["channel"], found["from"]) == (channel, plain)


def test_a_call_that_asks_again_is_answered_again_and_twilios_retry_is_not_another_question():
    def asks(token):
        return form(CALL, headers=[("I-Twilio-Idempotency-Token", token)])

    assert len(passed("inboundCall", [asks("t-1"), asks("t-1"), asks("t-2")])) == 2


# Transcriptions


def test_a_transcription():
    said = {"TranscriptionText": "Call me back.", "TranscriptionType": "fast", "RecordingSid": RE, "RecordingUrl": "u"}
    found = body("transcriptionCompleted", TRANSCRIPTION | said)
    assert (found["transcriptionSid"], found["text"], found["type"]) == (TR, "Call me back.", "fast")
    assert (found["isFailure"], found["recording"], found["callSid"]) == (False, {"sid": RE, "url": "u"}, CA)


def test_a_transcription_that_failed_has_no_text():
    found = body("transcriptionCompleted", TRANSCRIPTION | {"TranscriptionStatus": "failed", "TranscriptionText": ""})
    assert (found["isFailure"], found["text"]) == (True, None)


# Opt-outs


def opt_out(**said):
    result = receive("optOutChanged", form(TEXT | said))
    return result.payload.body, not result.polled_no_changes


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"Body": "ARRET", "OptOutType": "STOP"}, "STOP"),  # advanced opt-out knows other languages
        ({"Body": "Oui", "OptOutType": "START"}, "START"),
        ({"Body": " stop \n"}, "STOP"),
        ({"Body": "Unsubscribe"}, "STOP"),
        ({"Body": "UNSTOP"}, "START"),
    ],
)
def test_an_opt_out_starts_the_flow(said, kind):
    found, starts = opt_out(**said)
    assert (found["optOutType"], found["isOptedOut"], starts) == (kind, kind == "STOP", True)
    assert (found["from"], found["to"], found["channel"]) == ("+15558675309", "+18057166646", "sms")


@pytest.mark.parametrize(
    "said", [{}, {"Body": "please stop"}, {"Body": "HELP", "OptOutType": "HELP"}, {"Body": "help"}]
)
def test_any_other_message_is_accepted_and_starts_none(said):
    assert opt_out(**said)[1] is False


def test_what_twilio_says_of_a_message_counts_more_than_what_it_looks_like():
    assert opt_out(Body="stop", OptOutType="HELP")[1] is False


def test_stop_and_start_of_a_person_run_in_order():
    first, second = (receive("optOutChanged", form(TEXT | {"Body": word})) for word in ("STOP", "START"))
    assert first.sequence == second.sequence != ""


# Event Streams

READ = DELIVERED | {"id": "EZ2", "type": "com.twilio.messaging.message.read"}
TEST = {k: v for k, v in DELIVERED.items() if k != "data"} | {"id": "EZ3", "type": "com.twilio.eventstreams.test-event"}


def stream(*events, types=()):
    return receive("eventStream", document(list(events)), eventTypes=types)


def test_a_batch_comes_as_it_was_sent_with_its_accounts():
    found = stream(DELIVERED, READ, TEST).payload.body
    assert found["events"] == [
        DELIVERED | {"accountSid": ACCOUNT},
        READ | {"accountSid": ACCOUNT},
        TEST | {"accountSid": None},
    ]
    assert found["types"] == sorted([DELIVERED["type"], READ["type"], TEST["type"]])


def test_only_the_types_that_are_asked_for_start_the_flow():
    result = stream(DELIVERED, READ, TEST, types=[READ["type"]])
    assert [event["id"] for event in result.payload.body["events"]] == ["EZ2"]
    assert not result.polled_no_changes


def test_a_batch_without_any_of_them_is_accepted_and_starts_none():
    result = stream(DELIVERED, types=json.dumps([READ["type"]]))
    assert (result.polled_no_changes, result.payload.body["events"], result.response.status_code) == (True, [], 200)


def test_a_type_that_is_none_of_twilios_is_told_when_it_is_configured():
    with pytest.raises(InvalidInput, match=r"'message\.read' is no type of event") as raised:
        stream(READ, types=["message.read"])
    assert raised.value.field == "eventTypes"


@pytest.mark.parametrize("name", ["id", "type", "source", "specversion"])
@pytest.mark.parametrize("value", ["", None, 1, ["x"]])
def test_what_is_no_cloudevent_is_refused(name, value):
    with pytest.raises(WebhookRejected, match=name):
        stream(DELIVERED, DELIVERED | {name: value})


@pytest.mark.parametrize("said", [[], {}, "text", 7, None, ["text"], [None]])
def test_what_is_no_batch_is_refused(said):
    with pytest.raises(WebhookRejected):
        receive("eventStream", document(said))


def test_a_form_is_no_batch():
    with pytest.raises(WebhookRejected, match="no batch"):
        receive("eventStream", form(TEXT))


def test_an_event_may_come_alone():
    assert receive("eventStream", document(DELIVERED)).payload.body["events"][0]["id"] == "EZ1"


@pytest.mark.parametrize("name", ["accountSid", "account_sid", "AccountSid"])
def test_the_account_is_found_however_a_product_writes_it(name):
    assert stream(DELIVERED | {"data": {name: ACCOUNT}}).payload.body["events"][0]["accountSid"] == ACCOUNT
    with pytest.raises(WebhookRejected, match="another account"):
        stream(DELIVERED | {"data": {name: OTHER}})


def test_the_account_of_a_call_is_in_the_request_that_was_made_about_it():
    def about(account):
        return DELIVERED | {"data": {"request": {"method": "POST", "parameters": {"AccountSid": account}}}}

    assert stream(about(ACCOUNT)).payload.body["events"][0]["accountSid"] == ACCOUNT
    with pytest.raises(WebhookRejected, match="another account"):
        stream(about(OTHER))


def test_an_error_of_a_subaccount_is_its_parents_too():
    data = {"account_sid": SUB, "master_account_sid": ACCOUNT}
    assert stream(DELIVERED | {"data": data}).payload.body["events"][0]["accountSid"] == SUB
    with pytest.raises(WebhookRejected, match="another account"):
        stream(DELIVERED | {"data": data | {"master_account_sid": OTHER}})


def test_the_same_batch_again_is_a_repetition_in_any_order():
    assert len(passed("eventStream", [document([DELIVERED, READ]), document([READ, DELIVERED]), document([READ])])) == 2


# Alerts


def test_an_alert_with_what_its_payload_says():
    payload = {"resource_sid": MM, "service_sid": None, "error_code": "30003", "more_info": {"Msg": "Unreachable"}}
    payload |= {"webhook": {"request": {"url": "https://example.com"}, "response": {"status_code": 500}}}
    said = ALERT | {"Payload": json.dumps(payload), "Timestamp": "2026-11-26T11:09:00+01:00"}
    found = body("debuggerAlert", said)
    assert (found["alertSid"], found["level"], found["resourceSid"]) == (NO, "error", MM)
    assert (found["errorCode"], found["timestamp"]) == (30003, "2026-11-26T10:09:00.000Z")
    assert found["errorMeaning"].startswith("the phone is off")
    assert (found["moreInfo"], found["webhook"]) == (payload["more_info"], payload["webhook"])


@pytest.mark.parametrize("payload", ["oops", "[]", "null", '{"error_code": {}}', '{"error_code": null}'])
def test_a_payload_that_cannot_be_read_is_kept(payload):
    found = body("debuggerAlert", ALERT | {"Payload": payload})
    assert (found["errorCode"], found["errorMeaning"], found["parameters"]["Payload"]) == (None, None, payload)


def test_an_alert_of_a_subaccount_is_its_parents_too():
    said = ALERT | {"AccountSid": SUB, "ParentAccountSid": ACCOUNT}
    assert body("debuggerAlert", said)["accountSid"] == SUB
    with pytest.raises(WebhookRejected, match="another account"):
        body("debuggerAlert", said | {"ParentAccountSid": OTHER})


def test_an_alert_comes_once():
    again = form(ALERT | {"Timestamp": "2026-11-26T10:09:01Z"})
    assert len(passed("debuggerAlert", [form(ALERT), again, form(ALERT | {"Sid": "NO" + "8" * 32})])) == 2
