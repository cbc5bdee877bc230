"""Content templates: https://www.twilio.com/docs/content/content-api-resources."""

from ..resource import ACCOUNT_SID, Resource

_SID = "HX1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d"
_URL = f"https://content.twilio.com/v1/Content/{_SID}"

CONTENT_TEMPLATES = Resource(
    name="content template",
    product="content",
    path="/v1/Content",
    items="contents",
    example={
        "accountSid": ACCOUNT_SID,
        "dateCreated": "2026-03-15T14:32:10.000Z",
        "dateUpdated": "2026-03-15T14:32:10.000Z",
        "friendlyName": "order_shipped",
        "language": "en",
        "links": {
            "approval_create": f"{_URL}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{_URL}/ApprovalRequests",
        },
        "sid": _SID,
        "types": {"twilio/text": {"body": "Hi {{1}}, your order {{2}} is on its way."}},
        "url": _URL,
        "variables": {"1": "Ada", "2": "1042"},
    },
)
