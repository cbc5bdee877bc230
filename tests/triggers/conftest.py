"""Requests signed by the official SDK, so that what verifies them shares nothing with what signs them."""

import json
from contextlib import closing
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.sandbox.server import Sandbox
from werkzeug.datastructures import MultiDict

from .registering import Desk, DyingTransport

ACCOUNT, OTHER, SUB = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "AC" + "9" * 32, "AC" + "5" * 32
TOKEN = "the-auth-token"
CONNECTION = {"key": "basic", "fields": {"username": ACCOUNT, "password": TOKEN}}
URL = "https://hooks.example.com/trigger/abc"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
TRIGGERS = load("twilio_connector").triggers

MM, CA, RE, TR, NO = ("MM" + "1" * 32, "CA" + "2" * 32, "RE" + "3" * 32, "TR" + "4" * 32, "NO" + "6" * 32)
TEXT = {
    "MessageSid": MM,
    "From": "+15558675309",
    "To": "+18057166646",
    "Body": "Hello! How are you?",
    "NumMedia": "0",
    "NumSegments": "1",
    "AccountSid": ACCOUNT,
    "SmsStatus": "received",
}
STATUS = {
    "MessageSid": MM,
    "MessageStatus": "sent",
    "SmsStatus": "sent",
    "From": "+18057166646",
    "To": "+15558675309",
    "AccountSid": ACCOUNT,
}
CALL = {
    "CallSid": CA,
    "CallStatus": "ringing",
    "From": "+15558675309",
    "To": "+18057166646",
    "Direction": "inbound",
    "AccountSid": ACCOUNT,
}
RECORDING = {"RecordingSid": RE, "RecordingStatus": "completed", "CallSid": CA, "AccountSid": ACCOUNT}
TRANSCRIPTION = {"TranscriptionSid": TR, "TranscriptionStatus": "completed", "CallSid": CA, "AccountSid": ACCOUNT}
ALERT = {"Sid": NO, "Level": "ERROR", "Payload": '{"error_code": "11200"}', "AccountSid": ACCOUNT}
DELIVERED = {
    "specversion": "1.0",
    "type": "com.twilio.messaging.message.delivered",
    "source": "AB1",
    "id": "EZ1",
    "time": "2026-11-26T10:09:00.000Z",
    "data": {"accountSid": ACCOUNT, "messageSid": MM, "messageStatus": "DELIVERED"},
}

FORMS = {  # by trigger: a request, and the parameters that it must have
    "inboundMessage": (TEXT, ["AccountSid", "MessageSid", "From", "To", "Body"]),
    "messageStatus": (STATUS, ["AccountSid", "MessageSid", "MessageStatus"]),
    "inboundCall": (CALL, ["AccountSid", "CallSid", "From", "To", "CallStatus"]),
    "callStatus": (CALL, ["AccountSid", "CallSid", "From", "To", "CallStatus"]),
    "recordingStatus": (RECORDING, ["AccountSid", "RecordingSid", "RecordingStatus"]),
    "transcriptionCompleted": (TRANSCRIPTION, ["AccountSid", "TranscriptionSid", "TranscriptionStatus"]),
    "optOutChanged": (TEXT | {"Body": "Stop"}, ["AccountSid", "MessageSid", "From", "To", "Body"]),
    "debuggerAlert": (ALERT, ["AccountSid", "Sid", "Level", "Payload"]),
}


def raw_form(body, url=URL, *, token=TOKEN, headers=()):
    """A POST of these bytes, signed over what they mean to Twilio."""
    params = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = RequestValidator(token).compute_signature(url, params)
    return WebhookRequest(
        url=url, body=body, headers=(("Content-Type", FORM), ("X-Twilio-Signature", signature), *headers)
    )


def form(params, url=URL, **given):
    return raw_form(urlencode(params, doseq=True).encode(), url, **given)


def query(params, *, token=TOKEN):
    url = f"{URL}?{urlencode(params)}"
    signature = RequestValidator(token).compute_signature(url, {})
    return WebhookRequest(method="GET", url=url, headers=(("X-Twilio-Signature", signature),))


def document(data, *, token=TOKEN):
    body = json.dumps(data).encode()
    url = f"{URL}?bodySHA256={sha256(body).hexdigest()}"
    signature = RequestValidator(token).compute_signature(url, {})
    return WebhookRequest(
        url=url, body=body, headers=(("Content-Type", "application/json"), ("X-Twilio-Signature", signature))
    )


def receive(key, request, connection=CONNECTION, **inputs):
    values = {"twilioConnection": connection} | inputs
    return TRIGGERS[key].receive(ActionContext(), request, values)


def body(key, params, **inputs):
    return receive(key, form(params), **inputs).payload.body


def passed(key, requests):
    """What a host lets through, in their order: nothing that shares an identity with what it took or what that overtook."""
    known, taken = set(), []
    for request in requests:
        result = receive(key, request)
        if known.isdisjoint(result.dedupe):
            known |= {*result.dedupe, *result.supersedes}
            taken.append(result.payload.body)
    return taken


@pytest.fixture(scope="session")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def transport():
    with closing(DyingTransport()) as transport:
        yield transport


@pytest.fixture
def desk(running, transport):
    """A local Twilio as it starts, and nothing sent to it yet."""
    running.state.reset()
    transport.again()
    return Desk(running, transport)
