"""One of everything that the local Twilio can hold, to look at it from all sides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests
from twilio_connector.sandbox.server import Sandbox

from .test_calls import LONG, wait

EVENT = "com.twilio.messaging.message.delivered"
ROOT = "/api/2010-04-01/Accounts/{account}"


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


def one_of_everything(twilio: Sandbox) -> Api:
    """Make it, and return what reads it."""
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
    made |= event_stream(api)
    return api


def event_stream(api: Api) -> dict[str, str]:
    configuration = json.dumps({"destination": "https://e.example/hook", "method": "POST", "batch_events": False})
    sink = api.post("/events/v1/Sinks", Description="x", SinkType="webhook", SinkConfiguration=configuration)["sid"]
    types = json.dumps({"type": EVENT})
    subscription = api.post("/events/v1/Subscriptions", Description="x", SinkSid=sink, Types=types)["sid"]
    return {"sink": sink, "subscription": subscription, "event": EVENT}


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
    ("events.v1.sink", "/events/v1/Sinks/{sink}"),
    ("events.v1.subscription", "/events/v1/Subscriptions/{subscription}"),
    (
        "events.v1.subscription.subscribed_event",
        "/events/v1/Subscriptions/{subscription}/SubscribedEvents/{event}",
    ),
]
