"""Actions tried by the pages on the local Twilio."""

import pytest
import requests
from twilio_connector.sandbox.server import Sandbox

from .test_components import shown, submit

UNIT = "/components/twilio/actions/{}"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def account(sandbox, web_host):
    fields = {
        "accountSid": sandbox.account_sid,
        "apiKey": sandbox.api_key,
        "apiSecret": sandbox.api_secret,
        "baseUrl": sandbox.base_url,
    }
    return web_host.connections.add(name="Local", component="twilio", key="apiKeySecret", fields=fields)


@pytest.fixture
def service(sandbox):
    """The address of a messaging service that texts come in for."""
    address = sandbox.base_url.format(product="messaging") + "/v1/Services"
    made = call(sandbox, "POST", address, FriendlyName="Reminders", UseInboundWebhookOnNumber="true")
    return f"{address}/{made['sid']}"


def call(sandbox, method, address, **data):
    answer = requests.request(method, address, data=data, auth=(sandbox.api_key, sandbox.api_secret), timeout=10)
    answer.raise_for_status()
    return answer.json()


def test_what_is_left_empty_changes_nothing(client, sandbox, account, service):
    before = call(sandbox, "GET", service)
    given = {"twilioConnection": account.id, "sid": before["sid"], "friendlyName": "Renamed", "_confirmed": "true"}
    assert "Renamed" in shown(client, submit(client, UNIT.format("updateMessagingService"), **given))
    after = call(sandbox, "GET", service)
    changed = {key for key in before if before[key] != after[key]} - {"date_updated"}
    assert (changed, after["friendly_name"]) == ({"friendly_name"}, "Renamed")


def test_a_switch_is_switched_off_on_purpose(client, sandbox, account, service):
    sid = service.rpartition("/")[2]
    given = {"twilioConnection": account.id, "sid": sid, "useInboundWebhookOnNumber": "false", "_confirmed": "true"}
    shown(client, submit(client, UNIT.format("updateMessagingService"), **given))
    assert call(sandbox, "GET", service)["use_inbound_webhook_on_number"] is False


def test_numbers_are_found_whatever_they_can_do_where_it_is_not_said(client, account):
    given = {"twilioConnection": account.id, "countryCode": "US"}
    page = shown(client, submit(client, UNIT.format("searchAvailableNumbers"), **given))
    assert '"phoneNumber"' in page.partition("Try it again")[0].replace("&#34;", '"')
