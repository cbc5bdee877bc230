"""TwiML: what Twilio is to do, as XML. https://www.twilio.com/docs/voice/twiml, https://www.twilio.com/docs/messaging/twiml.

A document follows from a table of verbs, so that only what Twilio knows can be written, and text is always escaped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from .fields import MAX_CHARACTERS

MAX_BYTES = 64 * 1024
"""Of a document; Twilio refuses a longer one (error 11750)."""
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

_TOO_LONG = f"make more than {MAX_BYTES // 1024} KB of TwiML, which Twilio does not read: say less, or redirect"
_BLANK = frozenset({"finishOnKey"})
"""What means something when it is blank: no key ends the input. All else that is blank was left out."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of XML. Attributes that are None are left out."""

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    children: tuple["Element", ...] = ()

    def __str__(self) -> str:
        """The XML, escaped. Raises ValueError for characters that XML cannot hold."""
        attributes = "".join(f" {name}={quoteattr(_text(value))}" for name, value in self.attributes.items())
        inner = escape(_text(self.text), {"\r": "&#13;"}) + "".join(map(str, self.children))
        return f"<{self.name}{attributes}>{inner}</{self.name}>" if inner else f"<{self.name}{attributes}/>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What an element takes. ``main`` is the key that a plain value stands for, ``text`` the one that is the element's text.

    It has ``longest`` characters at most, and where children are ``required``, one of them at least.
    """

    name: str
    main: str = ""
    text: str = ""
    longest: int = MAX_BYTES
    required: bool = False
    attributes: frozenset[str] = frozenset()
    children: Mapping[str, "Verb"] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """All that it takes."""
        return [*([self.text] if self.text else []), *self.children, *sorted(self.attributes)]


def document(elements: Iterable[Element]) -> str:
    """The whole answer. Raises ValueError if it is longer than Twilio reads, or XML cannot hold it."""
    text = DECLARATION + str(Element("Response", children=tuple(elements)))
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(_TOO_LONG)
    return text


def checked(text: str) -> str:
    """TwiML that somebody else wrote, without the blanks before it. Raises ValueError saying what Twilio would not read."""
    document = text.lstrip("\ufeff \t\r\n")  # error 12100 for a blank line before the declaration
    if len(document.encode(errors="replace")) > MAX_BYTES:
        raise ValueError(_TOO_LONG)
    if "<!DOCTYPE" in document:
        message = "has a DOCTYPE, which TwiML has not; remove it"
        raise ValueError(message)
    try:
        root = ET.fromstring(document.encode())  # noqa: S314  without a DOCTYPE no entity grows
    except (ET.ParseError, ValueError, LookupError) as error:
        message = f"is no XML: {error}"
        raise ValueError(message) from None
    if root.tag != "Response":
        message = f"begins with <{root.tag[:40]}>, and TwiML with <Response>"
        raise ValueError(message)
    return document


def writable(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)


def elements(verbs: Mapping[str, Verb], steps: Iterable[tuple[str, Any]]) -> Iterator[Element]:
    """The elements of steps such as ``("say", "Hello")`` or ``("say", {"text": "Hello", "loop": 2})``. Raises ValueError."""
    for name, value in steps:
        if name not in verbs:
            raise ValueError(_unknown(name, "is no verb here", verbs))
        yield element(verbs[name], value)


def element(verb: Verb, value: Any) -> Element:
    """One element, from a plain value or an object. Raises ValueError."""
    attributes: dict[str, Any] = {}
    children: list[Element] = []
    text = ""
    for key, item in _given(verb, value).items():
        if key in verb.children:
            children += [element(verb.children[key], each) for each in (item if isinstance(item, list) else [item])]
        elif key in verb.attributes:
            attributes[key] = item
        elif key and key == verb.text:
            text = _text(item)
        else:
            raise ValueError(_unknown(key, f"means nothing to {verb.name}", verb.keys))
    if (verb.text and not text) or (verb.required and not children):
        message = f"{verb.name} needs {verb.text or ' or '.join(verb.children)}"
        raise ValueError(message)
    if len(text) > verb.longest:
        message = f"{verb.name} has {len(text)} characters; it holds at most {verb.longest}: shorten or split it"
        raise ValueError(message)
    return Element(verb.name, attributes, text, tuple(children))


def _given(verb: Verb, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):  # never the JSON text of one: a stranger's message must not choose attributes
        return {
            str(key): item for key, item in value.items() if item not in (None, "") or (item == "" and key in _BLANK)
        }
    if value in (None, ""):
        return {}
    if not verb.main:
        message = f"{verb.name} takes no plain value; leave it blank, or give an object with {', '.join(verb.keys)}"
        raise ValueError(message)
    return {verb.main: value}


def _text(value: Any) -> str:
    """A value as TwiML writes it: booleans in lower case, lists with blanks between."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return " ".join(map(_text, value))
        case Mapping():
            message = "holds an object where TwiML takes text"
            raise ValueError(message)
    text = str(value)
    if found := _NOT_XML.search(text):
        message = f"holds U+{ord(found[0]):04X}, a character that XML cannot hold"
        raise ValueError(message)
    return text


