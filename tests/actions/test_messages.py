from urllib.parse import parse_qs, urlsplit

import pytest
from twilio_connector.connector.errors import InvalidInput, Refused

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SID = "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
SERVICE = "MG" + "0f" * 16

# As Twilio answers, from its OpenAPI examples.
CREATED = {
    "account_sid": ACCOUNT,
    "api_version": "2010-04-01",
    "body": "Hello! 👍",
    "date_created": "Thu, 24 Aug 2023 05:01:45 +0000",
    "date_sent": None,
    "date_updated": "Thu, 24 Aug 2023 05:01:45 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+14155552345",
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": None,
    "messaging_service_sid": None,
    "sid": SID,
    "status": "queued",
    "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}/Media.json"},
    "to": "+15558675310",
    "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json",
}


def sent(twilio):
    return parse_qs(twilio.calls[0].request.body.decode())


def send(harness, **inputs):
    return harness.perform("sendSMS", {"to": "+15558675310", "from": "+14155552345", "message": "Hello!"} | inputs)


def test_a_sent_message_comes_back_as_the_platform_has_it(harness, twilio):
    twilio.post(URL, json=CREATED, status=201)
    assert send(harness) == {
        "data": {
            "accountSid": ACCOUNT,
            "apiVersion": "2010-04-01",
            "body": "Hello! 👍",
            "dateCreated": "2023-08-24T05:01:45.000Z",
            "dateSent": None,
            "dateUpdated": "2023-08-24T05:01:45.000Z",
            "direction": "outbound-api",
            "errorCode": None,
            "errorMessage": None,
            "from": "+14155552345",
            "numMedia": "0",
            "numSegments": "1",
            "price": None,
            "priceUnit": None,
            "messagingServiceSid": None,
            "sid": SID,
            "status": "queued",
            "subresourceUris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}/Media.json"},
            "to": "+15558675310",
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json",
        }
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("+15551234567", "+15551234567"),
        (" +1 (555) 123-4567 ", "+15551234567"),
        ("+1.555.123.4567", "+15551234567"),
        ("+44\u00a020\u20117946\u20130958", "+442079460958"),
        ("\u200e+15551234567\u200f", "+15551234567"),
        ("5551234567", "5551234567"),
        ("12345", "12345"),
        (12345, "12345"),
        ("ACME Corp", "ACME Corp"),
        ("whatsapp:+15551234567", "whatsapp:+15551234567"),
        ("rcs:brand_agent", "rcs:brand_agent"),
        ("messenger:1234567890", "messenger:1234567890"),
        ("client:joe", "client:joe"),
        ("sip:joe@example.com;transport=tls", "sip:joe@example.com;transport=tls"),
    ],
)
@pytest.mark.parametrize("side", ["to", "from"])
def test_every_form_of_address_that_twilio_takes_is_taken(harness, twilio, side, given, expected):
    twilio.post(URL, json=CREATED, status=201)
    send(harness, **{side: given})
    assert sent(twilio)[side.title()] == [expected]


def test_a_messaging_service_is_a_sender_too(harness, twilio):
    twilio.post(URL, json=CREATED, status=201)
    send(harness, **{"from": f" {SERVICE} "})
    assert sent(twilio) == {"To": ["+15558675310"], "MessagingServiceSid": [SERVICE], "Body": ["Hello!"]}


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "  "}, "to"),
        ({"to": "()-"}, "to"),
        ({"to": "+15551234567, +15557654321"}, "to"),
        ({"to": "+1555\x001234567"}, "to"),
        ({"from": ""}, "from"),
        ({"message": ""}, "message"),
        ({"message": "x" * 1601}, "message"),
        ({"mesage": "x"}, "mesage"),
    ],
)
def test_what_twilio_would_refuse_is_refused_before_anything_is_sent(harness, twilio, inputs, field):
    with pytest.raises(InvalidInput) as raised:
        send(harness, **inputs)
    assert raised.value.field == field
    assert field in str(raised.value)


