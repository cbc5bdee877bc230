"""Calls: https://www.twilio.com/docs/voice/api/call-resource."""

from ..resource import ACCOUNT_SID, API_2010, api_2010, dates, example_sid

_URI = f"{API_2010}/Accounts/{ACCOUNT_SID}/Calls/{example_sid('CA')}"

CALLS = api_2010(
    "call",
    "Calls",
    "calls",
    dates=dates("start_time", "end_time"),
    example={
        "accountSid": ACCOUNT_SID,
        "answeredBy": None,
        "apiVersion": "2010-04-01",
        "callerName": None,
        "dateCreated": "2026-03-15T14:32:10.000Z",
        "dateUpdated": "2026-03-15T14:33:02.000Z",
        "direction": "outbound-api",
        "duration": "42",
        "endTime": "2026-03-15T14:33:02.000Z",
        "forwardedFrom": None,
        "from": "+15557654321",
        "fromFormatted": "(555) 765-4321",
        "groupSid": None,
        "parentCallSid": None,
        "phoneNumberSid": example_sid("PN"),
        "price": "-0.0140",
        "priceUnit": "USD",
        "queueTime": "0",
        "sid": example_sid("CA"),
        "startTime": "2026-03-15T14:32:20.000Z",
        "status": "completed",
        "subresourceUris": {"recordings": f"{_URI}/Recordings.json", "notifications": f"{_URI}/Notifications.json"},
        "to": "+15551234567",
        "toFormatted": "(555) 123-4567",
        "trunkSid": None,
        "uri": f"{_URI}.json",
    },
)

FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""The statuses of a call that has ended."""
