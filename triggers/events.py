"""What makes an event of Twilio's the same event: the rules by which a host drops repetitions.

A signature has no time in it, so whoever saw a request can send it again, with a new idempotency token if they like: the
first identity is therefore made from what was signed, and the next is the signature itself. Parameters can be put in another
order, or cut at other places (``A=1&B=2`` and ``A=1B2`` are signed alike), and the signature still holds: it is the same event
then. Twilio's own retries carry the same token, the last identity.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from ..connector.payload import WebhookRequest
from ..connector.twilio.signature import SIGNATURE_HEADER

TOKEN_HEADER = "I-Twilio-Idempotency-Token"  # noqa: S105  a header's name

_RULES: Sequence[tuple[str, ...]] = (
    ("ConferenceSid", "SequenceNumber"),
    ("TranscriptionSid", "TranscriptionStatus"),
    ("RecordingSid", "RecordingStatus"),
    ("CallSid", "CallbackSource", "SequenceNumber"),
    ("MessageSid", "MessageStatus"),
    ("MessageSid", "SmsStatus"),
)
"""Parameters that together name one event; the first rule whose parameters are all there holds."""

_OF_FALLBACKS = ("ErrorCode=", "ErrorUrl=")
"""What Twilio adds where the first address failed (https://www.twilio.com/docs/usage/security/availability-reliability)."""


def identities(request: WebhookRequest, said: Any, *names: str, ordered: bool = False) -> tuple[str, ...]:
    """The identities of an accepted request; it repeats another if they share one of them.

    ``names`` are the parameters that name its event, where it is known what kind it is of; ``ordered`` are the events of
    which one overtakes others.
    """
    token = request.header(TOKEN_HEADER)
    content = _named(request, said, names, ordered=ordered) if names else _content(request, said)
    if content is not None:
        known = (content, f"signature:{request.header(SIGNATURE_HEADER)}")
        return (*known, f"token:{token}") if token else known
    # A call asks for instructions again and again, now and then in the same words: only Twilio's token tells a retry.
    return (f"{_hash(request)}:token:{token}",) if token else ()


def overtaken(
    request: WebhookRequest, said: Mapping[str, Any], names: Sequence[str], order: Sequence[str]
) -> tuple[str, ...]:
    """The identities of the events that come too late after this one.

    Those differ from it in the last of ``names`` alone, and ``order`` has their value before its own. What it does not have
    overtakes nothing.
    """
    last = said[names[-1]]
    earlier = order[: order.index(last)] if last in order else ()
    return tuple(_named(request, {**said, names[-1]: each}, names, ordered=True) for each in earlier)


def _named(request: WebhookRequest, said: Mapping[str, Any], names: Sequence[str], *, ordered: bool = False) -> str:
    """A redirect in TwiML asks the same about the same message, with another query.

    The query of a GET has all that Twilio says besides, in which the event that is overtaken differs too, and a fallback.
    """
    query = request.url.partition("?")[2]
    if request.method.upper() == "GET":
        query = "" if ordered else "&".join(part for part in query.split("&") if not part.startswith(_OF_FALLBACKS))
    asked = f":{sha256(query.encode()).hexdigest()[:16]}" if query else ""
    return f"{names[0]}:{':'.join([said[name] for name in names])}{asked}"


def _content(request: WebhookRequest, said: Any) -> str | None:
    if not isinstance(said, dict):
        return _events(said) or _hash(request)
    for rule in _RULES:
        if rule[0] in said and rule[-1] in said and _are_told(said, rule):
            return _named(request, said, rule)
    if "CallSid" in said:
        return None
    if said.get("specversion") and isinstance(said.get("id"), str):
        return f"event:{said['id']}"
    return _hash(request)


def _are_told(said: Mapping[str, Any], names: Sequence[str]) -> bool:
    for name in names:
        value = said.get(name)
        if not value or not isinstance(value, str):
            return False
    return True


def _events(said: Any) -> str | None:
    """A batch of CloudEvents is one event here: a batch that shares only some of another's is not its repetition."""
    if not isinstance(said, list) or not said:
        return None
    ids = [event.get("id") for event in said if isinstance(event, Mapping) and event.get("specversion")]
    if len(ids) != len(said) or not all(isinstance(each, str) for each in ids):
        return None
    return (
        f"event:{ids[0]}" if len(ids) == 1 else f"events:{sha256(' '.join(sorted(map(str, ids))).encode()).hexdigest()}"
    )


def _hash(request: WebhookRequest) -> str:
    signed = request.url.partition("#")[0].encode() + b"\0" + request.body
    return f"signed:{sha256(signed).hexdigest()}"
