"""The component against the local Twilio, which shares no code with it: it signs with the official SDK."""

import pytest
from pytest_httpserver import HTTPServer
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, OutcomeUnknown, Refused, TryLater, WebhookRejected
from twilio_connector.connector.http import Transport
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.connector.testing import Harness
from twilio_connector.sandbox.server import Sandbox

HANDSET = "+15551234567"


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.state.reset()
    return running


@pytest.fixture
def connection(sandbox):
    return {
        "key": "apiKeySecret",
        "fields": {
            "accountSid": sandbox.account_sid,
            "apiKey": sandbox.api_key,
            "apiSecret": sandbox.api_secret,
            "authToken": sandbox.auth_token,
            "baseUrl": sandbox.base_url,
        },
    }


@pytest.fixture
def harness(connection):
    transport = Transport()
    context = ActionContext(sleep=lambda seconds: None, transport=transport)
    yield Harness(load("twilio_connector"), connection=connection, context=context)
    transport.close()


def send(harness, sandbox, text="Hi"):
    return harness.perform("sendSMS", {"to": HANDSET, "from": sandbox.number, "message": text})["data"]


def stored(sandbox):
    return [message.body for message in sandbox.state.messages()]


def test_a_connection_reaches_it_and_a_wrong_secret_is_named(harness, connection):
    assert "verifies webhooks" in harness.test_connection()
    wrong = {**connection, "fields": connection["fields"] | {"apiSecret": "wrong"}}
    with pytest.raises(ConnectionFailed) as raised:
        Harness(harness.component, connection=wrong, context=harness.context).test_connection()
    assert raised.value.field == "apiSecret"


def test_what_is_sent_is_read_back_and_listed_over_several_pages(harness, sandbox):
    sids = [send(harness, sandbox, f"text {number}")["sid"] for number in range(7)]
    assert harness.perform("getSMS", {"sid": sids[0]})["data"]["body"] == "text 0"
    listed = harness.perform("listMessages", {"pageSize": "2", "to": HANDSET})["data"]
    assert [message["sid"] for message in listed] == sids[::-1]
    assert [choice["key"] for choice in harness.choices("selectMessage")] == sids[::-1]


def test_a_raw_request_at_twilios_own_address_is_taken_there(harness, sandbox):
    url = "https://api.twilio.com/2010-04-01/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
    data = {"To": HANDSET, "From": sandbox.number, "Body": "raw & ready"}
    assert harness.perform("rawRequest", {"url": url, "method": "POST", "data": data})["data"]["body"] == "raw & ready"


def test_what_twilio_refuses_is_refused_with_its_code(harness):
    with pytest.raises(Refused) as raised:
        harness.perform("sendSMS", {"to": HANDSET, "from": "+15005550001", "message": "x"})
    assert raised.value.code == 21212


def test_a_limit_is_waited_out_and_the_text_is_sent_once(harness, sandbox):
    sandbox.state.faults.add("status", method="POST", path="*/Messages*", status=429, retry_after=1, times=2)
    send(harness, sandbox)
    assert stored(sandbox) == ["Hi"]


@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "status"])
def test_after_a_broken_connection_there_is_exactly_one_message(harness, sandbox, fault):
    sandbox.state.faults.add(fault, method="POST", path="*/Messages*", times=2)
    assert send(harness, sandbox)["body"] == "Hi"
    assert stored(sandbox) == ["Hi"]


@pytest.mark.parametrize("fault", ["drop-after", "drop-before"])
def test_after_a_broken_connection_nobody_is_called_twice(harness, sandbox, fault):
    sandbox.state.faults.add(fault, method="POST", path="*/Calls*")
    values = {"to": HANDSET, "from": sandbox.number, "twiml": "<Response><Hangup/></Response>"}
    sids = [harness.perform("createCall", values)["data"]["sid"] for _ in range(2)]
    listed = [call["sid"] for call in harness.perform("listCalls")["data"]]
    assert sorted(listed) == sorted(sids)


def test_where_it_cannot_be_looked_for_the_outcome_is_unknown(harness, sandbox):
    sandbox.state.faults.add("drop-after", method="POST", path="*/Messages*")
    sandbox.state.faults.add("status", method="GET", path="*/Messages*", times=None)
    with pytest.raises(OutcomeUnknown, match="looking for it failed"):
        send(harness, sandbox)
    assert stored(sandbox) == ["Hi"]


def test_a_list_survives_broken_pages_without_losing_or_doubling(harness, sandbox):
    sids = [send(harness, sandbox, f"text {number}")["sid"] for number in range(5)]
    sandbox.state.faults.add("drop-after", method="GET", path="*/Messages*", times=2)
    sandbox.state.faults.add("status", method="GET", path="*/Messages*", status=503, times=1)
    listed = harness.perform("listMessages", {"pageSize": "2"})["data"]
    assert [message["sid"] for message in listed] == sids[::-1]


def test_a_server_that_stays_away_is_to_be_tried_later(harness, sandbox):
    sandbox.state.faults.add("status", method="GET", path="*/Messages*", status=503, times=None)
    with pytest.raises(TryLater):
        harness.perform("listMessages")


def test_the_official_sdk_of_the_connection_sees_the_same(harness, sandbox, connection):
    send(harness, sandbox, "for the SDK")
    client = harness.component.connect(connection).sdk()
    assert [message.body for message in client.messages.list()] == ["for the SDK"]
    client.http_client.session.close()


def test_a_text_that_the_local_twilio_signed_with_the_sdk_is_accepted_and_a_changed_one_is_not(
    harness, sandbox, connection
):
    with HTTPServer() as receiver:
        receiver.expect_request("/hook").respond_with_data("<Response/>", content_type="text/xml")
        url = receiver.url_for("/hook")
        sandbox.state.change_number(sandbox.state.number(sandbox.number).sid, sms_url=url)
        sandbox.state.receive(HANDSET, sandbox.number, "Grüße & 1+1=2 👍")
        sandbox.state.wait_for(lambda: receiver.log)
        came = receiver.log[0][0]
    request = WebhookRequest(url=url, headers=tuple(came.headers.items()), body=came.get_data())
    trigger = harness.component.triggers["webhook"]
    result = trigger.receive(ActionContext(), request, {"twilioConnection": connection})
    assert result.payload.body["Body"] == "Grüße & 1+1=2 👍"
    assert len(result.dedupe) == 3
    changed = WebhookRequest(url=url, headers=request.headers, body=request.body + b"&x=1")
    with pytest.raises(WebhookRejected):
        trigger.receive(ActionContext(), changed, {"twilioConnection": connection})
