"""What is answered has the properties of Twilio's OpenAPI schemas, no more and no fewer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from twilio_connector.sandbox.server import Sandbox

from .facts import SCHEMAS
from .test_calls import LONG, wait

ROOT = "/api/2010-04-01/Accounts/{account}"
RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000")
ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
ALL = "caller_name,sim_swap,call_forwarding,line_type_intelligence,line_status,identity_match,reassigned_number,"
ALL += "sms_pumping_risk"


@dataclass(frozen=True)
class Api:
    """Calls a path with {account} and the names of what was made in it; gives JSON."""

    twilio: Sandbox
    made: dict[str, str]

    def get(self, path: str, **query: str) -> Any:
        return self._json(requests.get(self._url(path), query, auth=self._auth, timeout=10))

    def post(self, path: str, **form: str) -> Any:
        return self._json(requests.post(self._url(path), form, auth=self._auth, timeout=10))

    @property
    def _auth(self) -> tuple[str, str]:
        return self.twilio.account_sid, self.twilio.auth_token

    def _url(self, path: str) -> str:
        return self.twilio.url + path.format(account=self.twilio.account_sid, **self.made)

    @staticmethod
    def _json(answer: requests.Response) -> Any:
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture
def api(twilio: Sandbox) -> Api:
    """One of everything."""
    made = {"service": twilio.messaging_service, "verify": twilio.verify_service, "to": twilio.handset}
    api, ends = Api(twilio, made), {"From": twilio.number, "To": twilio.handset}
    picture = "https://e.example/a.png"
    made["message"] = api.post(f"{ROOT}/Messages.json", **ends, Body="x", MediaUrl=picture)["sid"]
    made["media"] = api.get(f"{ROOT}/Messages/{{message}}/Media.json")["media_list"][0]["sid"]
    made["call"] = api.post(f"{ROOT}/Calls.json", **ends, Twiml=LONG, Record="true")["sid"]
    wait(twilio, made["call"], "in-progress")
    made["live"] = api.post(f"{ROOT}/Calls/{{call}}/Recordings.json")["sid"]
    api.post(f"{ROOT}/Calls/{{call}}.json", Status="completed")
    words = api.post(f"{ROOT}/Calls.json", **ends, Twiml='<Response><Record transcribe="true"/></Response>')["sid"]
    wait(twilio, words, "completed")
    made["words"] = api.get(f"{ROOT}/Transcriptions.json")["transcriptions"][0]["sid"]
    made["recording"] = api.get(f"{ROOT}/Transcriptions.json")["transcriptions"][0]["recording_sid"]
    made["alert"] = twilio.state.alert(twilio.account_sid, 11200, "x", resource_sid=made["call"]).sid
    made["number"] = api.get(f"{ROOT}/IncomingPhoneNumbers.json")["incoming_phone_numbers"][0]["sid"]
    made["code"] = api.get(f"{ROOT}/SMS/ShortCodes.json")["short_codes"][0]["sid"]
    made["application"] = api.post(f"{ROOT}/Applications.json", FriendlyName="x")["sid"]
    made["content"] = api.get("/content/v1/Content")["contents"][0]["sid"]
    made["name"] = api.post("/messaging/v1/Services/{service}/AlphaSenders", AlphaSender="ACME")["sid"]
    made["verification"] = api.post("/verify/v2/Services/{verify}/Verifications", To=made["to"], Channel="sms")["sid"]
    return api


FETCHED: list[tuple[str, str]] = [
    ("api.v2010.account", f"{ROOT}.json"),
    ("api.v2010.account.balance", f"{ROOT}/Balance.json"),
    ("api.v2010.account.call", f"{ROOT}/Calls/{{call}}.json"),
    ("api.v2010.account.call.call_recording", f"{ROOT}/Calls/{{call}}/Recordings/{{live}}.json"),
    ("api.v2010.account.call.call_notification-instance", f"{ROOT}/Calls/{{call}}/Notifications/{{alert}}.json"),
    ("api.v2010.account.incoming_phone_number", f"{ROOT}/IncomingPhoneNumbers/{{number}}.json"),
    ("api.v2010.account.message", f"{ROOT}/Messages/{{message}}.json"),
    ("api.v2010.account.message.media", f"{ROOT}/Messages/{{message}}/Media/{{media}}.json"),
    ("api.v2010.account.notification-instance", f"{ROOT}/Notifications/{{alert}}.json"),
    ("api.v2010.account.recording", f"{ROOT}/Recordings/{{recording}}.json"),
    (
        "api.v2010.account.recording.recording_transcription",
        f"{ROOT}/Recordings/{{recording}}/Transcriptions/{{words}}.json",
    ),
    ("api.v2010.account.transcription", f"{ROOT}/Transcriptions/{{words}}.json"),
    ("api.v2010.account.available_phone_number_country", f"{ROOT}/AvailablePhoneNumbers/GB.json"),
    ("api.v2010.account.application", f"{ROOT}/Applications/{{application}}.json"),
    ("api.v2010.account.short_code", f"{ROOT}/SMS/ShortCodes/{{code}}.json"),
    ("monitor.v1.alert-instance", "/monitor/v1/Alerts/{alert}"),
    ("messaging.v1.service", "/messaging/v1/Services/{service}"),
    ("messaging.v1.service.alpha_sender", "/messaging/v1/Services/{service}/AlphaSenders/{name}"),
    ("content.v1.content", "/content/v1/Content/{content}"),
    ("content.v1.content.approval_fetch", "/content/v1/Content/{content}/ApprovalRequests"),
    ("LookupResponse", "/lookups/v2/PhoneNumbers/{to}"),
    ("verify.v2.service", "/verify/v2/Services/{verify}"),
    ("verify.v2.service.verification", "/verify/v2/Services/{verify}/Verifications/{verification}"),
]
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
