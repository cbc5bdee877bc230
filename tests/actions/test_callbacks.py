"""Another flow of the instance as the status callback, by its name."""

from dataclasses import replace

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.testing import Harness

HANDSET = "+15551234567"
STATUS = "https://hooks.example.com/trigger/status"


@pytest.fixture
def in_instance(local, sandbox):
    """Perform an action in an instance whose flows have these addresses."""

    def perform(action, urls=None, **inputs):
        urls = {"Delivery Status": STATUS, "Answer": "https://hooks.example.com/trigger/a"} if urls is None else urls
        harness = Harness(
            local.component, connection=local.connection, context=replace(local.context, webhook_urls=urls)
        )
        return harness.perform(action, {"from": sandbox.number, "statusCallbackFlow": "Delivery Status"} | inputs)

    return perform


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        ("sendMessage", {"to": HANDSET, "body": "Hi"}),
        ("sendWhatsApp", {"to": HANDSET, "body": "Hi"}),
        ("sendBulk", {"recipients": f'[{{"to": "{HANDSET}"}}]', "body": "Hi"}),
    ],
)
def test_a_message_reports_to_the_flow(in_instance, sandbox, action, inputs):
    in_instance(action, **inputs)
    (message,) = sandbox.state.messages()
    assert message.status_callback == STATUS


def test_a_call_reports_to_the_flow(in_instance, sandbox):
    in_instance("createCall", to=HANDSET, twiml="<Response/>", statusCallbackEvent=["answered", "completed"])
    (call,) = sandbox.state.calls.newest()
    assert call.form["StatusCallback"] == (STATUS,)
    assert call.form["StatusCallbackEvent"] == ("answered", "completed")


def test_a_dry_run_shows_the_address(in_instance):
    shown = in_instance("sendMessage", to=HANDSET, body="Hi", dryRun="true")["data"]
    assert shown["parameters"]["StatusCallback"] == STATUS


@pytest.mark.parametrize(
    ("urls", "says"),
    [
        ({"Answer": STATUS}, "no flow 'Delivery Status' with a webhook; there are 'Answer'"),
        ({}, "there are none"),
        ({"Delivery Status": "/trigger/x"}, "tell the host its public URL"),
    ],
)
@pytest.mark.parametrize("action", ["sendMessage", "createCall"])
def test_a_flow_that_cannot_be_told_is_named_and_nothing_is_sent(in_instance, sandbox, action, urls, says):
    inputs = {"body": "Hi"} if action == "sendMessage" else {"twiml": "<Response/>"}
    with pytest.raises(InvalidInput, match=says) as caught:
        in_instance(action, urls, to=HANDSET, **inputs)
    assert caught.value.field == "statusCallbackFlow"
    assert not sandbox.state.messages()
    assert not sandbox.state.calls.newest()


def test_a_flow_and_an_address_together_are_one_too_many(in_instance):
    with pytest.raises(InvalidInput, match="give only one of statusCallback, statusCallbackFlow"):
        in_instance("sendMessage", to=HANDSET, body="Hi", statusCallback="https://example.com/status")


def test_a_form_can_offer_the_flows(local):
    inputs = local.component.manifest()["actions"]["sendMessage"]["inputs"]
    (found,) = [item for item in inputs if item["key"] == "statusCallbackFlow"]
    assert found["type"] == "flow"
