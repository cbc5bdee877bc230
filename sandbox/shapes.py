"""Twilio's JSON of each resource (API 2010-04-01): snake case, RFC 2822 dates, strings where Twilio has strings."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from .errors import DELIVERY
from .records import Account, Alert, ApiKey, Media, Message, Number

VERSION = "2010-04-01"


def rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment.astimezone(UTC)) if moment else None


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
        "sms_application_sid": "",
        "voice_url": it.voice_url,
        "voice_method": it.voice_method,
        "voice_fallback_url": "",
        "voice_fallback_method": "POST",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "status_callback": it.status_callback,
        "status_callback_method": it.status_callback_method,
        "address_requirements": "none",
        "address_sid": None,
        "beta": False,
        "bundle_sid": None,
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "twilio",
        "status": "in-use",
        "trunk_sid": None,
        "type": "local",
        "date_created": rfc2822(it.created),
        "date_updated": rfc2822(it.updated),
        "uri": f"/{VERSION}/Accounts/{it.account_sid}/IncomingPhoneNumbers/{it.sid}.json",
    }


def alert(it: Alert) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "error_code": str(it.error_code),
        "alert_text": it.text,
        "date_created": it.created.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "resource_sid": it.resource_sid,
        "request_url": it.url,
        "response_status": it.status,
        "response_body": it.response,
    }


def to_xml(data: dict[str, Any], name: str) -> str:
    """Write a resource as the 2010 API does when the path has no `.json`: `from` becomes `<From>`."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>{_element(name, data)}</TwilioResponse>'


def _element(name: str, value: Any) -> str:
    tag = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    if value is None:
        return f"<{tag}/>"
    if isinstance(value, dict):
        return f"<{tag}>{''.join(_element(k, v) for k, v in value.items())}</{tag}>"
    if isinstance(value, list):
        return f"<{tag}>{''.join(_element(name.removesuffix('s'), v) for v in value)}</{tag}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{tag}>{escape(text)}</{tag}>"
