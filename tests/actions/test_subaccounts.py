"""A connection with a subaccount: all products but the 2010 API know an account by its own credentials only."""

import pytest
import responses
from twilio_connector.connector.errors import ConnectionFailed

SUB = "AC" + "3c" * 16
API = f"https://api.twilio.com/2010-04-01/Accounts/{SUB}"
SID = "1a2b3c4d" * 4
ELSEWHERE = [
    ("listMessagingServices", {}, "messaging"),
    ("createMessagingService", {"friendlyName": "Reminders"}, "messaging"),
    ("listVerifyServices", {}, "verify"),
    ("listContentTemplates", {}, "content"),
    ("listAlerts", {}, "monitor"),
    ("lookupPhoneNumber", {"phoneNumber": "+15551234567"}, "lookups"),
    ("rawRequest", {"url": "https://messaging.twilio.com/v1/Services", "method": "GET"}, "messaging"),
    ("rawRequest", {"url": "https://Studio.twilio.com/v2/Flows", "method": "GET"}, "studio"),
]


@pytest.fixture
def harness(harness_with):
    return harness_with(subaccountSid=SUB)


@pytest.mark.parametrize(("action", "inputs", "product"), ELSEWHERE)
def test_another_product_is_refused_before_anything_is_sent(harness, action, inputs, product):
    with responses.RequestsMock(), pytest.raises(ConnectionFailed, match=rf"{product}\.twilio\.com acts for") as raised:
        harness.perform(action, inputs)
    assert raised.value.field == "subaccountSid"
    assert "subaccount's own SID and Auth Token" in str(raised.value)


@pytest.mark.parametrize("template", ["http://127.0.0.1:4010/{product}", "https://{product}.example.com"])
def test_another_product_is_refused_wherever_twilio_is(harness_with, template):
    harness = harness_with(subaccountSid=SUB, baseUrl=template)
    for url in ("https://verify.twilio.com/v2/Services", template.format(product="verify") + "/v2/Services"):
        with responses.RequestsMock(), pytest.raises(ConnectionFailed, match="verify"):
            harness.perform("rawRequest", {"url": url, "method": "GET"})


def test_the_2010_api_acts_for_the_subaccount(harness):
    with responses.RequestsMock() as mock:
        mock.get(f"{API}/Balance.json", json={"balance": "1"})
        mock.get(f"{API}/Messages.json", json={"messages": []})
        assert harness.perform("getBalance", {})["data"] == {"balance": "1"}
        inputs = {
            "url": "https://api.twilio.com/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Messages.json",
            "method": "GET",
        }
        assert harness.perform("rawRequest", inputs)["data"] == {"messages": []}


def test_a_message_of_the_subaccount_may_go_out_by_its_messaging_service(harness):
    with responses.RequestsMock() as mock:
        mock.post(f"{API}/Messages.json", json={"sid": "SM1"}, status=201)
        inputs = {"to": "+15551234567", "messagingServiceSid": f"MG{SID}", "body": "Hi"}
        assert harness.perform("sendMessage", inputs)["data"]["sid"] == "SM1"


def test_a_key_of_the_subaccount_itself_reaches_all_products(harness_with):
    with responses.RequestsMock() as mock:
        mock.get("https://verify.twilio.com/v2/Services", json={"services": [], "meta": {"key": "services"}})
        for fields in ({"accountSid": SUB}, {"accountSid": SUB, "subaccountSid": SUB}):
            assert harness_with(**fields).perform("listVerifyServices", {})["data"] == []


def test_choices_of_another_product_are_refused_too(harness):
    with responses.RequestsMock(), pytest.raises(ConnectionFailed, match="messaging"):
        harness.choices("selectMessagingService")
