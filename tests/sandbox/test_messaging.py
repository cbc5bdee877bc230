"""Messaging services: made and changed, their pools, what they choose and whom they tell."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import Receiver, refused


def made(sdk: Client, twilio: Sandbox, **fields: Any) -> Any:
    """A service with the first number in its pool."""
    service = sdk.messaging.v1.services.create(friendly_name="Shop", **fields)
    number = sdk.incoming_phone_numbers.list(phone_number=twilio.number)[0]
    service.phone_numbers.create(phone_number_sid=number.sid)
    return service


def test_a_service_is_made_changed_and_deleted(sdk: Client) -> None:
    services = sdk.messaging.v1.services
    service = services.create(friendly_name="Shop", sticky_sender=False, validity_period=600)
    assert (service.sticky_sender, service.validity_period, service.inbound_request_url) == (False, 600, None)
    changed = services(service.sid).update(inbound_request_url="https://e.example/in", usecase="marketing")
    assert (changed.inbound_request_url, changed.usecase, changed.friendly_name) == (
        "https://e.example/in",
        "marketing",
        "Shop",
    )
    assert services(service.sid).fetch().sticky_sender is False
    assert services(service.sid).delete() is True
    with refused(20404):
        services(service.sid).fetch()


@pytest.mark.parametrize(
    "fields",
    [
        {"friendly_name": ""},
        {"friendly_name": "x", "fallback_url": "nowhere"},
        {"friendly_name": "x", "scan_message_content": "maybe"},
        {"friendly_name": "x", "inbound_method": "PUT"},
    ],
)
def test_refuses_a_bad_field(sdk: Client, fields: dict[str, Any]) -> None:
    with refused(20001):
        sdk.messaging.v1.services.create(**fields)


def test_services_come_a_page_at_a_time_by_absolute_addresses(sdk: Client, twilio: Sandbox) -> None:
    sids = [sdk.messaging.v1.services.create(friendly_name=str(n)).sid for n in range(5)]
    listed = [it.sid for it in sdk.messaging.v1.services.list(page_size=2)]
    assert listed == [*sids[::-1], twilio.messaging_service]


def test_a_pool_holds_numbers_codes_and_names(sdk: Client, twilio: Sandbox) -> None:
    pool = sdk.messaging.v1.services(twilio.messaging_service)
    (number,), (code,) = pool.phone_numbers.list(), pool.short_codes.list()
    assert (number.phone_number, number.country_code) == ("+447700900123", "GB")
    assert (code.short_code, code.country_code) == ("72975", "US")
    name = pool.alpha_senders.create(alpha_sender="ACME")
    assert (name.alpha_sender, name.capabilities) == ("ACME", ["SMS"])
    assert pool.alpha_senders(name.sid).fetch().service_sid == twilio.messaging_service
    assert pool.alpha_senders(name.sid).delete() is True
    assert pool.alpha_senders.list() == []
    with refused(21212):
        pool.alpha_senders.create(alpha_sender="much too long a name")


def test_a_number_is_in_one_pool_only(sdk: Client, twilio: Sandbox) -> None:
    service = made(sdk, twilio)
    number = service.phone_numbers.list()[0]
    with refused(21710):
        service.phone_numbers.create(phone_number_sid=number.sid)
    other = sdk.messaging.v1.services.create(friendly_name="Other")
    with refused(21712):
        other.phone_numbers.create(phone_number_sid=number.sid)
    assert service.phone_numbers(number.sid).delete() is True
    assert other.phone_numbers.create(phone_number_sid=number.sid).sid == number.sid
    with refused(21421):
        other.phone_numbers.create(phone_number_sid="PN" + "0" * 32)
    with refused(20404):
        service.phone_numbers(number.sid).fetch()


def test_a_service_chooses_its_sender_when_it_sends(sdk: Client, twilio: Sandbox) -> None:
    service = made(sdk, twilio)
    message = sdk.messages.create(to=twilio.handset, messaging_service_sid=service.sid, body="x")
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    twilio.state.wait_for(lambda: sdk.messages(message.sid).fetch().from_ == twilio.number)


def test_a_sender_of_the_recipients_country_is_chosen_and_kept(sdk: Client, twilio: Sandbox) -> None:
    service = made(sdk, twilio)
    british = sdk.incoming_phone_numbers.create(phone_number="+447700900201")
    send = {"to": "+447700900456", "messaging_service_sid": service.sid, "body": "x"}
    first = sdk.messages.create(**send).sid
    twilio.state.wait_for(lambda: sdk.messages(first).fetch().from_ == twilio.number)
    service.phone_numbers.create(phone_number_sid=british.sid)
    again = sdk.messages.create(**send).sid
    twilio.state.wait_for(lambda: sdk.messages(again).fetch().from_ == twilio.number)
    new = sdk.messages.create(**send | {"to": "+447700900457"}).sid
    twilio.state.wait_for(lambda: sdk.messages(new).fetch().from_ == "+447700900201")


def test_an_empty_pool_and_an_unknown_service_are_refused(sdk: Client, twilio: Sandbox) -> None:
    empty = sdk.messaging.v1.services.create(friendly_name="Empty")
    with refused(21703):
        sdk.messages.create(to=twilio.handset, messaging_service_sid=empty.sid, body="x")
    with refused(21701):
        sdk.messages.create(to=twilio.handset, messaging_service_sid="MG" + "0" * 32, body="x")


def test_a_service_hears_of_what_comes_in_and_of_what_goes_out(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver)
    service = made(sdk, twilio, inbound_request_url=receiver.url, status_callback=receiver.url)
    twilio.state.receive(twilio.handset, twilio.number, "in")
    twilio.state.wait_for(lambda: receiver.forms)
    assert (receiver.forms[0]["Body"], receiver.forms[0]["MessagingServiceSid"]) == ("in", service.sid)
    sid = sdk.messages.create(to=twilio.handset, messaging_service_sid=service.sid, body="out").sid
    twilio.state.wait_for(lambda: receiver.forms[-1].get("MessageStatus") == "delivered")
    assert receiver.forms[-1]["MessageSid"] == sid


def test_a_service_may_leave_what_comes_in_to_the_number(sdk: Client, twilio: Sandbox, httpserver: HTTPServer) -> None:
    receiver = Receiver(httpserver)
    made(sdk, twilio, inbound_request_url="http://127.0.0.1:9/", use_inbound_webhook_on_number=True)
    sdk.incoming_phone_numbers.list(phone_number=twilio.number)[0].update(sms_url=receiver.url)
    twilio.state.receive(twilio.handset, twilio.number, "in")
    twilio.state.wait_for(lambda: receiver.forms)


def inbound(twilio: Sandbox, number: str, body: str = "in") -> requests.Response:
    url = f"{twilio.url}/_sandbox/numbers/{number}/inbound"
    return requests.post(url, json={"from": twilio.handset, "body": body}, timeout=10)


def test_a_service_without_an_inbound_url_drops_what_comes_in(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    """It is not logged, and the number's own webhook is not asked: inbound_request_url of the service resource."""
    receiver = Receiver(httpserver)
    service = made(sdk, twilio)
    sdk.incoming_phone_numbers.list(phone_number=twilio.number)[0].update(sms_url=receiver.url)
    dropped = inbound(twilio, twilio.number)
    assert dropped.status_code == 409
    assert "InboundRequestUrl" in dropped.json()["error"]
    form = {"handset": twilio.handset, "with": twilio.number, "body": "in"}
    page = requests.post(f"{twilio.url}/phone/messages", form, timeout=10)
    assert page.status_code == 400
    assert "UseInboundWebhookOnNumber" in page.text
    assert sdk.messages.list() == []
    sdk.messaging.v1.services(service.sid).update(use_inbound_webhook_on_number=True)
    assert inbound(twilio, twilio.number).status_code == 200
    twilio.state.wait_for(lambda: receiver.forms)
    assert [form["Body"] for form in receiver.forms] == ["in"]


