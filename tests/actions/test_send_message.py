import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
SERVICE = "MG" + "0f" * 16
TEMPLATE = "HX" + "0a" * 16
APPLICATION = "AP" + "0b" * 16
TO, FROM = "+15558675310", "+14155552345"
CREATED = {"sid": "SM" + "1" * 32, "status": "queued", "date_created": "Thu, 24 Aug 2023 05:01:45 +0000"}

ACTION, CONTEXT = load("twilio_connector").actions["sendMessage"], ActionContext()


def perform(harness, inputs, action="sendMessage"):
    return harness.perform(action, {"to": TO, "from": FROM, "body": "Hi"} | inputs)["data"]


def sent(harness, twilio, inputs, action="sendMessage"):
    """The form that leaves, by name; what is there once, plain."""
    twilio.post(URL, json=CREATED, status=201)
    perform(harness, inputs, action)
    form = parse_qs(twilio.calls[-1].request.body.decode(), keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in form.items()}


def refused(harness, inputs, action="sendMessage"):
    with pytest.raises(InvalidInput) as raised:
        perform(harness, inputs, action)
    assert raised.value.field
    assert raised.value.field in str(raised.value)
    return raised.value.field


def test_the_message_comes_back_as_the_platform_has_it(harness, twilio):
    twilio.post(URL, json=CREATED, status=201)
    assert perform(harness, {}) == {
        "sid": "SM" + "1" * 32,
        "status": "queued",
        "dateCreated": "2023-08-24T05:01:45.000Z",
    }


def test_all_that_create_message_knows_is_sent_by_twilios_names(harness, twilio):
    inputs = {
        "messagingServiceSid": SERVICE,
        "mediaUrl": ["https://example.com/a.jpg", " https://example.com/b.jpg "],
        "contentSid": TEMPLATE,
        "contentVariables": {"1": "Ada", "2": 1042},
        "sendAt": "2026-11-22T10:00:00+01:00",
        "statusCallback": "https://example.com/status",
        "applicationSid": APPLICATION,
        "maxPrice": "0.0500",
        "provideFeedback": "true",
        "attempt": "2",
        "validityPeriod": "36000",
        "smartEncoded": "false",
        "shortenUrls": True,
        "sendAsMms": "false",
        "persistentAction": ["geo:1,2|Here"],
        "contentRetention": "discard",
        "addressRetention": "obfuscate",
        "riskCheck": "disable",
        "fallbackFrom": "+1 415 555 0000",
        "additionalParameters": [{"key": "Tags", "value": '{"campaign": "x"}'}],
    }
    assert sent(harness, twilio, inputs) == {
        "To": TO,
        "From": FROM,
        "Body": "Hi",
        "MessagingServiceSid": SERVICE,
        "MediaUrl": ["https://example.com/a.jpg", "https://example.com/b.jpg"],
        "ContentSid": TEMPLATE,
        "ContentVariables": '{"1": "Ada", "2": "1042"}',
        "SendAt": "2026-11-22T09:00:00Z",
        "ScheduleType": "fixed",
        "StatusCallback": "https://example.com/status",
        "ApplicationSid": APPLICATION,
        "MaxPrice": "0.0500",
        "ProvideFeedback": "true",
        "Attempt": "2",
        "ValidityPeriod": "36000",
        "SmartEncoded": "false",
        "ShortenUrls": "true",
        "SendAsMms": "false",
        "PersistentAction": "geo:1,2|Here",
        "ContentRetention": "discard",
        "AddressRetention": "obfuscate",
        "RiskCheck": "disable",
        "FallbackFrom": "+14155550000",
        "Tags": '{"campaign": "x"}',
    }


@pytest.mark.parametrize(
    "value", ["12345", "ACME Corp", "whatsapp:+15551234567", "rcs:brand_agent", "client:joe", "sip:a@b.example"]
)
@pytest.mark.parametrize("side", ["to", "from"])
def test_every_form_of_address_is_taken(harness, twilio, side, value):
    other = {"from" if side == "to" else "to": "whatsapp:" + FROM} if value.startswith("whatsapp:") else {}
    assert sent(harness, twilio, {side: value} | other)[side.title()] == value


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"from": "whatsapp:" + FROM}, "from"),
        ({"to": "whatsapp:" + TO}, "to"),
        ({"to": "WhatsApp: " + TO, "from": "ACME"}, "to"),
        ({"from": "", "additionalParameters": [{"key": "From", "value": "whatsapp:" + FROM}]}, "from"),
    ],
)
def test_whatsapp_on_one_side_only_is_refused_before_it_is_sent(harness, inputs, field):
    assert refused(harness, inputs) == field


