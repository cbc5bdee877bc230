"""What an account has from the start, beside its numbers: templates, a messaging service and a Verify service.

Their SIDs follow from the account's, so that they stay the same after a reset.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from .products import Content, Sender, Service, VerifyService
from .records import Number

TEMPLATES: tuple[tuple[str, dict[str, str], dict[str, dict[str, Any]]], ...] = (
    (
        "appointment_reminder",
        {"1": "Ada", "2": "Monday at 10:00"},
        {"twilio/text": {"body": "Hello {{1}}, your appointment is on {{2}}. Reply C to confirm."}},
    ),
    (
        "order_shipped",
        {"name": "Ada", "order": "1234"},
        {
            "twilio/media": {
                "body": "{{name}}, order {{order}} is on its way.",
                "media": ["https://example.com/box.png"],
            }
        },
    ),
    (
        "feedback",
        {"1": "Ada"},
        {
            "twilio/quick-reply": {
                "body": "Hi {{1}}, how did we do?",
                "actions": [{"title": "Well", "id": "well"}, {"title": "Badly", "id": "badly"}],
            },
            "twilio/text": {"body": "Hi {{1}}, how did we do? Reply WELL or BADLY."},
        },
    ),
)


def sid(prefix: str, account_sid: str, name: str) -> str:
    return prefix + sha256(f"{account_sid}/{name}".encode()).hexdigest()[:32]


def contents(account_sid: str, now: datetime) -> list[Content]:
    return [
        Content(
            sid=sid("HX", account_sid, name),
            account_sid=account_sid,
            created=now,
            updated=now,
            friendly_name=name,
            language="en",
            variables=variables,
            types=types,
        )
        for name, variables, types in TEMPLATES
    ]


def service(account_sid: str, now: datetime) -> Service:
    """Make the messaging service, which leaves what comes in to its numbers, as Twilio's console lets a new one do."""
    made = sid("MG", account_sid, "service")
    return Service(
        sid=made,
        account_sid=account_sid,
        created=now,
        updated=now,
        friendly_name="Local service",
        use_inbound_webhook_on_number=True,
    )


def senders(account_sid: str, numbers: Sequence[Number]) -> list[Sender]:
    """Put the numbers into the pool of the messaging service, but the first: it is free for another."""
    return [sender(number, sid("MG", account_sid, "service"), number.created) for number in numbers[1:]]


def sender(number: Number, service_sid: str, now: datetime) -> Sender:
    return Sender(
        sid=number.sid,
        account_sid=number.account_sid,
        created=now,
        updated=now,
        service_sid=service_sid,
        kind="phone_number" if number.sid.startswith("PN") else "short_code",
        address=number.phone_number,
    )


def verify_service(account_sid: str, now: datetime) -> VerifyService:
    made = sid("VA", account_sid, "verify")
    return VerifyService(sid=made, account_sid=account_sid, created=now, updated=now, friendly_name="Local Verify")
