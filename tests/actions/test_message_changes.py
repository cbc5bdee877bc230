"""Change, cancel, redact, delete and rate a message; list and download its media; read templates; wait for delivery."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput, Refused, TryLater
from twilio_connector.connector.testing import Harness

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
SID, MEDIA_SID, TEMPLATE = "SM" + "1" * 32, "ME" + "2" * 32, "HX" + "3" * 32
MESSAGE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}"
MEDIA = f"{MESSAGE}/Media"
CONTENT = "https://content.twilio.com/v1/Content"


def form(twilio):
    return parse_qs(twilio.calls[-1].request.body.decode(), keep_blank_values=True)


def query(twilio):
    return {name: values[0] for name, values in parse_qs(urlsplit(twilio.calls[-1].request.url).query).items()}


# Changing


@pytest.mark.parametrize(
    ("action", "inputs", "expected"),
    [
        ("redactMessage", {}, {"Body": [""]}),
        ("updateMessage", {"redact": "true"}, {"Body": [""]}),
        ("cancelScheduledMessage", {}, {"Status": ["canceled"]}),
        ("updateMessage", {"status": "canceled"}, {"Status": ["canceled"]}),
        ("updateMessage", {"additionalParameters": {"Body": ""}}, {"Body": [""]}),
    ],
)
def test_a_change_is_sent_as_twilio_has_it(harness, twilio, action, inputs, expected):
    twilio.post(f"{MESSAGE}.json", json={"sid": SID, "date_updated": "Fri, 24 May 2019 17:18:28 +0000"})
    found = harness.perform(action, {"sid": SID, **inputs})["data"]
    assert found == {"sid": SID, "dateUpdated": "2019-05-24T17:18:28.000Z"}
    assert form(twilio) == expected


@pytest.mark.parametrize(("action", "inputs"), [("redactMessage", {}), ("updateMessage", {"redact": "true"})])
def test_what_is_redacted_has_no_media_either(harness, twilio, action, inputs):
    twilio.post(f"{MESSAGE}.json", json={"sid": SID, "body": "", "num_media": "2"})
    media = [{"sid": MEDIA_SID}, {"sid": "ME" + "4" * 32}]
    twilio.get(f"{MEDIA}.json", json={"media_list": media, "next_page_uri": None})
    for one in media:
        twilio.delete(f"{MEDIA}/{one['sid']}.json", status=204)
    assert harness.perform(action, {"sid": SID, **inputs})["data"]["body"] == ""
    assert [call.request.method for call in twilio.calls] == ["POST", "GET", "DELETE", "DELETE"]


def test_an_update_must_change_something(harness):
    with pytest.raises(InvalidInput) as raised:
        harness.perform("updateMessage", {"sid": SID})
    assert raised.value.field == "status"


def test_a_message_that_is_being_sent_cannot_be_canceled(harness, twilio):
    body = {
        "code": 30409,
        "message": "Message cannot be canceled",
        "more_info": "https://www.twilio.com/docs/errors/30409",
    }
    twilio.post(f"{MESSAGE}.json", json=body, status=400)
    with pytest.raises(Refused) as raised:
        harness.perform("cancelScheduledMessage", {"sid": SID})
    assert (raised.value.code, raised.value.exit_status) == (30409, 4)


@pytest.mark.parametrize(
    ("action", "url", "inputs"),
    [
        ("deleteMessage", f"{MESSAGE}.json", {"sid": SID}),
        ("deleteMedia", f"{MEDIA}/{MEDIA_SID}.json", {"messageSid": SID, "sid": MEDIA_SID}),
    ],
)
def test_what_is_deleted_is_said(harness, twilio, action, url, inputs):
    twilio.delete(url, status=204)
    assert harness.perform(action, inputs)["data"] == {"sid": inputs["sid"], "deleted": True}


def test_feedback_goes_to_its_message(harness, twilio):
    twilio.post(f"{MESSAGE}/Feedback.json", json={"message_sid": SID, "outcome": "unconfirmed"})
    found = harness.perform("sendMessageFeedback", {"messageSid": SID, "outcome": "unconfirmed"})["data"]
    assert found == {"messageSid": SID, "outcome": "unconfirmed"}
    assert form(twilio) == {"Outcome": ["unconfirmed"]}


@pytest.mark.parametrize(
    ("action", "inputs", "field"),
    [
        ("updateMessage", {"sid": SID, "status": "sent"}, "status"),
        ("redactMessage", {"sid": "MG" + "0" * 32}, "sid"),
        ("cancelScheduledMessage", {"sid": ""}, "sid"),
        ("deleteMessage", {"sid": SID + "/Media"}, "sid"),
        ("deleteMedia", {"messageSid": SID, "sid": SID}, "sid"),
        ("deleteMedia", {"messageSid": "x", "sid": MEDIA_SID}, "messageSid"),
        ("downloadMedia", {"messageSid": SID, "sid": MEDIA_SID, "maxMegabytes": "51"}, "maxMegabytes"),
        ("listMessageMedia", {"messageSid": SID, "before": "then"}, "before"),
        ("sendMessageFeedback", {"messageSid": SID, "outcome": "maybe"}, "outcome"),
        ("waitForDelivery", {"sid": SID, "timeout": "601"}, "timeout"),
        ("getContentTemplate", {"sid": SID}, "sid"),
        ("listContentTemplates", {"limit": "0"}, "limit"),
    ],
)
def test_odd_inputs_are_refused_by_name(harness, action, inputs, field):
    with pytest.raises(InvalidInput) as raised:
        harness.perform(action, inputs)
    assert raised.value.field == field


# Media


def test_media_are_listed_with_filters(harness, twilio):
    one = {"sid": MEDIA_SID, "content_type": "image/jpeg", "date_created": "Sun, 16 Aug 2015 15:53:54 +0000"}
    twilio.get(f"{MEDIA}.json", json={"media_list": [one], "next_page_uri": None})
    inputs = {
        "messageSid": SID,
        "dateCreated": "2015-08-16",
        "before": "2015-08-17T01:00:00+01:00",
        "after": "2015-08-15",
    }
    assert harness.perform("listMessageMedia", inputs)["data"] == [
        {"sid": MEDIA_SID, "contentType": "image/jpeg", "dateCreated": "2015-08-16T15:53:54.000Z"}
    ]
    assert query(twilio) == {
        "DateCreated": "2015-08-16T00:00:00Z",
        "DateCreated<": "2015-08-17T00:00:00Z",
        "DateCreated>": "2015-08-15T00:00:00Z",
        "PageSize": "100",
    }


def downloaded(harness, **inputs):
    return harness.component.actions["downloadMedia"].perform(
        harness.context, {"twilioConnection": harness.connection, "messageSid": SID, "sid": MEDIA_SID, **inputs}
    )


def test_a_download_follows_to_where_the_bytes_are_and_takes_no_credentials_there(harness, twilio):
    twilio.get(f"{MEDIA}/{MEDIA_SID}", status=307, headers={"Location": "https://media.example.com/x?sig=1"})
    twilio.get("https://media.example.com/x", body=b"\xff\xd8", content_type="image/jpeg")
    found = downloaded(harness)
    assert (found.data, found.content_type) == (b"\xff\xd8", "image/jpeg")
    first, second = (call.request for call in twilio.calls)
    assert first.headers["Authorization"].startswith("Basic ")
    assert "Authorization" not in second.headers


def test_a_file_that_is_too_large_is_refused(harness, twilio):
    twilio.get(f"{MEDIA}/{MEDIA_SID}", body=b"x" * (1024**2 + 1))
    with pytest.raises(Refused, match="larger than 1048576 bytes"):
        downloaded(harness, maxMegabytes="1")
    assert len(downloaded(harness, maxMegabytes="2").data) == 1024**2 + 1


# Templates


def test_templates_are_listed_over_pages_and_read(harness, twilio):
    one = {
        "sid": TEMPLATE,
        "friendly_name": "hi",
        "types": {"twilio/text": {"body": "Hi"}},
        "date_created": "2015-07-30T19:00:00Z",
    }
    following = f"{CONTENT}?PageSize=2&PageToken=t"
    twilio.get(following, json={"contents": [one], "meta": {"key": "contents", "next_page_url": None}})
    twilio.get(
        CONTENT,
        json={"contents": [one, one], "meta": {"key": "contents", "next_page_url": following}},
        match=[responses.matchers.query_param_matcher({"PageSize": "2"})],
    )
    assert len(harness.perform("listContentTemplates", {"pageSize": "2"})["data"]) == 3
    twilio.get(f"{CONTENT}/{TEMPLATE}", json=one)
    assert harness.perform("getContentTemplate", {"sid": TEMPLATE})["data"] == {
        "sid": TEMPLATE,
        "friendlyName": "hi",
        "types": {"twilio/text": {"body": "Hi"}},
        "dateCreated": "2015-07-30T19:00:00.000Z",
    }


# Delivery


def statuses(twilio, *said):
    for status in said:
        more = status if isinstance(status, dict) else {"status": status}
        twilio.get(f"{MESSAGE}.json", json={"sid": SID, "error_code": None, **more})


def test_a_message_is_waited_for_until_it_is_delivered(harness, twilio, slept):
    statuses(twilio, "queued", "sent", "delivered")
    found = harness.perform("waitForDelivery", {"sid": SID})["data"]
    assert (found["status"], found["delivered"], found["errorMeaning"]) == ("delivered", True, None)
    assert slept.seconds == [1.0, 1.0]


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ({"status": "undelivered", "error_code": 30006}, "landline"),
        ({"status": "failed", "error_code": 63016}, "contentSid"),
        ({"status": "failed", "error_code": "30007"}, "filtered"),
        ({"status": "failed", "error_code": 31999}, "https://www.twilio.com/docs/api/errors/31999"),
    ],
)
def test_a_failure_is_a_result_with_what_its_code_means(harness, twilio, said, meaning):
    statuses(twilio, said)
    found = harness.perform("waitForDelivery", {"sid": SID})["data"]
    assert found["delivered"] is False
    assert meaning in found["errorMeaning"]


@pytest.mark.parametrize("status", ["canceled", "read", "received", "partially_delivered"])
def test_every_final_status_ends_the_wait(harness, twilio, slept, status):
    statuses(twilio, status)
    assert harness.perform("waitForDelivery", {"sid": SID})["data"]["status"] == status
    assert slept.seconds == []


@pytest.mark.parametrize("status", ["queued", "accepted", "scheduled", "sending", "sent"])
def test_a_wait_ends_in_time_though_the_clock_stands_still(harness, twilio, slept, status):
    statuses(twilio, status)
    with pytest.raises(TryLater, match=f"is {status} after 20 seconds") as raised:
        harness.perform("waitForDelivery", {"sid": SID, "timeout": "20"})
    assert raised.value.retry_after
    assert sum(slept.seconds) == 20


def test_slow_answers_count_too(harness, twilio):
    """Each look takes ten seconds by the clock, so three of them are all that half a minute has room for."""
    start = datetime(2026, 11, 21, tzinfo=UTC)
    context = ActionContext(clock=lambda: start + timedelta(seconds=10 * len(twilio.calls)), sleep=lambda seconds: None)
    statuses(twilio, "queued")
    with pytest.raises(TryLater):
        Harness(load("twilio_connector"), connection=harness.connection, context=context).perform(
            "waitForDelivery", {"sid": SID, "timeout": "30"}
        )
    assert len(twilio.calls) == 4
