"""Messages: https://www.twilio.com/docs/messaging/api/message-resource."""

from ..resource import ACCOUNT_SID, api_2010

_SID = "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
_URI = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{_SID}"

MESSAGES = api_2010(
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
        "sid": _SID,
        "status": "queued",
        "subresourceUris": {"media": f"{_URI}/Media.json"},
        "to": "+15551234567",
        "uri": f"{_URI}.json",
    },
)

FEEDBACK = api_2010(
    "message feedback",
    "Messages/{message_sid}/Feedback",
    "feedback",
    example={
        "accountSid": ACCOUNT_SID,
        "dateCreated": "2026-03-15T14:32:10.000Z",
        "dateUpdated": "2026-03-15T14:32:10.000Z",
        "messageSid": _SID,
        "outcome": "confirmed",
        "uri": f"{_URI}/Feedback.json",
    },
)
"""What the sender knows of a message's success; there is nothing to list."""
