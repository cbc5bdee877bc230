"""What is answered has the properties of Twilio's OpenAPI schemas, no more and no fewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from twilio_connector.sandbox.server import Sandbox

from .everything import FETCHED, ROOT, Api, one_of_everything
from .facts import SCHEMAS

RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000")
ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
ALL = "caller_name,sim_swap,call_forwarding,line_type_intelligence,line_status,identity_match,reassigned_number,"
ALL += "sms_pumping_risk"


@pytest.fixture
def api(twilio: Sandbox) -> Api:
    return one_of_everything(twilio)


LISTED: list[tuple[str, str, str]] = [
    ("api.v2010.account", "/api/2010-04-01/Accounts.json", "accounts"),
    ("api.v2010.account.call", f"{ROOT}/Calls.json", "calls"),
    ("api.v2010.account.call.call_recording", f"{ROOT}/Calls/{{call}}/Recordings.json", "recordings"),
    ("api.v2010.account.call.call_notification", f"{ROOT}/Calls/{{call}}/Notifications.json", "notifications"),
    ("api.v2010.account.notification", f"{ROOT}/Notifications.json", "notifications"),
    ("api.v2010.account.usage.usage_record", f"{ROOT}/Usage/Records.json", "usage_records"),
    (
        "api.v2010.account.available_phone_number_country.available_phone_number_local",
        f"{ROOT}/AvailablePhoneNumbers/US/Local.json",
        "available_phone_numbers",
    ),
    ("monitor.v1.alert", "/monitor/v1/Alerts", "alerts"),
    ("messaging.v1.service.phone_number", "/messaging/v1/Services/{service}/PhoneNumbers", "phone_numbers"),
    ("messaging.v1.service.short_code", "/messaging/v1/Services/{service}/ShortCodes", "short_codes"),
    ("content.v1.content_and_approvals", "/content/v1/ContentAndApprovals", "contents"),
    ("verify.v2.service", "/verify/v2/Services", "services"),
    ("events.v1.sink", "/events/v1/Sinks", "sinks"),
    ("events.v1.subscription", "/events/v1/Subscriptions", "subscriptions"),
    (
        "events.v1.subscription.subscribed_event",
        "/events/v1/Subscriptions/{subscription}/SubscribedEvents",
        "types",
    ),
]
OPTIONAL = {"media_url"}  # Twilio names it for one recording, not in a list


def check(schema: str, data: dict[str, Any]) -> None:
    assert set(data) == set(SCHEMAS[schema].split()), schema
    written = RFC_2822 if schema.startswith("api.") else ISO_8601
    for key, value in data.items():
        if key.startswith("date_") and value is not None:
            assert written.fullmatch(value), (schema, key, value)
    json.dumps(data)


def test_what_is_fetched_has_its_schemas_properties(api: Api) -> None:
    for schema, path in FETCHED:
        check(schema, api.get(path))


def test_what_is_listed_has_its_schemas_properties(api: Api) -> None:
    for schema, path, items in LISTED:
        listed = api.get(path)[items]
        assert listed, schema
        for item in listed:
            check(schema, item)


def test_recordings_in_a_list_lack_only_their_address(api: Api) -> None:
    for item in api.get(f"{ROOT}/Recordings.json")["recordings"]:
        assert set(SCHEMAS["api.v2010.account.recording"].split()) - set(item) == OPTIONAL


def test_what_is_only_created_has_its_schemas_properties(api: Api) -> None:
    feedback = api.post(f"{ROOT}/Messages/{{message}}/Feedback.json", Outcome="confirmed")
    check("api.v2010.account.message.message_feedback", feedback)
    checked = api.post("/verify/v2/Services/{verify}/VerificationCheck", To=api.made["to"], Code="000")
    check("verify.v2.service.verification_check", checked)


@pytest.mark.parametrize(
    ("package", "schema"),
    [
        ("caller_name", "CallerNameInfo"),
        ("line_type_intelligence", "LineTypeIntelligenceInfo"),
        ("line_status", "LineStatusInfo"),
        ("sms_pumping_risk", "SmsPumpingRiskInfo"),
        ("sim_swap", "SimSwapInfo"),
        ("reassigned_number", "ReassignedNumberInfo"),
        ("call_forwarding", "CallForwardingInfo"),
        ("identity_match", "IdentityMatchInfo"),
    ],
)
def test_each_package_of_a_lookup_has_its_schemas_properties(
    get: Callable[..., requests.Response], package: str, schema: str
) -> None:
    data = get("/lookups/v2/PhoneNumbers/+14155550123", Fields=ALL).json()[package]
    assert set(data) == set(SCHEMAS[schema].split())


def test_every_address_in_an_answer_leads_to_it(api: Api) -> None:
    for _, path in FETCHED:
        data = api.get(path)
        if uri := data.get("uri"):
            assert requests.get(f"{api.twilio.url}/api{uri}", auth=api._auth, timeout=10).ok, uri
        elif url := data.get("url"):
            assert requests.get(url, auth=api._auth, timeout=10).ok, url
