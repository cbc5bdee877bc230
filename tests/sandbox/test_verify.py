"""Verify: the code is on the phone page, and approves once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox

from .conftest import refused


def service(sdk: Client, twilio: Sandbox) -> Any:
    return sdk.verify.v2.services(twilio.verify_service)


def start(sdk: Client, twilio: Sandbox, **fields: Any) -> tuple[Any, str]:
    """Start a verification and read its code off the phone."""
    given = {"to": twilio.handset, "channel": "sms"} | fields
    made = service(sdk, twilio).verifications.create(**given)
    found = re.search(r"is: (\w+)$", twilio.state.messages()[0].body)
    assert found
    return made, found[1]


def check(sdk: Client, twilio: Sandbox, code: str, **by: str) -> Any:
    return service(sdk, twilio).verification_checks.create(code=code, **by or {"to": twilio.handset})


def test_the_right_code_approves_and_is_good_only_once(sdk: Client, twilio: Sandbox) -> None:
    made, code = start(sdk, twilio)
    assert (made.status, made.valid, made.send_code_attempts[0]["channel"]) == ("pending", False, "SMS")
    assert len(code) == 6
    assert sdk.messages.list() == []
    checked = check(sdk, twilio, code)
    assert (checked.status, checked.valid, checked.sid) == ("approved", True, made.sid)
    with refused(20404):
        check(sdk, twilio, code)


def test_a_wrong_code_leaves_it_pending_five_times(sdk: Client, twilio: Sandbox) -> None:
    made, code = start(sdk, twilio)
    for _ in range(5):
        assert check(sdk, twilio, "x" + code, verification_sid=made.sid).status == "pending"
    with refused(60202):
        check(sdk, twilio, code)


def test_the_same_code_is_sent_again_five_times(sdk: Client, twilio: Sandbox) -> None:
    first, code = start(sdk, twilio)
    for _ in range(4):
        again, same = start(sdk, twilio)
        assert (again.sid, same) == (first.sid, code)
    with refused(60203):
        start(sdk, twilio)


def test_a_verification_is_canceled_or_approved_without_its_code(sdk: Client, twilio: Sandbox) -> None:
    made, _ = start(sdk, twilio)
    verifications = service(sdk, twilio).verifications
    assert verifications(twilio.handset).fetch().sid == made.sid
    assert verifications(made.sid).update(status="canceled").status == "canceled"
    with refused(20404):
        verifications(made.sid).fetch()
    made, _ = start(sdk, twilio)
    assert verifications(made.sid).update(status="approved").valid is True
    with refused(20404):
        verifications(made.sid).update(status="canceled")


def test_a_code_lasts_ten_minutes(sdk: Client, twilio: Sandbox) -> None:
    made, code = start(sdk, twilio)
    own = twilio.state.settings
    try:
        twilio.state.settings = replace(own, clock=lambda: datetime.now(UTC) + timedelta(minutes=11))
        with refused(20404):
            check(sdk, twilio, code)
        assert start(sdk, twilio)[0].sid != made.sid
    finally:
        twilio.state.settings = own


def test_a_code_goes_by_mail_and_by_whatsapp(sdk: Client, twilio: Sandbox) -> None:
    _, code = start(sdk, twilio, to="ada@example.com", channel="email")
    assert check(sdk, twilio, code, to="ada@example.com").valid is True
    start(sdk, twilio, channel="whatsapp")
    assert twilio.state.messages()[0].to == f"whatsapp:{twilio.handset}"


def test_a_service_has_its_length_and_its_own_codes(sdk: Client, twilio: Sandbox) -> None:
    services = sdk.verify.v2.services
    made = services.create(friendly_name="Bank", code_length=4, custom_code_enabled=True)
    made.verifications.create(to=twilio.handset, channel="sms")
    assert re.search(r"Bank verification code is: \d{4}$", twilio.state.messages()[0].body)
    made.verifications.create(to="+447700900456", channel="sms", custom_code="ABCD12")
    assert twilio.state.messages()[0].body.endswith("ABCD12")
    assert services(made.sid).update(code_length=8).code_length == 8
    assert [it.sid for it in services.list(page_size=1)] == [made.sid, twilio.verify_service]
    assert services(made.sid).delete() is True
    with refused(20404):
        services(made.sid).fetch()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "x"}, 60200),
        ({"to": ""}, 60200),
        ({"channel": "pigeon"}, 60200),
        ({"to": "ada", "channel": "email"}, 60200),
        ({"custom_code": "ABCD12"}, 60204),
    ],
)
def test_refuses_with_twilios_code(sdk: Client, twilio: Sandbox, fields: dict[str, str], code: int) -> None:
    with refused(code):
        start(sdk, twilio, **fields)


def test_a_service_refuses_a_length_out_of_range(sdk: Client) -> None:
    with refused(60200):
        sdk.verify.v2.services.create(friendly_name="x", code_length=3)
    with refused(20001):
        sdk.verify.v2.services.create(friendly_name="")