def test_a_message_of_1600_characters_fits_and_keeps_its_blanks(harness, twilio):
    twilio.post(URL, json=CREATED, status=201)
    text = " é" + "x" * 1596 + "\n "
    send(harness, message=text)
    assert sent(twilio)["Body"] == [text]


def test_a_refusal_says_code_documentation_request_and_what_to_do(harness, twilio):
    body = {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "more_info": "https://www.twilio.com/docs/errors/21610", "status": 400}  # fmt: skip  # noqa: E501
    twilio.post(URL, json=body, status=400, headers={"Twilio-Request-Id": "RQ123"})
    with pytest.raises(Refused) as raised:
        send(harness)
    assert str(raised.value) == (
        "Twilio answered HTTP 400, error 21610: Attempt to send to unsubscribed recipient; "
        "the recipient has opted out: they must send START first; see https://www.twilio.com/docs/errors/21610; request RQ123"
    )
    assert raised.value.to_dict()["requestId"] == "RQ123"


def test_a_subaccount_is_acted_for_with_the_accounts_key(harness_with, twilio):
    sub = "AC" + "5" * 32
    twilio.post(f"https://api.twilio.com/2010-04-01/Accounts/{sub}/Messages.json", json=CREATED, status=201)
    send(harness_with(subaccountSid=sub))


def test_one_message_is_read_by_its_sid(harness, twilio):
    twilio.get(URL.replace(".json", f"/{SID}.json"), json=CREATED)
    assert harness.perform("getSMS", {"sid": f" {SID} "})["data"]["sid"] == SID


@pytest.mark.parametrize("sid", ["", "MG" + "0" * 32, "SM1", SID + "/../x", SID + "0"])
def test_what_is_no_message_sid_is_refused(harness, twilio, sid):
    with pytest.raises(InvalidInput) as raised:
        harness.perform("getSMS", {"sid": sid})
    assert raised.value.field == "sid"


def listed(harness, twilio, **inputs):
    twilio.get(URL, json={"messages": [CREATED, CREATED], "next_page_uri": None})
    found = harness.perform("listMessages", inputs)["data"]
    return found, {k: v[0] for k, v in parse_qs(urlsplit(twilio.calls[0].request.url).query).items()}


def test_a_list_is_bounded_unless_more_is_asked_for(harness, twilio):
    found, query = listed(harness, twilio)
    assert (len(found), query) == (2, {"PageSize": "100"})


def test_filters_are_sent_as_twilio_reads_them(harness, twilio):
    inputs = {"to": "+1 555", "from": "whatsapp:+1555", "dateSent": "2026-03-15", "before": "2026-03-16T01:00:00+01:00"}
    _, query = listed(harness, twilio, **inputs, after="2026-03-14T09:30", limit="7", pageSize="5")
    assert query == {
        "To": "+1555",
        "From": "whatsapp:+1555",
        "DateSent": "2026-03-15T00:00:00Z",
        "DateSent<": "2026-03-16T00:00:00Z",
        "DateSent>": "2026-03-14T09:30:00Z",
        "PageSize": "5",
    }


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"dateSent": "yesterday"}, "dateSent"),
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"pageSize": "1001"}, "pageSize"),
    ],
)
def test_odd_filters_are_refused_by_name(harness, inputs, field):
    with pytest.raises(InvalidInput) as raised:
        harness.perform("listMessages", inputs)
    assert raised.value.field == field


def test_messages_to_choose_from_show_how_they_begin_and_whom_they_went_to(harness, twilio):
    long = CREATED | {"body": "word " * 20}
    twilio.get(URL, json={"messages": [CREATED, long, CREATED | {"body": None}], "next_page_uri": None})
    labels = [choice["label"] for choice in harness.choices("selectMessage")]
    assert labels == ["Hello! 👍 (+15558675310)", f"{('word ' * 20)[:39]}… (+15558675310)", "No text (+15558675310)"]
