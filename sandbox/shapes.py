"""Twilio's JSON of each resource: snake case, strings where Twilio has strings.

Dates are RFC 2822 in the 2010 API and ISO 8601 elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from .errors import DELIVERY
from .records import Account, ApiKey, Media, Message, Number, Record

VERSION = "2010-04-01"
ABSENT = object()  # in place of a value: the resource has no such key
NAMES = {"from_": "from", "created": "date_created", "updated": "date_updated"}


def rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment.astimezone(UTC)) if moment else None


def iso(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def camel(name: str) -> str:
    """`friendly_name` is the parameter FriendlyName."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def snake(name: str) -> str:
    """`ThisMonth` is this_month."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def fields_of(record: Record, date: Callable[[datetime], str | None]) -> dict[str, Any]:
    """Return what a record shows of itself."""
    shown = {it.name: getattr(record, it.name) for it in fields(record) if "hidden" not in it.metadata}
    return {
        NAMES.get(name, name): date(value) if isinstance(value, datetime) else value for name, value in shown.items()
    }


def account(it: Account) -> dict[str, Any]:
    uri = f"/{VERSION}/Accounts/{it.sid}"
    return {
        "sid": it.sid,
        "friendly_name": it.friendly_name,
        "status": it.status,
        "type": "Full",
        "auth_token": it.auth_token,
        "owner_account_sid": it.owner_sid,
        "date_created": rfc2822(it.created),
        "date_updated": rfc2822(it.updated),
        "uri": f"{uri}.json",
        "subresource_uris": {
            "messages": f"{uri}/Messages.json",
            "incoming_phone_numbers": f"{uri}/IncomingPhoneNumbers.json",
            "keys": f"{uri}/Keys.json",
        },
    }


def key(it: ApiKey) -> dict[str, Any]:
    return {"sid": it.sid, "friendly_name": it.friendly_name, "date_created": None, "date_updated": None}


def message(it: Message) -> dict[str, Any]:
    uri = f"/{VERSION}/Accounts/{it.account_sid}/Messages/{it.sid}"
    return {
        "account_sid": it.account_sid,
        "api_version": VERSION,
        "body": it.body,
        "date_created": rfc2822(it.created),
        "date_sent": rfc2822(it.sent),
        "date_updated": rfc2822(it.updated),
        "direction": it.direction,
        "error_code": it.error_code,
        "error_message": it.error_code and DELIVERY.get(it.error_code, "Unknown error"),
        "from": it.from_,
        "messaging_service_sid": it.messaging_service_sid,
        "num_media": str(len(it.media)),
        "num_segments": str(it.num_segments),
        "price": it.price,
        "price_unit": "USD",
        "sid": it.sid,
        "status": it.status,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": it.to,
        "uri": f"{uri}.json",
    }


def media(it: Media, parent: Message) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "account_sid": parent.account_sid,
        "parent_sid": parent.sid,
        "content_type": it.content_type,
        "date_created": rfc2822(parent.created),
        "date_updated": rfc2822(parent.created),
        "uri": f"/{VERSION}/Accounts/{parent.account_sid}/Messages/{parent.sid}/Media/{it.sid}.json",
    }


def feedback(it: Message, outcome: str, now: datetime) -> dict[str, Any]:
    return {
        "account_sid": it.account_sid,
        "message_sid": it.sid,
        "outcome": outcome,
        "date_created": rfc2822(now),
        "date_updated": rfc2822(now),
        "uri": f"/{VERSION}/Accounts/{it.account_sid}/Messages/{it.sid}/Feedback.json",
    }


def number(it: Number) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "phone_number": it.phone_number,
        "friendly_name": it.friendly_name,
        "api_version": VERSION,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "sms_url": it.sms_url,
        "sms_method": it.sms_method,
        "sms_fallback_url": it.sms_fallback_url,
        "sms_fallback_method": it.sms_fallback_method,
        "sms_application_sid": it.sms_application_sid,
        "voice_url": it.voice_url,
        "voice_method": it.voice_method,
        "voice_fallback_url": it.voice_fallback_url,
        "voice_fallback_method": it.voice_fallback_method,
        "voice_application_sid": it.voice_application_sid,
        "voice_caller_id_lookup": it.voice_caller_id_lookup,
        "voice_receive_mode": it.voice_receive_mode,
        "status_callback": it.status_callback,
        "status_callback_method": it.status_callback_method,
        "address_requirements": "none",
        "address_sid": it.address_sid,
        "beta": False,
        "bundle_sid": it.bundle_sid,
        "emergency_address_sid": it.emergency_address_sid,
        "emergency_address_status": "unregistered",
        "emergency_status": it.emergency_status,
        "identity_sid": it.identity_sid,
        "origin": "twilio",
        "status": "in-use",
        "trunk_sid": it.trunk_sid,
        "type": it.kind,
        "date_created": rfc2822(it.created),
        "date_updated": rfc2822(it.updated),
        "uri": f"/{VERSION}/Accounts/{it.account_sid}/IncomingPhoneNumbers/{it.sid}.json",
    }


def short_code(it: Number) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "short_code": it.phone_number,
        "friendly_name": it.friendly_name,
        "api_version": VERSION,
        "sms_url": it.sms_url,
        "sms_method": it.sms_method,
        "sms_fallback_url": it.sms_fallback_url,
        "sms_fallback_method": it.sms_fallback_method,
        "date_created": rfc2822(it.created),
        "date_updated": rfc2822(it.updated),
        "uri": f"/{VERSION}/Accounts/{it.account_sid}/SMS/ShortCodes/{it.sid}.json",
    }


def to_xml(data: dict[str, Any], name: str) -> str:
    """Write a resource as the 2010 API does when the path has no `.json`: `from` becomes `<From>`."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>{_element(name, data)}</TwilioResponse>'


def _element(name: str, value: Any) -> str:
    tag = camel(name)
    if value is None:
        return f"<{tag}/>"
    if isinstance(value, dict):
        return f"<{tag}>{''.join(_element(k, v) for k, v in value.items())}</{tag}>"
    if isinstance(value, list):
        return f"<{tag}>{''.join(_element(name.removesuffix('s'), v) for v in value)}</{tag}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{tag}>{escape(text)}</{tag}>"
