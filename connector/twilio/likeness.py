"""Whether what Twilio lists may be what was sent. Twilio has no key of the sender's for it, so what it shows must do.

Sources: https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/voice/api/call-resource,
https://www.twilio.com/docs/messaging/features/link-shortening, https://www.twilio.com/docs/messaging/services/smart-encoding-char-list.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["same", "perhaps", "other"]
Sent = Mapping[str, Sequence[str]]
"""What was sent: Twilio's names, each with its values."""

INSTEAD = ("CallerId", "FallbackFrom")
"""What Twilio may show as the sender instead of From: who a call says it is from, who carries what RCS does not."""
TRIAL = "Sent from your Twilio trial account - "
_NATIONAL = re.compile(r"[0-9]{9,}")
_URL = re.compile(r"https?://\S+|\b[\w.-]+\.\w+/\S+")
_PLAIN = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How things of a kind are compared. ``moved``: the time that says it is older than everything after it in the list."""

    compare: Callable[[Sent, Mapping[str, Any]], Verdict]
    moved: str
    hidden: Callable[[Sent], bool] = lambda _: False


def sent_values(pairs: Iterable[tuple[str, str]]) -> Sent:
    """What was sent, by name."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def filters(sent: Sent) -> dict[str, str]:
    """What to list. Twilio completes a number without a country, so that one is no filter; see :func:`_same_address`.

    Nor is a sender that may not be the one shown.
    """
    sure = ("To",) if set(INSTEAD) & sent.keys() else ("To", "From")
    return {name: sent[name][-1] for name in sure if name in sent and not _is_national(sent[name][-1])}


def _is_national(address: str) -> bool:
    return bool(_NATIONAL.fullmatch(address.rpartition(":")[2]))


def compare_calls(sent: Sent, found: Mapping[str, Any]) -> Verdict:
    """A call shows neither its URL nor its TwiML, so whom it joins is all there is."""
    return "same" if found.get("direction") == "outbound-api" and _between(sent, found) else "other"


def compare_messages(sent: Sent, found: Mapping[str, Any]) -> Verdict:
    """The same text and as many media, between the same two."""
    if found.get("direction") != "outbound-api" or not _between(sent, found) or not _service(sent, found):
        return "other"
    if "ContentSid" in sent or _one(sent, "ContentRetention") == "discard":
        return "perhaps"  # what the template says, or the text that was not kept, is not there to compare
    return _text(sent, found) if _media(sent, found) else "other"


def hidden_message(sent: Sent) -> bool:
    """True where Twilio does not keep the number, so that the message cannot be found by it."""
    return _one(sent, "AddressRetention") == "obfuscate"


def _one(sent: Sent, name: str) -> str:
    return sent[name][-1] if sent.get(name) else ""


def _between(sent: Sent, found: Mapping[str, Any]) -> bool:
    senders = [_one(sent, name) for name in ("From", *INSTEAD) if name == "From" or sent.get(name)]
    return _same_address(_one(sent, "To"), found.get("to")) and any(
        _same_address(sender, found.get("from")) for sender in senders
    )


def _same_address(wanted: str, address: Any) -> bool:
    if not wanted or not isinstance(address, str):  # a service has not chosen its sender yet
        return True
    if not _is_national(wanted):
        return address == wanted
    channel, _, number = wanted.rpartition(":")
    return address.startswith(channel) and address.endswith(
        number.lstrip("0")
    )  # a trunk's 0 is not dialled from abroad


def _service(sent: Sent, found: Mapping[str, Any]) -> bool:
    wanted = _one(sent, "MessagingServiceSid")
    return not wanted or found.get("messagingServiceSid") == wanted


def _media(sent: Sent, found: Mapping[str, Any]) -> bool:
    wanted, count = len(sent.get("MediaUrl", ())), str(found.get("numMedia") or "0")
    return count == str(wanted) or (wanted > 0 and count == "0" and str(found.get("sid")).startswith("MM"))


def _text(sent: Sent, found: Mapping[str, Any]) -> Verdict:
    wanted, got = _blanks(_one(sent, "Body")), _blanks(str(found.get("body") or "").removeprefix(TRIAL))
    if wanted == got:
        return "same"
    return "perhaps" if _is_rewritten(sent) and _gist(wanted) == _gist(got) else "other"


def _is_rewritten(sent: Sent) -> bool:
    """Smart encoding replaces characters, also where only the service asks for it; links may be shortened."""
    return "true" in {_one(sent, "SmartEncoded"), _one(sent, "ShortenUrls")} or "MessagingServiceSid" in sent


def _blanks(text: str) -> str:
    return " ".join(text.split())


def _gist(text: str) -> str:
    """The letters and digits, without links: what no rewriting of Twilio's changes."""
    return "".join(_PLAIN.findall(_URL.sub("", text)))


MESSAGE = Likeness(compare=compare_messages, moved="dateSent", hidden=hidden_message)
CALL = Likeness(compare=compare_calls, moved="startTime")
KINDS: Mapping[str, Likeness] = {"message": MESSAGE, "call": CALL}
"""By the resource's name: what may be sent once."""
