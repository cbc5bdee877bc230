"""Content templates: listed, made, approved, and filled in when they are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import refused


def named(sdk: Client, name: str) -> Any:
    return next(it for it in sdk.content.v1.contents.list() if it.friendly_name == name)


def send(sdk: Client, twilio: Sandbox, sid: str, **variables: str) -> Any:
    given = {"content_variables": json.dumps(variables)} if variables else {}
    return sdk.messages.create(to=twilio.handset, from_=twilio.number, content_sid=sid, **given)


def test_a_template_is_filled_in(sdk: Client, twilio: Sandbox) -> None:
    sid = named(sdk, "appointment_reminder").sid
    assert send(sdk, twilio, sid, **{"1": "Bo", "2": "Friday"}).body == (
        "Hello Bo, your appointment is on Friday. Reply C to confirm."
    )
    assert send(sdk, twilio, sid, **{"1": "Bo"}).body.startswith("Hello Bo, your appointment is on Monday at 10:00")


def test_a_template_brings_its_media(sdk: Client, twilio: Sandbox) -> None:
    message = send(sdk, twilio, named(sdk, "order_shipped").sid, name="Bo", order="7")
    assert (message.body, message.num_media, message.sid[:2]) == ("Bo, order 7 is on its way.", "1", "MM")


def test_templates_stay_the_same_after_a_reset(sdk: Client, twilio: Sandbox) -> None:
    before = [it.sid for it in sdk.content.v1.contents.list()]
    twilio.state.reset()
    assert [it.sid for it in sdk.content.v1.contents.list()] == before


def test_a_template_is_fetched_with_its_approval_and_deleted(sdk: Client) -> None:
    sid = named(sdk, "feedback").sid
    content = sdk.content.v1.contents(sid).fetch()
    assert set(content.types) == {"twilio/quick-reply", "twilio/text"}
    assert sdk.content.v1.contents(sid).approval_fetch().fetch().whatsapp["status"] == "approved"
    both = sdk.content.v1.content_and_approvals.list(page_size=1)
    assert [it.approval_requests["name"] for it in both] == ["feedback", "order_shipped", "appointment_reminder"]
    assert sdk.content.v1.contents(sid).delete() is True
    with refused(20404):
        sdk.content.v1.contents(sid).fetch()


def test_a_template_is_made_and_sent(sdk: Client, twilio: Sandbox) -> None:
    body = {"friendly_name": "hi", "language": "de", "types": {"twilio/text": {"body": "Hallo {{ 1 }} {{2}}"}}}
    auth = (twilio.account_sid, twilio.auth_token)
    made = requests.post(f"{twilio.url}/content/v1/Content", json=body, auth=auth, timeout=10).json()
    assert send(sdk, twilio, made["sid"], **{"1": "Welt"}).body == "Hallo Welt {{2}}"


@pytest.mark.parametrize(
    "body", ["{", "[]", "{}", '{"language": "en"}', '{"language": "en", "types": {"a": 1}}', '"\\ud800"']
)
def test_a_template_that_cannot_be_is_refused(twilio: Sandbox, body: str) -> None:
    headers, auth = {"Content-Type": "application/json"}, (twilio.account_sid, twilio.auth_token)
    answer = requests.post(f"{twilio.url}/content/v1/Content", data=body, headers=headers, auth=auth, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