def test_an_opt_out_holds_though_the_text_was_dropped(sdk: Client, twilio: Sandbox) -> None:
    made(sdk, twilio)
    assert inbound(twilio, twilio.number, "STOP").status_code == 409
    with refused(21610):
        sdk.messages.create(to=twilio.handset, from_=twilio.number, body="x")


def test_the_numbers_of_the_first_service_answer_for_themselves(
    sdk: Client, twilio: Sandbox, httpserver: HTTPServer
) -> None:
    receiver = Receiver(httpserver)
    (number,) = sdk.incoming_phone_numbers.list(phone_number="+447700900123")
    number.update(sms_url=receiver.url)
    assert inbound(twilio, "+447700900123").status_code == 200
    twilio.state.wait_for(lambda: receiver.forms)
    assert receiver.forms[0]["MessagingServiceSid"] == twilio.messaging_service


def test_a_deleted_service_frees_its_numbers(sdk: Client, twilio: Sandbox) -> None:
    sdk.messaging.v1.services(made(sdk, twilio).sid).delete()
    assert len(made(sdk, twilio).phone_numbers.list()) == 1


def test_an_opt_out_holds_for_the_whole_service(sdk: Client, twilio: Sandbox) -> None:
    """https://www.twilio.com/docs/errors/21610"""
    service, other = twilio.messaging_service, made(sdk, twilio)
    sdk.messaging.v1.services(service).phone_numbers.create(
        phone_number_sid=sdk.incoming_phone_numbers.create(phone_number="+447700900201").sid
    )
    to, texted, fellow = "+447700900456", "+447700900123", "+447700900201"
    everywhere = [{"messaging_service_sid": service}, {"from_": texted}, {"from_": fellow}]
    twilio.state.receive(to, texted, "STOP")
    for sender in everywhere:
        with refused(21610):
            sdk.messages.create(to=to, body="x", **sender)
    assert sdk.messages.create(to=to, body="x", messaging_service_sid=other.sid).status == "accepted"
    assert sdk.messages.create(to="+447700900457", body="x", messaging_service_sid=service).status == "accepted"
    twilio.state.receive(to, fellow, "START")
    for sender in everywhere:
        assert sdk.messages.create(to=to, body="x", **sender).sid


def test_whoever_left_one_of_a_services_senders_before_it_joined_gets_nothing_from_the_service(
    sdk: Client, twilio: Sandbox
) -> None:
    twilio.state.receive(twilio.handset, twilio.number, "STOP")
    service = made(sdk, twilio, use_inbound_webhook_on_number=True)
    with refused(21610):
        sdk.messages.create(to=twilio.handset, messaging_service_sid=service.sid, body="x")
    twilio.state.receive(twilio.handset, twilio.number, "START")
    assert sdk.messages.create(to=twilio.handset, messaging_service_sid=service.sid, body="x").sid
