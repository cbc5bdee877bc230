"""Every resource of Twilio's that the component knows, declared once: actions, triggers and tests stand on these."""

from typing import Any

from .resource import API_2010, Resource

ACCOUNT_SID = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
"""The account of the examples."""


def _api(name: str, path: str, items: str, **more: Any) -> Resource:
    """A resource of the 2010 API, which answers in XML without the extension."""
    return Resource(name=name, path=f"{API_2010}/Accounts/{{account}}/{path}", items=items, extension=".json", **more)


MESSAGES = _api(
    "message",
    "Messages",
    "messages",
    dates=frozenset({"date_created", "date_updated", "date_sent"}),
    example={
        "accountSid": ACCOUNT_SID,
        "apiVersion": "2010-04-01",
        "body": "Your table is ready.",
        "dateCreated": "2026-03-15T14:32:10.000Z",
        "dateSent": None,
        "dateUpdated": "2026-03-15T14:32:10.000Z",
        "direction": "outbound-api",
        "errorCode": None,
        "errorMessage": None,
        "from": "+15557654321",
        "messagingServiceSid": None,
        "numMedia": "0",
        "numSegments": "1",
        "price": None,
        "priceUnit": "USD",
        "sid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
        "status": "queued",
        "subresourceUris": {
            "media": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d/Media.json"
        },
        "to": "+15551234567",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d.json",
    },
)
