"""What one verified webhook costs, beside the official SDK's validator. ``python benchmarks/webhook.py``.

Both get the request as a server has it: the raw body and a list of headers. The SDK needs the parameters parsed, so that is
part of its turn. The two take turns, and each round gives a ratio: read the ratio.
"""

import hmac
import statistics
import time
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.connector.twilio.signature import is_valid, sign

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
BODY = urlencode(PARAMETERS).encode()
HEADERS = (
    ("host", "hooks.example.com"),
    ("user-agent", "TwilioProxy/1.1"),
    ("content-length", str(len(BODY))),
    ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
    ("accept", "*/*"),
    ("x-twilio-signature", sign(TOKEN, URL, BODY)),
    ("i-twilio-idempotency-token", "00000000-0000-4000-8000-000000000000"),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
)
SDK = RequestValidator(TOKEN)
TRIGGERS = load("twilio_connector").triggers
TRIGGER, TYPED = TRIGGERS["webhook"], TRIGGERS["inboundMessage"]
CONTEXT = ActionContext()
REQUEST = WebhookRequest(url=URL, headers=HEADERS, body=BODY)
VALUES = {"twilioConnection": {"key": "basic", "fields": {"username": ACCOUNT, "password": TOKEN}}}
INPUTS, TYPED_INPUTS = TRIGGER.prepare(VALUES), TYPED.prepare(VALUES)


def floor() -> None:
    """The HMAC by itself."""
    hmac.digest(TOKEN.encode(), BODY, "sha1")


def ours() -> None:
    """From the raw request to a verdict."""
    assert is_valid(TOKEN, URL, BODY, HEADERS)


def sdk() -> None:
    """The same with the SDK: find the header, parse the form, validate."""
    signature = next(value for name, value in HEADERS if name == "x-twilio-signature")
    assert SDK.validate(URL, dict(parse_qsl(BODY.decode(), keep_blank_values=True)), signature)


def whole() -> None:
    """The whole trigger: verdict, envelope, identities."""
    TRIGGER.target(CONTEXT, REQUEST, INPUTS)


def typed() -> None:
    """The typed trigger: the same, and the message read as what it means."""
    TYPED.target(CONTEXT, REQUEST, TYPED_INPUTS)


def micros(function: object, times: int = 2000) -> float:
    """Microseconds a call."""
    start = time.perf_counter()
    for _ in range(times):
        function()  # type: ignore[operator]
    return (time.perf_counter() - start) / times * 1e6


def main() -> None:
    """Take turns, and print the medians."""
    rounds = [(micros(floor), micros(ours), micros(sdk), micros(whole), micros(typed)) for _ in range(15)]
    names = ("HMAC alone", "is_valid", "SDK's validator", "whole trigger", "typed trigger")
    for name, column in zip(names, zip(*rounds, strict=True), strict=True):
        print(f"{name:16} {statistics.median(column):7.1f} µs")
    print(f"SDK / is_valid   {statistics.median(each[2] / each[1] for each in rounds):7.1f} x")
    print(f"is_valid / HMAC  {statistics.median(each[1] / each[0] for each in rounds):7.1f} x")


if __name__ == "__main__":
    main()
