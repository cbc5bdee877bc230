"""Media of messages: https://www.twilio.com/docs/messaging/api/media-resource."""

from ..resource import ACCOUNT_SID, api_2010

_MESSAGE_SID = "MM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
_SID = "ME1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"

MEDIA = api_2010(
    "media file",
    "Messages/{message_sid}/Media",
    "media_list",
    example={
        "accountSid": ACCOUNT_SID,
        "contentType": "image/jpeg",
        "dateCreated": "2026-03-15T14:32:10.000Z",
        "dateUpdated": "2026-03-15T14:32:10.000Z",
        "parentSid": _MESSAGE_SID,
        "sid": _SID,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{_MESSAGE_SID}/Media/{_SID}.json",
    },
)