@pytest.mark.parametrize(
    "inputs",
    [
        {"to": "whatsapp:" + TO, "from": "", "messagingServiceSid": SERVICE},
        {"to": "whatsapp:" + TO, "from": SERVICE},
        {"to": "whatsapp:" + TO, "from": "rcs:brand"},
        {"to": "messenger:123", "from": "whatsapp:" + FROM},
    ],
)
def test_which_channels_go_together_else_is_left_to_twilio(harness, twilio, inputs):
    assert sent(harness, twilio, inputs)["To"] == inputs["to"]


def test_a_messaging_service_given_as_the_sender_is_recognised(harness, twilio):
    form = sent(harness, twilio, {"from": SERVICE, "sendAt": "2026-11-22T09:00:00Z"})
    assert (form["MessagingServiceSid"], form["ScheduleType"], form.get("From")) == (SERVICE, "fixed", None)


def test_a_service_alone_is_a_sender(harness, twilio):
    assert "From" not in sent(harness, twilio, {"from": "", "messagingServiceSid": SERVICE})


@pytest.mark.parametrize("content", [{"mediaUrl": "https://example.com/a.jpg"}, {"contentSid": TEMPLATE}])
def test_media_or_a_template_alone_is_a_message(harness, twilio, content):
    assert "Body" not in sent(harness, twilio, {"body": "", **content})


def test_what_additional_parameters_give_counts_as_given(harness, twilio):
    form = sent(harness, twilio, {"body": "", "additionalParameters": {"Body": "from there"}})
    assert form["Body"] == "from there"


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"from": ""}, "from"),
        ({"from": SERVICE, "messagingServiceSid": SERVICE}, "from"),
        ({"body": ""}, "body"),
        ({"body": "x" * 1601}, "body"),
        ({"body": "half \ud83d a character"}, "body"),
        ({"to": ""}, "to"),
        ({"to": "+15551234567,+15557654321"}, "to"),
        ({"messagingServiceSid": "MG1"}, "messagingServiceSid"),
        ({"mediaUrl": ["https://example.com/a.jpg"] * 11}, "mediaUrl"),
        ({"mediaUrl": "ftp://example.com/a.jpg"}, "mediaUrl"),
        ({"mediaUrl": ["https://example.com/a.jpg", "a.jpg"]}, "mediaUrl"),
        ({"contentSid": "HX1"}, "contentSid"),
        ({"contentVariables": {"1": "Ada"}}, "contentVariables"),
        ({"contentSid": TEMPLATE, "contentVariables": "{"}, "contentVariables"),
        ({"contentSid": TEMPLATE, "contentVariables": "[1]"}, "contentVariables"),
        ({"contentSid": TEMPLATE, "contentVariables": {"1": {"2": "x"}}}, "contentVariables"),
        ({"contentSid": TEMPLATE, "contentVariables": {"1": None}}, "contentVariables"),
        ({"sendAt": "2026-11-22T09:00:00Z"}, "sendAt"),
        ({"sendAt": "soon", "messagingServiceSid": SERVICE}, "sendAt"),
        ({"shortenUrls": "true"}, "shortenUrls"),
        ({"fallbackFrom": FROM}, "fallbackFrom"),
        ({"statusCallback": "example.com/status"}, "statusCallback"),
        ({"statusCallback": "https://exa mple.com"}, "statusCallback"),
        ({"applicationSid": "AP"}, "applicationSid"),
        ({"maxPrice": "-1"}, "maxPrice"),
        ({"maxPrice": "0.00001"}, "maxPrice"),
        ({"maxPrice": "NaN"}, "maxPrice"),
        ({"attempt": "0"}, "attempt"),
        ({"attempt": "1.5"}, "attempt"),
        ({"validityPeriod": "0"}, "validityPeriod"),
        ({"validityPeriod": "36001"}, "validityPeriod"),
        ({"contentRetention": "keep"}, "contentRetention"),
        ({"addressRetention": "keep"}, "addressRetention"),
        ({"riskCheck": "on"}, "riskCheck"),
        ({"smartEncoded": "perhaps"}, "smartEncoded"),
        ({"dryRun": "perhaps"}, "dryRun"),
        ({"bodi": "x"}, "bodi"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_the_name_of_its_input(harness, inputs, field):
    assert refused(harness, inputs) == field


def test_shorten_urls_that_is_off_needs_no_service(harness, twilio):
    assert sent(harness, twilio, {"shortenUrls": "false"})["ShortenUrls"] == "false"


@pytest.mark.parametrize(
    "moment", ["2026-11-21T00:05:00Z", "2026-12-26T00:00:00Z", "2026-11-21T01:05:00+01:00", "2026-12-01"]
)
def test_a_schedule_within_the_window_is_sent(harness, twilio, moment):
    assert sent(harness, twilio, {"messagingServiceSid": SERVICE, "sendAt": moment})["ScheduleType"] == "fixed"


@pytest.mark.parametrize("moment", ["2026-11-21T00:04:59Z", "2026-12-26T00:00:01Z", "2026-11-20T00:00:00Z"])
@pytest.mark.parametrize("dry", ["true", "false"])
def test_a_schedule_outside_the_window_is_refused(harness, moment, dry):
    assert refused(harness, {"messagingServiceSid": SERVICE, "sendAt": moment, "dryRun": dry}) == "sendAt"


# Dry runs


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(harness, twilio):
    found = perform(harness, {"body": "It’s ready", "mediaUrl": "", "dryRun": "true", "provideFeedback": "true"})
    assert found == {
        "dryRun": True,
        "parameters": {"To": TO, "From": FROM, "Body": "It’s ready", "ProvideFeedback": "true"},
        "text": "It’s ready",
        "sms": {
            "encoding": "UCS-2",
            "segments": 1,
            "characters": 10,
            "units": 10,
            "culprit": {
                "character": "’",
                "name": "RIGHT SINGLE QUOTATION MARK",
                "code": "U+2019",
                "position": 3,
            },
        },
    }
    assert len(twilio.calls) == 0


def test_a_dry_run_encodes_smartly_when_twilio_would(harness):
    found = perform(harness, {"body": "It’s ready", "dryRun": "true", "smartEncoded": "true"})
    assert (found["text"], found["parameters"]["Body"]) == ("It's ready", "It’s ready")
    assert found["sms"] == {"encoding": "GSM-7", "segments": 1, "characters": 10, "units": 10, "culprit": None}


@pytest.mark.parametrize(
    "inputs",
    [
        {"mediaUrl": ["https://example.com/a.jpg", "https://example.com/b.jpg"]},
        {"sendAsMms": "true"},
        {"contentSid": TEMPLATE},
        {"to": "whatsapp:" + TO, "from": "whatsapp:" + FROM},
        {"from": "rcs:brand"},
    ],
)
def test_what_is_no_sms_has_no_segments(harness, inputs):
    assert perform(harness, {**inputs, "dryRun": "true"})["sms"] is None


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1600).filter(str.strip))
def test_every_text_can_be_tried(text):
    connection = {"key": "basic", "fields": {"username": ACCOUNT, "password": "x"}}
    values = {"twilioConnection": connection, "to": TO, "from": FROM, "body": text, "dryRun": "true"}
    found = ACTION.perform(CONTEXT, values).data
    assert found["parameters"]["Body"] == text
    assert json.loads(json.dumps(found)) == found


