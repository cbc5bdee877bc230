"""What one verified webhook costs: signature, form of 20 fields, payload as JSON text. ``python benchmarks/webhook.py``.

Beside it stands what one would write with werkzeug's form parser, the official SDK's validator, a pydantic model and ``json``;
and the floor, with nothing around what must be done: one HMAC, a plain parser, orjson. Each gets the raw body and a list of
headers, of another message each time, and gives the payload's JSON text.
"""

import json
from base64 import b64encode
from hashlib import sha1
from hmac import compare_digest, new
from io import BytesIO
from itertools import cycle
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from measure import Row, cpu, row, show, tiny, turns
from pydantic import BaseModel
from twilio.request_validator import RequestValidator
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.payload import HeaderList, TriggerResult, WebhookRequest
from twilio_connector.connector.twilio.signature import is_valid, sign
from twilio_connector.host.store.portable import dumps
from werkzeug.datastructures import Headers
from werkzeug.formparser import FormDataParser

try:
    from orjson import dumps as fast_dumps
except ImportError:

    def fast_dumps(value: Any) -> bytes:  # type: ignore[misc]
        return json.dumps(value).encode()


TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC" + "c" * 32
URL = "https://hooks.example.com/trigger/abcdef"
PARAMETERS = {
    "ToCountry": "US", "ToState": "CA", "SmsMessageSid": "SM" + "a" * 32, "NumMedia": "0", "ToCity": "SAN FRANCISCO",
    "FromZip": "94105", "SmsSid": "SM" + "a" * 32, "FromState": "CA", "SmsStatus": "received", "FromCity": "SAN FRANCISCO",
    "Body": "Hello there & welcome", "FromCountry": "US", "To": "+14155550100", "MessagingServiceSid": "MG" + "b" * 32,
    "ToZip": "94105", "NumSegments": "1", "MessageSid": "SM" + "a" * 32, "AccountSid": ACCOUNT, "From": "+14155550101",
    "ApiVersion": "2010-04-01",
}  # fmt: skip


def _request(number: int) -> tuple[bytes, HeaderList]:
    """Body and headers of one message."""
    sid = f"SM{number:032x}"
    body = urlencode(PARAMETERS | dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sid)).encode()
    return body, (
        ("host", "hooks.example.com"),
        ("user-agent", "TwilioProxy/1.1"),
        ("content-length", str(len(body))),
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("accept", "*/*"),
        ("x-twilio-signature", sign(TOKEN, URL, body)),
        ("i-twilio-idempotency-token", f"00000000-0000-4000-8000-{number:012x}"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
    )


REQUESTS = cycle([_request(number) for number in range(16)])
VALIDATOR = RequestValidator(TOKEN)
CONTEXT = ActionContext()
TRIGGERS = load("twilio_connector").triggers
VALUES = {"twilioConnection": {"key": "basic", "fields": {"username": ACCOUNT, "password": TOKEN}}}
WEBHOOK, INBOUND = TRIGGERS["webhook"], TRIGGERS["inboundMessage"]
WEBHOOK_INPUTS, INBOUND_INPUTS = WEBHOOK.prepare(VALUES), INBOUND.prepare(VALUES)


class Envelope(BaseModel):
    """The payload that the tutorial's author would declare."""

    headers: dict[str, str]
    body: dict[str, str]
    content_type: str
    account_sid: str
    message_sid: str


def webhook() -> str:
    """Any webhook: the trigger, and the payload as the host keeps it."""
    return _kept(WEBHOOK.emit(CONTEXT, _next(), WEBHOOK_INPUTS))


def inbound() -> str:
    """The typed trigger: the same, and the message read as what it means."""
    return _kept(INBOUND.emit(CONTEXT, _next(), INBOUND_INPUTS))


def _next() -> WebhookRequest:
    body, headers = next(REQUESTS)
    return WebhookRequest(url=URL, headers=headers, body=body)


def _kept(result: TriggerResult) -> str:
    return dumps(result.payload.envelope())


def tutorial() -> str:
    """As one would write it."""
    body, given = next(REQUESTS)
    headers = Headers(given)
    _, fields, _ = FormDataParser().parse(BytesIO(body), headers["Content-Type"].partition(";")[0], len(body))
    form = fields.to_dict()
    if not VALIDATOR.validate(URL, form, headers["X-Twilio-Signature"]):
        raise SystemExit("the SDK's validator refused a request that is right")
    found = Envelope(
        headers=dict(headers),
        body=form,
        content_type=headers["Content-Type"],
        account_sid=form["AccountSid"],
        message_sid=form["MessageSid"],
    )
    return json.dumps(found.model_dump())


def floor() -> bytes:
    """Nothing but what must be done, for this one request: no rule about headers, ports, repeated or missing parts."""
    body, given = next(REQUESTS)
    headers = dict(given)
    form = {
        name: unquote_plus(value) if "%" in value or "+" in value else value
        for name, _, value in (part.partition("=") for part in body.decode().split("&"))
    }
    signed = URL + "".join([name + form[name] for name in sorted(form)])
    mac = b64encode(new(TOKEN.encode(), signed.encode(), sha1).digest())
    if not compare_digest(mac, headers["x-twilio-signature"].encode()):
        raise SystemExit("the floor refused a request that is right")
    return fast_dumps({"headers": headers, "body": form, "contentType": headers["content-type"]})


def verdict() -> None:
    """From the raw request to a verdict."""
    body, headers = next(REQUESTS)
    assert is_valid(TOKEN, URL, body, headers)


def validated() -> None:
    """The same with the SDK: find the header, parse the form, validate."""
    body, headers = next(REQUESTS)
    signature = next(value for name, value in headers if name == "x-twilio-signature")
    assert VALIDATOR.validate(URL, dict(parse_qsl(body.decode(), keep_blank_values=True)), signature)


def rows(times: int = 500) -> list[Row]:
    """Costs of one request."""
    work = (webhook, inbound, tutorial, floor, verdict, validated)
    ours, typed, theirs, least, checked, sdk = turns([cpu(each, times) for each in work])
    tutorial_of = "werkzeug, SDK's validator, pydantic, json"
    return [
        row("verify, parse, payload: `webhook`", tutorial_of, ours, theirs, most=0.2, unit="µs"),
        row("the same", "the floor: HMAC, plain parser, orjson", ours, least, most=2.5, unit="µs"),
        row("verify, parse, payload: `inboundMessage`, typed", tutorial_of, typed, theirs, most=None, unit="µs"),
        row("verify alone", "SDK's validator", checked, sdk, most=None, unit="µs"),
    ]


if __name__ == "__main__":
    show(rows(20 if tiny() else 500))
