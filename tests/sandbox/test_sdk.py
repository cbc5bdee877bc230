"""The official Python SDK works against the local Twilio as it does against Twilio."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox


def test_creates_and_fetches_a_message(sdk: Client, twilio: Sandbox) -> None:
    made = sdk.messages.create(to=twilio.handset, from_=twilio.number, body="Grüße 👍")
    assert (made.status, made.body, made.direction, made.num_segments) == ("queued", "Grüße 👍", "outbound-api", "1")
    assert made.date_created.tzinfo is not None
    fetched = sdk.messages(made.sid).fetch()
    assert (fetched.sid, fetched.from_, fetched.to) == (made.sid, twilio.number, twilio.handset)


def test_a_message_ends_delivered_with_its_price(sdk: Client, twilio: Sandbox) -> None:
    sid = sdk.messages.create(to=twilio.handset, from_=twilio.number, body="x").sid
    twilio.state.wait_for(lambda: sdk.messages(sid).fetch().status == "delivered")
    message = sdk.messages(sid).fetch()
    assert message.price == "-0.00790"
    assert message.date_sent is not None


def test_lists_every_message_once_over_several_pages(sdk: Client, twilio: Sandbox) -> None:
    made = [sdk.messages.create(to=twilio.handset, from_=twilio.number, body=str(n)).sid for n in range(7)]
    assert [message.sid for message in sdk.messages.list(page_size=3)] == made[::-1]
    assert [message.sid for message in sdk.messages.stream(limit=4, page_size=2)] == made[:2:-1]


def test_lists_by_to_from_and_date(sdk: Client, twilio: Sandbox) -> None:
    ours = sdk.messages.create(to="+447700900456", from_=twilio.number, body="a").sid
    sdk.messages.create(to=twilio.handset, from_="+447700900123", body="b")
    twilio.state.wait_for(lambda: all(message.status == "delivered" for message in twilio.state.messages()))
    now = datetime.now(UTC)
    assert [message.sid for message in sdk.messages.list(to="+447700900456")] == [ours]
    assert [message.sid for message in sdk.messages.list(from_=twilio.number)] == [ours]
    assert len(sdk.messages.list(date_sent=now)) == 2
    assert len(sdk.messages.list(date_sent_after=now - timedelta(hours=1))) == 2
    assert sdk.messages.list(date_sent_before=now - timedelta(hours=1)) == []


def test_redacts_a_body(sdk: Client, twilio: Sandbox) -> None:
    sid = sdk.messages.create(to=twilio.handset, from_=twilio.number, body="secret").sid
    twilio.state.wait_for(lambda: sdk.messages(sid).fetch().status == "delivered")
    assert sdk.messages(sid).update(body="").body == ""
    assert sdk.messages(sid).fetch().body == ""


def test_cancels_a_scheduled_message_and_only_such(sdk: Client, twilio: Sandbox) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    made = sdk.messages.create(
        to=twilio.handset, messaging_service_sid=twilio.messaging_service, body="x", send_at=at, schedule_type="fixed"
    )
    assert (made.status, made.from_) == ("scheduled", None)
    assert sdk.messages(made.sid).update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages(made.sid).update(status="canceled")
    assert refused.value.code == 30409


def test_deletes_a_finished_message_for_good(sdk: Client, twilio: Sandbox) -> None:
    sid = sdk.messages.create(to=twilio.handset, from_=twilio.number, body="x").sid
    twilio.state.wait_for(lambda: sdk.messages(sid).fetch().status == "delivered")
    assert sdk.messages(sid).delete() is True
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages(sid).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_refuses_to_delete_an_unfinished_message(sdk: Client, twilio: Sandbox) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    made = sdk.messages.create(
        to=twilio.handset, messaging_service_sid=twilio.messaging_service, body="x", send_at=at, schedule_type="fixed"
    )
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages(made.sid).delete()
    assert refused.value.code == 20009


def test_points_a_number_at_a_webhook(sdk: Client, twilio: Sandbox) -> None:
    number = sdk.incoming_phone_numbers.list(phone_number=twilio.number)[0]
    number.update(sms_url="https://example.com/sms", sms_method="GET")
    fetched = sdk.incoming_phone_numbers(number.sid).fetch()
    assert (fetched.sms_url, fetched.sms_method, fetched.voice_url) == ("https://example.com/sms", "GET", "")


def test_lists_the_media_of_a_message(sdk: Client, twilio: Sandbox) -> None:
    urls = ["https://example.com/a.png", "https://example.com/b.pdf"]
    made = sdk.messages.create(to=twilio.handset, from_=twilio.number, media_url=urls)
    assert (made.sid[:2], made.num_media) == ("MM", "2")
    assert [media.content_type for media in sdk.messages(made.sid).media.list()] == ["application/pdf", "image/png"]


def test_makes_and_suspends_a_subaccount(twilio: Sandbox, sdk: Client) -> None:
    owner = Client(twilio.account_sid, twilio.auth_token, http_client=sdk.http_client)
    sub = owner.api.v2010.accounts.create(friendly_name="Customer 7")
    client = Client(sub.sid, sub.auth_token, http_client=sdk.http_client)
    assert client.messages.list() == []
    assert owner.api.v2010.accounts(sub.sid).update(status="suspended").status == "suspended"
    with pytest.raises(TwilioRestException) as refused:
        client.messages("SM" + "0" * 32).fetch()
    assert refused.value.code == 20005
