"""The order of statuses: whatever order Twilio calls in, a flow sees a life that only goes on, each status once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.twilio.delivery import MEANINGS

from .conftest import CA, CALL, MM, RE, RECORDING, STATUS, body, form, passed, receive

MESSAGE = ["scheduled", "accepted", "queued", "sending", "sent", "failed", "undelivered", "delivered", "read"]
CALLS = ["queued", "initiated", "ringing", "in-progress", "no-answer", "busy", "failed", "completed"]
RECORDINGS = ["in-progress", "absent", "failed", "completed"]
LIVES = {
    "messageStatus": [STATUS | {"MessageStatus": status, "SmsStatus": status} for status in MESSAGE],
    "callStatus": [CALL | {"CallStatus": status} for status in CALLS],
    "recordingStatus": [RECORDING | {"RecordingStatus": status} for status in RECORDINGS],
}
NUMBERED = {"CallbackSource": "call-progress-events"}
LIFE_OF_A_CALL = [
    CALL | NUMBERED | {"CallStatus": status, "SequenceNumber": str(number)}
    for number, status in enumerate(["initiated", "ringing", "in-progress", "completed"])
]
URL = "https://hooks.example.com/trigger/abc?order=7"


@given(st.data())
def test_whatever_the_order_and_the_repetitions_statuses_only_rise_and_end_at_the_highest(data):
    key, life = data.draw(st.sampled_from([*LIVES.items(), ("callStatus", LIFE_OF_A_CALL)]))
    url = data.draw(st.sampled_from([URL, URL.partition("?")[0]]))
    came = data.draw(st.lists(st.integers(0, len(life) - 1), min_size=1, max_size=14))
    tokens = st.sampled_from(["t-1", "t-2", "t-3", "t-4", "t-5", "t-6"])
    requests = [
        form(life[rank], url, headers=[("I-Twilio-Idempotency-Token", f"{rank} {data.draw(tokens)}")]) for rank in came
    ]
    seen = [life.index(taken["parameters"]) for taken in passed(key, requests)]
    assert seen == sorted(set(seen))
    assert seen[-1] == max(came)


@pytest.mark.parametrize(
    ("came", "seen"),
    [
        (["sent", "delivered"], ["sent", "delivered"]),
        (["delivered", "sent"], ["delivered"]),
        (["sent", "sent"], ["sent"]),
        (["queued", "undelivered", "sent"], ["queued", "undelivered"]),
        (["delivered", "read"], ["delivered", "read"]),
        (["read", "delivered"], ["read"]),
        (["undelivered", "delivered"], ["undelivered", "delivered"]),  # a carrier takes back a failure
        (["delivered", "undelivered"], ["delivered"]),
        (["delivered", "new-in-2027"], ["delivered", "new-in-2027"]),  # what is not known overtakes nothing
        (["new-in-2027", "sent", "new-in-2027"], ["new-in-2027", "sent"]),
    ],
)
def test_a_late_status_never_comes_after_a_later_one(came, seen):
    requests = [form(STATUS | {"MessageStatus": status}) for status in came]
    assert [taken["status"] for taken in passed("messageStatus", requests)] == seen


def test_two_messages_have_nothing_to_do_with_each_other():
    other = STATUS | {"MessageSid": "SM" + "7" * 32, "MessageStatus": "sent"}
    assert len(passed("messageStatus", [form(STATUS | {"MessageStatus": "delivered"}), form(other)])) == 2


def test_what_is_of_one_thing_runs_in_order():
    assert receive("messageStatus", form(STATUS)).sequence == MM
    assert receive("callStatus", form(CALL)).sequence == CA
    assert receive("recordingStatus", form(RECORDING)).sequence == RE


def test_a_random_token_does_not_make_a_repetition_another_event():
    requests = [form(STATUS, headers=[("I-Twilio-Idempotency-Token", f"random-{n}")]) for n in range(3)]
    assert len(passed("messageStatus", requests)) == 1


def test_a_failed_message_says_why():
    failed = {"MessageStatus": "undelivered", "ErrorCode": "30003", "RawDlrDoneDate": "2611261009"}
    found = body("messageStatus", STATUS | failed)
    assert (found["messageSid"], found["status"], found["isFinal"], found["isFailure"]) == (
        MM,
        "undelivered",
        True,
        True,
    )
    assert (found["errorCode"], found["errorMeaning"]) == (30003, MEANINGS[30003])
    assert (found["from"], found["to"], found["channel"]) == ("+18057166646", "+15558675309", "sms")
    assert found["rawDlrDoneDate"] == "2026-11-26T10:09:00"


def test_a_code_that_is_not_in_the_table_links_to_its_page():
    assert body("messageStatus", STATUS | {"ErrorCode": "30999"})["errorMeaning"].endswith("/30999")
    assert body("messageStatus", STATUS | {"ErrorCode": "oops"})["errorCode"] is None


def test_a_message_on_whatsapp_that_was_read():
    read = {
        "MessageStatus": "read",
        "EventType": "READ",
        "From": "whatsapp:+14155238886",
        "To": "whatsapp:+15558675309",
    }
    found = body("messageStatus", STATUS | read | {"ChannelStatusMessage": "seen"})
    assert (found["channel"], found["from"], found["to"]) == ("whatsapp", "+14155238886", "+15558675309")
    assert (found["status"], found["isFinal"], found["isFailure"]) == ("read", True, False)
    assert (found["errorCode"], found["errorMeaning"], found["channelStatusMessage"]) == (None, None, "seen")


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "accepted"])
def test_a_message_on_its_way_is_not_final(status):
    assert body("messageStatus", STATUS | {"MessageStatus": status})["isFinal"] is False


def test_a_call_that_ended():
    ended = {"CallStatus": "completed", "SequenceNumber": "3", "Timestamp": "Thu, 26 Nov 2026 11:09:00 +0100"}
    ended |= NUMBERED | {"CallDuration": "42", "Duration": "1", "SipResponseCode": "200", "AnsweredBy": "human"}
    recorded = {"RecordingSid": RE, "RecordingUrl": "https://api.twilio.com/RE3", "RecordingDuration": "40"}
    found = body("callStatus", CALL | ended | recorded)
    assert (found["status"], found["isFinal"], found["sequenceNumber"]) == ("completed", True, 3)
    assert (found["timestamp"], found["answeredBy"]) == ("2026-11-26T10:09:00.000Z", "human")
    assert (found["callDuration"], found["billedMinutes"], found["sipResponseCode"]) == (42, 1, 200)
    assert (found["recording"], found["recordingDuration"]) == ({"sid": RE, "url": "https://api.twilio.com/RE3"}, 40)


def test_events_of_another_source_are_numbered_for_themselves():
    """A number's callback and a call's own count both from 0."""
    ended = LIFE_OF_A_CALL[3]
    other = LIFE_OF_A_CALL[0] | {"CallbackSource": "call-cost-events"}
    assert len(passed("callStatus", [form(ended), form(other)])) == 2


def test_a_recording_that_is_complete():
    more = {"RecordingUrl": "https://api.twilio.com/RE3", "RecordingDuration": "17", "RecordingChannels": "2"}
    more |= {"RecordingStartTime": "Thu, 26 Nov 2026 10:09:00 +0000", "RecordingSource": "DialVerb", "ErrorCode": "0"}
    found = body("recordingStatus", RECORDING | more)
    assert (found["recordingSid"], found["callSid"], found["isFinal"]) == (RE, CA, True)
    assert (found["duration"], found["channels"], found["errorCode"]) == (17, 2, None)
    assert (found["startTime"], found["source"]) == ("2026-11-26T10:09:00.000Z", "DialVerb")
