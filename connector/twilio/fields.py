"""Types of inputs that several units take: addresses, identifiers, times."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from ..inputs import Hint, Trimmed, Values, sid, trim

_NUMBER = re.compile(r"\+?[0-9\s().\-\u00a0\u2010-\u2013]+")
_SIP = re.compile(r"sips?:", re.IGNORECASE)
_NOT_DIALLED = re.compile(r"[^0-9+]")
WHATSAPP = "whatsapp:"
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
MAX_CHARACTERS = 1600


def tidy(address: str) -> str:
    """An address as Twilio takes it: a number without the blanks, dashes, dots and parentheses that people write into it.

    Short codes, alphanumeric senders, SIDs and addresses of channels (``whatsapp:+1…``, ``sip:…``) stay as they are. A number
    without a country is not guessed at.
    """
    if _NUMBER.fullmatch(address):
        number = _NOT_DIALLED.sub("", address)
        return _sound(number if number.strip("+") else "", "holds no digits; write a number as +15551234567")
    if not _SIP.match(address) and ("," in address or ";" in address):
        message = "must be one address; send to several with a loop"
        raise ValueError(message)
    if address.lower().startswith(WHATSAPP):
        return WHATSAPP + tidy(address[len(WHATSAPP) :].strip())
    return _sound(
        address if address.isprintable() else "", "is blank, or holds characters that no address has; copy it again"
    )


def _sound(address: str, problem: str) -> str:
    if not address:
        raise ValueError(problem)
    return address


def whatsapp(address: str) -> str:
    """A tidy address as one of WhatsApp's. A messaging service stays what it is."""
    if address.startswith(WHATSAPP) or SERVICE_SID.fullmatch(address):
        return address
    if ":" in address:
        message = "is an address of another channel; give a number, or whatsapp: and the number"
        raise ValueError(message)
    return WHATSAPP + address


Address: TypeAlias = Annotated[Trimmed, AfterValidator(tidy)]
"""Whom a message is from or to, in every form that Twilio takes."""

WhatsAppAddress: TypeAlias = Annotated[Address, AfterValidator(whatsapp)]
"""The same on WhatsApp: plain numbers get their ``whatsapp:``."""

ServiceSid: TypeAlias = Annotated[Trimmed, sid("MG")]
ContentSid: TypeAlias = Annotated[Trimmed, sid("HX")]
MessageSid: TypeAlias = Annotated[Trimmed, sid("SM", "MM")]


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        message = "must be a date or a time in ISO 8601, such as 2026-11-21 or 2026-11-21T09:30:00Z"
        raise ValueError(message) from None


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        message = "must lie between the years 1 and 9999 in UTC"
        raise ValueError(message) from None


Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
"""A point in time, from an ISO 8601 date (its first moment) or date-time; without an offset it is UTC."""


def _fits(text: str) -> str:
    if not text.strip():  # error 21602 or 21619
        message = "is blank; give a text"
        raise ValueError(message)
    if len(text) > MAX_CHARACTERS:  # error 21617, found before anything is sent
        message = f"has {len(text)} characters; a message holds at most {MAX_CHARACTERS}: shorten or split it"
        raise ValueError(message)
    return text


MessageText: TypeAlias = Annotated[str, AfterValidator(_fits)]
"""What a message says; its blanks are kept."""


def web_address(url: str) -> str:
    """Raises ValueError for what is no whole http or https URL."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme.lower() in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url:
        message = "must be a full web address, such as https://example.com/status"
        raise ValueError(message)
    return url


WebAddress: TypeAlias = Annotated[Trimmed, AfterValidator(web_address)]
"""A URL that Twilio calls or fetches from."""

WebAddresses: TypeAlias = Annotated[Values, AfterValidator(lambda urls: tuple(web_address(trim(url)) for url in urls))]


def _named(value: Any) -> Any:
    """An object of texts, as JSON text; numbers are written as texts, which is what Twilio takes."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping) or not all(isinstance(item, str | int | float) for item in found.values()):
        message = 'must be an object of texts, such as {"1": "Ada"}'
        raise ValueError(message)
    return json.dumps({str(key): _text(item) for key, item in found.items()}, ensure_ascii=False)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


Variables: TypeAlias = Annotated[str, BeforeValidator(_named), Hint(type="code", language="json")]
"""The variables of a content template. Given as an object, or as its JSON text."""
