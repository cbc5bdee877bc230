"""TwiML of a call, read for what it does and how long it takes; nobody hears it.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from .twiml import NOT_TWIML, WRONG_TYPE, BadReply, Redirect, parse

WORDS_A_SECOND = 2.5
MAX_LENGTH = 3600  # seconds of one verb
PROMPTS = frozenset({"Say", "Play", "Pause"})  # in a <Gather>
RUNG = frozenset({"Dial", "Number", "Client", "Sip"})  # where it says whom <Dial> rings


@dataclass(frozen=True, slots=True)
class Talk:
    """Something that takes its time and leaves nothing behind: words, music, a pause."""

    seconds: int


@dataclass(frozen=True, slots=True)
class RecordVerb:
    seconds: int
    action: Redirect  # where the call goes on; blank is the document that says so
    transcribe: bool = False
    transcribe_callback: str = ""
    recording_callback: str = ""


@dataclass(frozen=True, slots=True)
class Dial:
    seconds: int
    to: tuple[str, ...]  # who is rung at once; blank if nobody, none for a conference or a queue
    action: Redirect | None
    caller_id: str = ""


@dataclass(frozen=True, slots=True)
class Gather:
    seconds: int  # in which nothing is pressed or said
    action: Redirect  # where the call goes on with what was; blank is the document that says so
    listens_for: frozenset[str]  # dtmf, speech or both
    most: int  # digits; 0 for as many as are pressed
    finish: str  # the key that ends them
    tells_nothing: bool  # its action is asked without input too


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class Reject:
    """Leaves a call that comes in unanswered, as the first verb; a call that was answered ends as by <Hangup>.

    https://www.twilio.com/docs/voice/twiml/reject.
    """

    status: str  # busy or no-answer


Doing = Talk | RecordVerb | Dial | Gather
Verb = Doing | Hangup | Reject | Redirect


def read(content_type: str, body: bytes) -> list[Verb]:
    """Return what the answer asks for, in its order. Raises BadReply with the debugger's code."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("audio/"):
        return [Talk(1)]
    if kind == "text/plain":
        return [Talk(spoken(body.decode("utf-8", "replace")))]
    if kind not in ("text/xml", "application/xml", "text/html"):
        raise BadReply(WRONG_TYPE, f"Content-Type {kind or 'is missing'}: use text/xml")
    return verbs(body)


def verbs(body: bytes) -> list[Verb]:
    return [_verb(element) for element in parse(body)]


def _verb(element: ET.Element) -> Verb:
    if element.tag not in VERBS:
        raise BadReply(NOT_TWIML, f"<{element.tag}> is no verb of voice; use one of {', '.join(VERBS)}")
    return VERBS[element.tag](element)


def _record(element: ET.Element) -> RecordVerb:
    return RecordVerb(
        seconds=min(_number(element, "maxLength", 2), 2),  # the other end says little
        action=_action(element),
        transcribe=element.get("transcribe", "false").lower() == "true" or "transcribeCallback" in element.attrib,
        transcribe_callback=element.get("transcribeCallback", ""),
        recording_callback=element.get("recordingStatusCallback", ""),
    )


def _dial(element: ET.Element) -> Dial:
    """https://www.twilio.com/docs/voice/twiml/dial."""
    nouns = [(noun.tag, (noun.text or "").strip()) for noun in (element, *element)]
    to = [f"client:{name}" if tag == "Client" else name for tag, name in nouns if tag in RUNG and name]
    action = _action(element)
    return Dial(
        seconds=1,
        to=tuple(to if to or len(element) else [""]),
        action=action if action.url else None,
        caller_id=element.get("callerId", ""),
    )


def _gather(element: ET.Element) -> Gather:
    """https://www.twilio.com/docs/voice/twiml/gather."""
    prompts = (VERBS[it.tag](it) for it in element if it.tag in PROMPTS)
    return Gather(
        seconds=sum(it.seconds for it in prompts if isinstance(it, Talk)) + _number(element, "timeout", 5),
        action=_action(element),
        listens_for=frozenset(element.get("input", "dtmf").split()),
        most=_number(element, "numDigits", 0),
        finish=element.get("finishOnKey", "#")[:1],
        tells_nothing=element.get("actionOnEmptyResult", "false").lower() == "true",
    )


def _action(element: ET.Element) -> Redirect:
    return Redirect(element.get("action", "").strip(), element.get("method", "POST").upper())


def _number(element: ET.Element, name: str, usual: int) -> int:
    text = element.get(name, str(usual))
    return min(int(text), MAX_LENGTH) if text.isascii() and text.isdigit() and len(text) < 9 else usual  # noqa: PLR2004


def spoken(text: str) -> int:
    return max(1, round(len(text.split()) / WORDS_A_SECOND))


def _say(element: ET.Element) -> Talk:
    return Talk(spoken(" ".join(element.itertext())))


VERBS: dict[str, Callable[[ET.Element], Verb]] = {
    "Say": _say,
    "Play": lambda _: Talk(1),
    "Pause": lambda it: Talk(_number(it, "length", 1)),
    "Gather": _gather,
    "Dial": _dial,
    "Record": _record,
    "Redirect": lambda it: Redirect((it.text or "").strip(), it.get("method", "POST").upper()),
    "Hangup": lambda _: Hangup(),
    "Reject": lambda it: Reject("busy" if it.get("reason") == "busy" else "no-answer"),
    "Enqueue": lambda _: Talk(1),
    "Leave": lambda _: Hangup(),
    "Connect": lambda _: Talk(1),
    "Start": lambda _: Talk(0),
    "Stop": lambda _: Talk(0),
    "Sms": lambda _: Talk(0),
    "Message": lambda _: Talk(0),
}
