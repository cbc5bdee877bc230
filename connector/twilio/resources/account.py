"""The account itself: balance, usage, subaccounts, applications.

https://www.twilio.com/docs/iam/api/account, https://www.twilio.com/docs/usage/api
"""

from collections.abc import Mapping
from typing import Any

from ..resource import ACCOUNT_SID, API_2010, Resource, api_2010, example_sid

_ACCOUNT = f"{API_2010}/Accounts/{ACCOUNT_SID}"
_SUBACCOUNT = "AC0f1e2d3c4b5a69788796a5b4c3d2e1f0"

BALANCE = api_2010("balance", "Balance", "", example={"accountSid": ACCOUNT_SID, "balance": "24.73", "currency": "USD"})

USAGE_RECORDS = api_2010(
    "usage record",
    "Usage/Records{period}",
    "usage_records",
    dates=frozenset({"as_of"}),
    example={
        "accountSid": ACCOUNT_SID,
        "apiVersion": "2010-04-01",
        "asOf": "2026-03-15T14:32:10.000Z",
        "category": "sms-outbound",
        "count": "128",
        "countUnit": "messages",
        "description": "Outbound SMS",
        "endDate": "2026-03-15",
        "price": "1.0624",
        "priceUnit": "usd",
        "startDate": "2026-03-01",
        "subresourceUris": {"daily": f"{_ACCOUNT}/Usage/Records/Daily.json?Category=sms-outbound"},
        "uri": f"{_ACCOUNT}/Usage/Records.json?Category=sms-outbound&StartDate=2026-03-01&EndDate=2026-03-15",
        "usage": "128",
        "usageUnit": "messages",
    },
)
"""``period`` is empty, or a slash and one of Twilio's periods: ``/Today``, ``/LastMonth`` …"""

ACCOUNTS = Resource(
    name="subaccount",
    path=f"{API_2010}/Accounts",
    items="accounts",
    extension=".json",
    secrets=frozenset({"auth_token"}),
    example={
        "dateCreated": "2026-03-01T09:00:00.000Z",
        "dateUpdated": "2026-03-01T09:00:00.000Z",
        "friendlyName": "Example Store",
        "ownerAccountSid": ACCOUNT_SID,
        "sid": _SUBACCOUNT,
        "status": "active",
        "subresourceUris": {"messages": f"{API_2010}/Accounts/{_SUBACCOUNT}/Messages.json"},
        "type": "Full",
        "uri": f"{API_2010}/Accounts/{_SUBACCOUNT}.json",
    },
)


def is_subaccount(account: Mapping[str, Any]) -> bool:
    """False for the account itself, which Twilio lists among its subaccounts."""
    return account.get("sid") != account.get("ownerAccountSid")


APPLICATIONS = api_2010(
    "application",
    "Applications",
    "applications",
    example={
        "accountSid": ACCOUNT_SID,
        "apiVersion": "2010-04-01",
        "dateCreated": "2026-03-01T09:00:00.000Z",
        "dateUpdated": "2026-03-01T09:00:00.000Z",
        "friendlyName": "Reception",
        "messageStatusCallback": None,
        "publicApplicationConnectEnabled": False,
        "sid": example_sid("AP"),
        "smsFallbackMethod": "POST",
        "smsFallbackUrl": None,
        "smsMethod": "POST",
        "smsStatusCallback": None,
        "smsUrl": None,
        "statusCallback": None,
        "statusCallbackMethod": "POST",
        "uri": f"{_ACCOUNT}/Applications/{example_sid('AP')}.json",
        "voiceCallerIdLookup": False,
        "voiceFallbackMethod": "POST",
        "voiceFallbackUrl": None,
        "voiceMethod": "POST",
        "voiceUrl": "https://example.com/voice",
    },
)
