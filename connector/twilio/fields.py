"""Types of inputs that several units take: addresses, identifiers, times."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator

from ..inputs import Trimmed, sid

_NUMBER = re.compile(r"\+?[\d\s().\-\u00a0\u2010-\u2013]+")
_SIP = re.compile(r"sips?:", re.IGNORECASE)
_NOT_DIALLED = re.compile(r"[^\d+]")


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
    return _sound(
        address if address.isprintable() else "", "is blank, or holds characters that no address has; copy it again"
    )


def _sound(address: str, problem: str) -> str:
    if not address:
        raise ValueError(problem)
    return address


Address: TypeAlias = Annotated[Trimmed, AfterValidator(tidy)]
"""Whom a message is from or to, in every form that Twilio takes."""

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
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
"""A point in time, from an ISO 8601 date (its first moment) or date-time; without an offset it is UTC."""
