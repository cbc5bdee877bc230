"""Messages from every channel, read as what they mean."""

import json

import pytest

from .conftest import MM, TEXT, body, form, passed

MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/{MM}/Media/ME" + "a" * 32


def message(**said):
    return body("inboundMessage", TEXT | said)


def test_the_document_is_the_one_of_the_seeds_page():
    """A text from (555)867-5309 to (805)716-6646."""
    assert message()["document"] == {"From": "+15558675309", "To": "+18057166646", "Body": "Hello! How are you?"}


def test_an_sms():
    place = {"FromCity": "SAN FRANCISCO", "FromState": "CA", "FromZip": "94105", "FromCountry": "US", "ToCountry": "US"}
    found = message(NumSegments="2", MessagingServiceSid="MG" + "1" * 32, **place)
    assert (found["messageSid"], found["channel"], found["from"], found["to"]) == (
        MM,
        "sms",
        *(TEXT["From"], TEXT["To"]),
    )
    assert (found["numSegments"], found["numMedia"], found["media"]) == (2, 0, [])
    assert found["geography"]["from"] == {"city": "SAN FRANCISCO", "state": "CA", "zip": "94105", "country": "US"}
    assert found["geography"]["to"] == {"city": None, "state": None, "zip": None, "country": "US"}
    assert found["messagingServiceSid"] == "MG" + "1" * 32


def test_every_attachment_of_an_mms():
    said = {"NumMedia": "2", "MediaUrl0": MEDIA, "MediaContentType0": "image/jpeg", "MediaUrl1": "https://a.example/b"}
    assert message(**said)["media"] == [
        {"url": MEDIA, "contentType": "image/jpeg", "sid": "ME" + "a" * 32},
        {"url": "https://a.example/b", "contentType": None, "sid": None},
    ]


def test_a_count_of_media_that_nobody_sends_is_not_counted_to():
    assert message(NumMedia="999999999999", MediaUrl0=MEDIA)["media"][0]["url"] == MEDIA


@pytest.mark.parametrize(
    ("address", "channel", "plain"),
    [
        ("whatsapp:+14155238886", "whatsapp", "+14155238886"),
        ("rcs:brand_agent", "rcs", "brand_agent"),
        ("messenger:108101", "messenger", "108101"),
        ("72975", "sms", "72975"),
        ("ACME 24", "sms", "ACME 24"),
    ],
)
def test_addresses_lose_their_channel_and_the_document_too(address, channel, plain):
    found = message(From=address)
    assert (found["channel"], found["from"], found["document"]["From"]) == (channel, plain, plain)
    assert found["parameters"]["From"] == address


def test_what_whatsapp_adds():
    said = {"ProfileName": "Ada", "WaId": "15558675309", "Forwarded": "true", "FrequentlyForwarded": "false"}
    said |= {"ButtonPayload": "yes-1", "ButtonText": "Yes", "ButtonType": "REPLY", "MessageType": "button"}
    said |= {"Latitude": "37.7749", "Longitude": "-122.4194", "Label": "Here", "OriginalRepliedMessageSid": "SM1"}
    found = message(**said)
    assert (found["profileName"], found["waId"], found["messageType"]) == ("Ada", "15558675309", "button")
    assert (found["forwarded"], found["frequentlyForwarded"]) == (True, False)
    assert found["button"] == {"payload": "yes-1", "text": "Yes", "type": "REPLY"}
    assert found["location"] == {"latitude": 37.7749, "longitude": -122.4194, "address": None, "label": "Here"}
    assert found["repliedTo"] == {"messageSid": "SM1", "sender": None}


def test_an_advertisement_that_was_clicked():
    found = message(ReferralHeadline="Shoes", ReferralSourceType="ad", ReferralCtwaClid="c-1")["referral"]
    assert (found["headline"], found["sourceType"], found["ctwaClid"], found["body"]) == ("Shoes", "ad", "c-1", None)


def test_json_in_a_parameter_is_parsed():
    said = {name: json.dumps({"type": name}) for name in ("InteractiveData", "FlowData", "ChannelMetadata", "AddOns")}
    found = message(**said)
    assert found["interactiveData"] == {"type": "InteractiveData"}
    assert (found["flowData"], found["channelMetadata"]) == ({"type": "FlowData"}, {"type": "ChannelMetadata"})
    assert found["addOns"] == {"type": "AddOns"}


def test_what_is_malformed_or_repeats_is_null_and_kept_as_it_came():
    said = {"NumSegments": "two", "Latitude": "north", "InteractiveData": "{oops", "ProfileName": ["Ada", "Eve"]}
    found = message(**said)
    assert (found["numSegments"], found["location"], found["interactiveData"], found["profileName"]) == (None,) * 4
    assert {name: found["parameters"][name] for name in said} == said


def test_what_is_not_there_is_null():
    found = message()
    assert {found[key] for key in ("button", "location", "referral", "repliedTo", "forwarded", "flowData")} == {None}


def test_a_blank_text_is_a_text():
    assert message(Body="")["document"]["Body"] == ""
    assert message(Body="  hi ")["body"] == "  hi "


def test_a_message_comes_once_though_its_retry_says_more():
    assert len(passed("inboundMessage", [form(TEXT), form(TEXT | {"NewIn2027": "x"})])) == 1