def _unknown(name: str, problem: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1)
    return f"{name} {problem}; " + (f"did you mean {close[0]}?" if close else f"there are {', '.join(names) or 'none'}")


def _verb(
    name: str,
    attributes: str = "",
    *,
    main: str = "",
    text: str = "",
    longest: int = MAX_BYTES,
    required: bool = False,
    **children: Verb,
) -> Verb:
    return Verb(
        name=name,
        main=main or text,
        text=text,
        longest=longest,
        required=required,
        attributes=frozenset(attributes.split()),
        children=dict(children),
    )


_CALLBACK = "statusCallback statusCallbackEvent statusCallbackMethod"
_RECORDED = "recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod"

SAY = _verb("Say", "voice language loop", text="text")
_PLAY = _verb("Play", "loop digits", text="url")
_PAUSE = _verb("Pause", "length", main="length")
_REDIRECT = _verb("Redirect", "method", text="url")

VOICE: Mapping[str, Verb] = {
    "say": SAY,
    "play": _PLAY,
    "pause": _PAUSE,
    "gather": _verb(
        "Gather",
        "action method input timeout numDigits finishOnKey speechTimeout speechModel enhanced language hints "
        "profanityFilter actionOnEmptyResult partialResultCallback partialResultCallbackMethod bargeIn",
        main="say",
        say=SAY,
        play=_PLAY,
        pause=_PAUSE,
    ),
    "dial": _verb(
        "Dial",
        f"action method timeout timeLimit callerId record trim hangupOnStar answerOnBridge ringTone referUrl referMethod "
        f"sequential recordingTrack {_RECORDED}",
        main="number",
        number=_verb("Number", f"sendDigits url method byoc {_CALLBACK}", text="text"),
        client=_verb("Client", f"url method {_CALLBACK}", text="text"),
        sip=_verb("Sip", f"username password url method {_CALLBACK}", text="text"),
        conference=_verb(
            "Conference",
            "muted beep startConferenceOnEnter endConferenceOnExit waitUrl waitMethod maxParticipants record region coach "
            f"participantLabel trim eventCallbackUrl {_CALLBACK} {_RECORDED}",
            text="text",
        ),
        queue=_verb("Queue", "url method reservationSid postWorkActivitySid", text="text"),
    ),
    "record": _verb(
        "Record",
        "action method timeout finishOnKey maxLength playBeep trim transcribe transcribeCallback recordingTrack "
        f"{_RECORDED}",
    ),
    "enqueue": _verb("Enqueue", "action method waitUrl waitUrlMethod workflowSid", text="text"),
    "leave": _verb("Leave"),
    "reject": _verb("Reject", "reason", main="reason"),
    "redirect": _REDIRECT,
    "hangup": _verb("Hangup"),
}

MESSAGING: Mapping[str, Verb] = {
    "message": _verb(
        "Message",
        "to from action method statusCallback",
        main="body",
        required=True,
        body=_verb("Body", text="text", longest=MAX_CHARACTERS),
        media=_verb("Media", text="url"),
    ),
    "media": _verb("Message", main="media", required=True, media=_verb("Media", text="url")),
    "redirect": _REDIRECT,
}
