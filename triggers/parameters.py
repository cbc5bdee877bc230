"""Parameters of a webhook, read as what they mean.

Twilio adds parameters and values without notice, and a webhook that is refused is lost. So whatever is not there, is blank,
repeats, or is not written as it should be, reads as None; what Twilio sent stands beside it, untouched.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from ..connections.twilio import TwilioConnection
from ..connector.context import utc_text
from ..connector.errors import WebhookRejected
from .signed import Heard, check_account

_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_CHANNEL = re.compile(r"([a-z]{2,20}):(.*)", re.DOTALL)
_KEPT = frozenset({"client", "sim", "sip", "sips"})
"""Prefixes that are part of the address: what is behind them is no number."""
_MAY_BE_BLANK = frozenset({"From", "To", "Body"})


@dataclass(frozen=True)
class Parameters:
    """What a request says, by Twilio's names."""

    said: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """What is there once and is not blank."""
        return self._texts.get(name)

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        return {name: value for name, value in self.said.items() if isinstance(value, str) and value.strip()}

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        return int(value) if value and _INTEGER.fullmatch(value) else None

    def number(self, name: str) -> float | None:
        value = self.text(name)
        return float(value) if value and _NUMBER.fullmatch(value) else None

    def flag(self, name: str) -> bool | None:
        return {"true": True, "false": False, "1": True, "0": False}.get((self.text(name) or "").lower())

    def moment(self, name: str) -> str | None:
        """ISO 8601 in UTC, of an RFC 2822 or ISO 8601 time."""
        return moment(self.text(name))

    def json(self, name: str) -> Any:
        """What JSON text says."""
        text = self.text(name)
        return parsed(text) if text else None

    def address(self, name: str) -> str | None:
        """A number as E.164, without its channel; a short code, a sender's name or a SIP address as it is."""
        return _split(self.text(name))[1]

    def channel(self, *names: str, usual: str) -> str:
        """The channel of the first address that has one: such as ``whatsapp``, ``rcs`` or ``sip``."""
        return next((channel for name in names if (channel := _split(self.text(name))[0])), usual)

    def place(self, end: str) -> dict[str, Any]:
        """Where the number at ``From`` or ``To`` is registered, as far as Twilio knows."""
        return {part.lower(): self.text(f"{end}{part}") for part in ("City", "State", "Zip", "Country")}

    def group(self, **names: str) -> dict[str, Any] | None:
        """Texts that belong together, by the keys given; None where none is there."""
        found = {key: self.text(name) for key, name in names.items()}
        return found if any(value is not None for value in found.values()) else None


def form_of(heard: Heard, connection: TwilioConnection, what: str, *required: str, parent: str = "") -> Parameters:
    """The parameters of a request that must be a form with ``required`` in it, each once, and be about our account.

    A signature does not say where one parameter ends and the next begins, so the ones that ``what`` must have are asked for.
    ``parent`` is the parameter that may name our account instead. Raises WebhookRejected.
    """
    said = heard.said
    if not heard.is_form or not isinstance(said, Mapping):
        raise WebhookRejected(f"the request is no form, and {what} is one; is this the URL for it at Twilio?")
    for name in ("AccountSid", *required):
        value = said.get(name)
        if not isinstance(value, str) or not (value or name in _MAY_BE_BLANK):
            problem = "is there more than once" if isinstance(value, list) else "is missing"
            raise WebhookRejected(
                f"{name}: {problem}, and {what} has it; is this the URL for it at Twilio?", field=name
            )
    check_account(connection.accounts, said["AccountSid"], said.get(parent))
    return Parameters(said)


def moment(text: str | None) -> str | None:
    """An ISO 8601 or RFC 2822 time as ISO 8601 in UTC with milliseconds."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = read(text or "")
            aware = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError):
            continue
        return utc_text(aware)
    return None


def parsed(text: str) -> Any:
    """What JSON text says; None where it is none, or has numbers that JSON does not know."""
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(digits: str) -> float:
    if math.isfinite(number := float(digits)):
        return number
    raise ValueError(digits)


def _split(address: str | None) -> tuple[str | None, str | None]:
    """The channel of an address, if it has one, and the address in it."""
    trimmed = address.strip() if address else None
    found = _CHANNEL.fullmatch(trimmed or "")
    if found is None:
        return None, trimmed
    channel, rest = found.groups()
    return (channel, trimmed) if channel in _KEPT else (channel, rest.strip() or None)
