"""Messages: https://www.twilio.com/docs/messaging/api/message-resource."""

from ..resource import ACCOUNT_SID, api_2010

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
        "sid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
        "status": "queued",
        "subresourceUris": {
            "media": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d/Media.json"
        },
        "to": "+15551234567",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d.json",
    },
)