# WhatsApp


@pytest.mark.parametrize("given", ["+1 555 867 5310", "whatsapp:+15558675310", "WhatsApp: +1 (555) 867-5310"])
def test_whatsapp_is_put_before_plain_numbers(harness, twilio, given):
    form = sent(harness, twilio, {"to": given}, "sendWhatsApp")
    assert (form["To"], form["From"]) == ("whatsapp:+15558675310", "whatsapp:" + FROM)


def test_a_service_sends_on_whatsapp_too(harness, twilio):
    assert sent(harness, twilio, {"from": SERVICE}, "sendWhatsApp")["MessagingServiceSid"] == SERVICE


def test_a_template_needs_no_text(harness, twilio):
    inputs = {"body": "", "contentSid": TEMPLATE, "contentVariables": '{"1": true}'}
    form = sent(harness, twilio, inputs, "sendWhatsApp")
    assert (form["ContentSid"], form["ContentVariables"]) == (TEMPLATE, '{"1": "true"}')


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"to": "sms:+15558675310"}, "to"),
        ({"to": "whatsapp:"}, "to"),
        ({"from": "rcs:brand"}, "from"),
        ({"from": ""}, "from"),
        ({"body": ""}, "body"),
        ({"contentVariables": "{}"}, "contentVariables"),
        ({"smartEncoded": "true"}, "smartEncoded"),
    ],
)
def test_what_whatsapp_cannot_send_is_refused(harness, inputs, field):
    assert refused(harness, inputs, "sendWhatsApp") == field


def test_a_dry_run_shows_whatsapp_addresses(harness):
    found = perform(harness, {"dryRun": "true"}, "sendWhatsApp")
    assert (found["parameters"]["To"], found["sms"]) == ("whatsapp:" + TO, None)


@pytest.mark.parametrize("inputs", [{"body": "Hi"}, {"mediaUrl": ["https://example.com/a.jpg"]}])
def test_a_parameter_that_an_input_gives_already_is_not_sent_twice(harness, twilio, inputs):
    again = {"key": "Body" if "body" in inputs else "MediaUrl", "value": "https://example.com/other"}
    assert refused(harness, inputs | {"additionalParameters": [again]}) == "additionalParameters"
    assert not twilio.calls


@pytest.mark.parametrize(
    ("action", "field"), [("sendMessage", "body"), ("sendWhatsApp", "body"), ("sendSMS", "message")]
)
def test_a_blank_text_is_not_sent(harness, twilio, action, field):
    with pytest.raises(InvalidInput, match=f"{field}: is blank"):
        harness.perform(action, {"to": TO, "from": FROM, field: " \n"})
    assert not twilio.calls
