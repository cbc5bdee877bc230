"""A conversation as its phone shows it: who the contacts are, and bubbles with what became of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from .errors import DELIVERY
from .products import PhoneCall
from .records import Alert, Media, Message
from .state import State

PAUSE = timedelta(minutes=15)  # after which the time is shown again
MARKS = {
    "received": ("sent", "Sent"),
    "accepted": ("clock", "Accepted"),
    "scheduled": ("clock", "Scheduled"),
    "queued": ("clock", "Queued"),
    "sending": ("clock", "Sending"),
    "sent": ("sent", "Sent"),
    "delivered": ("delivered", "Delivered"),
    "undelivered": ("failed", "Undelivered"),
    "failed": ("failed", "Failed"),
    "canceled": ("failed", "Canceled"),
}


@dataclass(frozen=True, slots=True)
class Bubble:
    sid: str
    mine: bool  # sent from the phone that the page shows
    body: str
    media: tuple[Media, ...]
    at: datetime
    mark: str  # the icon: clock, sent, delivered or failed
    status: str
    trouble: str  # what went wrong, for a person
    after_pause: bool
    ends_group: bool  # the other side speaks next, or nobody


@dataclass(frozen=True, slots=True)
class Contact:
    address: str
    name: str
    last: Message | None


def ends(message: Message) -> tuple[str, str]:
    """Return the handset and the other end."""
    if message.direction == "inbound":
        return message.from_ or "", message.to
    return message.to, message.from_ or ""


def handsets(state: State) -> list[str]:
    """Return the phones there are: those of the settings, then every other that a message named."""
    known = dict.fromkeys(state.settings.handsets)
    return list(known | dict.fromkeys(ends(message)[0] for message in state.messages()))


def contacts(state: State, handset: str) -> list[Contact]:
    """Return whom a phone can text, on its own channel, and whoever texted it, the latest first."""
    channel = handset[: handset.rfind(":") + 1]
    last: dict[str, Message] = {}
    for message in state.messages():
        phone, other = ends(message)
        if phone == handset and other:
            last.setdefault(other, message)
    numbers = [it for it in state.numbers.values() if not channel or it.phone_number.startswith("+")]
    names = {f"{channel}{it.phone_number}": it.friendly_name for it in numbers}
    known = list(last) + [address for address in names if address not in last]
    return [Contact(address, _name(names.get(address, ""), address), last.get(address)) for address in known]


def _name(friendly: str, address: str) -> str:
    return "" if friendly == address.rpartition(":")[2] else friendly


def bubbles(state: State, handset: str, other: str) -> list[Bubble]:
    """Return what the two said to each other, oldest first."""
    said = [message for message in reversed(state.messages()) if ends(message) == (handset, other)]
    alerts = {alert.resource_sid: alert for alert in reversed(state.alerts())}
    return list(_bubbles(said, alerts))


def calls(state: State, handset: str, other: str) -> list[PhoneCall]:
    """Return the calls between the two, the latest first."""
    return [call for call in state.calls.newest() if {call.from_, call.to} == {handset, other}]


def _bubbles(said: list[Message], alerts: dict[str, Alert]) -> Iterator[Bubble]:
    before = None
    for message, following in pairwise([*said, None]):
        if message is None:
            continue
        mine = message.direction == "inbound"
        mark, status = MARKS.get("delivered" if message.heard else message.status, ("clock", message.status.title()))
        yield Bubble(
            sid=message.sid,
            mine=mine,
            body=message.body,
            media=message.media,
            at=message.created,
            mark=mark,
            status=status,
            trouble=_trouble(message, alerts.get(message.sid)),
            after_pause=before is None or message.created - before.created > PAUSE,
            ends_group=following is None or (following.direction == "inbound") != mine,
        )
        before = message


def _trouble(message: Message, alert: Alert | None) -> str:
    if message.error_code:
        return f"{DELIVERY.get(message.error_code, 'Failed')} ({message.error_code})"
    return f"{alert.text} ({alert.error_code})" if alert else ""


def is_typing(bubbles: list[Bubble]) -> bool:
    """Tell whether a webhook is at work on the last text: it was called and has neither answered nor failed."""
    return bool(bubbles) and bubbles[-1].mine and bubbles[-1].mark == "sent" and not bubbles[-1].trouble


def pretty(address: str) -> str:
    """Write a number of North America as people do; leave all else as it is."""
    channel, colon, number = address.rpartition(":")
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return f"{channel}{colon}+1 {match[1]} {match[2]} {match[3]}" if match else address


def initials(address: str) -> str:
    """Two characters for a round picture: letters of a name, or the last digits of a number."""
    words = [word for word in address.replace("_", " ").split() if word[0].isalpha()]
    return "".join(word[0] for word in words[:2]).upper() or address[-2:]
