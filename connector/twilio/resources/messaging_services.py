"""Messaging services and their senders: https://www.twilio.com/docs/messaging/api/service-resource."""

from collections.abc import Mapping
from typing import Any

from ..resource import ACCOUNT_SID, Resource, example_sid

_SERVICE = f"https://messaging.twilio.com/v1/Services/{example_sid('MG')}"
_DATES = {"dateCreated": "2026-03-01T09:00:00.000Z", "dateUpdated": "2026-03-01T09:00:00.000Z"}

MESSAGING_SERVICES = Resource(
    name="messaging service",
    path="/v1/Services",
    items="services",
    product="messaging",
    example={
        "accountSid": ACCOUNT_SID,
        "areaCodeGeomatch": True,
        **_DATES,
        "fallbackMethod": "POST",
        "fallbackToLongCode": True,
        "fallbackUrl": None,
        "friendlyName": "Reminders",
        "inboundMethod": "POST",
        "inboundRequestUrl": "https://example.com/sms",
        "links": {"phone_numbers": f"{_SERVICE}/PhoneNumbers"},
        "mmsConverter": True,
        "scanMessageContent": "inherit",
        "sid": example_sid("MG"),
        "smartEncoding": True,
        "statusCallback": None,
        "stickySender": True,
        "synchronousValidation": False,
        "url": _SERVICE,
        "usAppToPersonRegistered": False,
        "useInboundWebhookOnNumber": False,
        "usecase": "notifications",
        "validityPeriod": 36000,
    },
)


def _senders(name: str, collection: str, items: str, prefix: str, own: Mapping[str, Any]) -> Resource:
    """A kind of sender in a service."""
    sid = example_sid(prefix)
    return Resource(
        name=name,
        path=f"/v1/Services/{{service_sid}}/{collection}",
        items=items,
        product="messaging",
        example={
            "accountSid": ACCOUNT_SID,
            "capabilities": ["SMS"],
            **own,
            **_DATES,
            "serviceSid": example_sid("MG"),
            "sid": sid,
            "url": f"{_SERVICE}/{collection}/{sid}",
        },
    )


SERVICE_PHONE_NUMBERS = _senders(
    "phone number", "PhoneNumbers", "phone_numbers", "PN", {"phoneNumber": "+15557654321", "countryCode": "US"}
)
SERVICE_SHORT_CODES = _senders(
    "short code", "ShortCodes", "short_codes", "SC", {"shortCode": "12345", "countryCode": "US"}
)
SERVICE_ALPHA_SENDERS = _senders("alphanumeric sender", "AlphaSenders", "alpha_senders", "AI", {"alphaSender": "ACME"})
