"""What an execution is about: one line of its event for lists, and the words and numbers by which it is found.

The host knows no component's payloads, so it goes by names that services share, such as ``From``, ``to`` and ``Body``, and by
Twilio's SIDs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = 160
MAX_TERMS = 24
MAX_TERM = 64
_DEPTH = 4
_PARTIES = ("from", "to")
_SAID = ("body", "text", "subject", "message")
_SHOWN = frozenset({*_PARTIES, *_SAID})
_TOLD = frozenset({*_PARTIES, "sender", "recipient", "phone", "email"})
_PREFIXED = re.compile(r"(?i)(whatsapp|messenger|sip|rcs):")
_NUMBER = re.compile(r"\+?[\d\s().-]{7,24}")
_WORD = re.compile(r"\w{2,}", re.UNICODE)
_ENDINGS = (10, 7)  # digits of a number that people write without its country, or without its area


def said(envelope: Any) -> Any:
    """What was said to the flow, without the envelope."""
    body = envelope.get("body") if isinstance(envelope, Mapping) else None
    return body.get("data") if isinstance(body, Mapping) else None


def subject(data: Any) -> str:
    """``+15551234567 → +15557654321: Hello``, of what the event has of it; empty where it has nothing."""
    if isinstance(data, str):
        return _line(data)
    named = _named(data)
    sender, recipient = (named.get(name, "") for name in _PARTIES)
    ways = " → ".join(way for way in (sender, recipient) if way)
    said = next((named[name] for name in _SAID if named.get(name)), "")
    return _line(": ".join(part for part in (ways, said) if part))


def terms(data: Any) -> list[str]:
    """Lower-case words and the digits of numbers, without doubles and no more than so many."""
    texts = [data] if isinstance(data, str) else _telling(data, _DEPTH)
    return list(dict.fromkeys(term for text in texts for term in words(text)))[:MAX_TERMS]


def words(text: str) -> Iterator[str]:
    """The terms of one text."""
    plain = _PREFIXED.sub("", text).strip()
    if _NUMBER.fullmatch(plain):
        digits = re.sub(r"\D", "", plain)
        yield digits
        yield from (digits[-length:] for length in _ENDINGS if len(digits) > length)
        return
    yield from (word.lower()[:MAX_TERM] for word in _WORD.findall(plain[:2000]))


def asked(text: str) -> list[str]:
    """The terms of which an execution must have each one to be found by this text, the longest first."""
    plain = _PREFIXED.sub("", text).strip()
    number = re.sub(r"\D", "", plain)
    if _NUMBER.fullmatch(plain):
        return [number]
    found = dict.fromkeys(word.lower()[:MAX_TERM] for word in _WORD.findall(plain))
    return sorted(found, key=lambda word: (-len(word), word))[:8]


def _named(data: Any) -> dict[str, str]:
    """Of an object the texts that a line shows, by name in lower case; those of a document in it first."""
    if not isinstance(data, Mapping):
        return {}
    inner = _named(data.get("document")) if isinstance(data.get("document"), Mapping) else {}
    shown = [(low, data[name]) for name in data if (low := str(name).lower()) in _SHOWN]
    return {name: value for name, value in shown if isinstance(value, str)} | inner


def _telling(data: Any, depth: int) -> Iterator[str]:
    """The values that tell an event from others: who, to whom, what was said, and ids, but not whose account it is."""
    if not isinstance(data, Mapping) or depth == 0:
        return
    for name, value in data.items():
        key = str(name).lower()
        if isinstance(value, str) and key in _TOLD:
            yield value
    for name, value in data.items():
        key = str(name).lower()
        if isinstance(value, str) and key.endswith("sid") and key not in {"accountsid", "messagingservicesid"}:
            yield value
    for name, value in data.items():
        if isinstance(value, str) and str(name).lower() in _SAID:
            yield value
    for value in data.values():
        yield from _telling(value, depth - 1)


def _line(text: str) -> str:
    """On one line, in characters that every database and page takes."""
    plain = " ".join(text.encode("utf-8", "replace").decode().replace("\0", "").split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
