"""What a webhook answers: TwiML or plain text, read without trusting it.

https://www.twilio.com/docs/messaging/twiml
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

NOT_XML, NOT_TWIML, WRONG_TYPE = 12100, 12200, 12300  # codes of Twilio's debugger
DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")  # a document type, and with it entities


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send; empty `to` or `from_` means the ends of the conversation."""

    body: str = ""
    media: tuple[str, ...] = ()
    to: str = ""
    from_: str = ""
    status_callback: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str
    method: str = "POST"


class BadReply(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def read(content_type: str, body: bytes) -> list[Reply | Redirect]:
    """Return what the answer asks for, in its order. Raises BadReply with the debugger's code."""
    if not body.strip():
        return []
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/plain":
        return [Reply(body.decode("utf-8", "replace"))]
    if kind not in ("text/xml", "application/xml", "text/html"):
        raise BadReply(WRONG_TYPE, f"Content-Type {kind or 'is missing'}: use text/xml or text/plain")
    return [_verb(verb) for verb in parse(body)]


def parse(body: bytes) -> ET.Element:
    """Return the <Response>. Raises BadReply with the debugger's code."""
    try:
        text = body.decode("utf-8")
        if DECLARATION.search(text):
            raise BadReply(NOT_XML, "a document type or an entity is not allowed in TwiML")
        root = ET.fromstring(text)  # noqa: S314 -- no declaration, so nothing to expand or to fetch
    except (ET.ParseError, UnicodeDecodeError) as wrong:
        raise BadReply(NOT_XML, f"the answer is not XML: {wrong}") from wrong
    if root.tag != "Response":
        raise BadReply(NOT_TWIML, f"the root is <{root.tag}>; TwiML begins with <Response>")
    return root


def _verb(verb: ET.Element) -> Reply | Redirect:
    if verb.tag == "Redirect":
        return Redirect((verb.text or "").strip(), verb.get("method", "POST").upper())
    if verb.tag not in ("Message", "Sms"):
        raise BadReply(NOT_TWIML, f"<{verb.tag}> is no verb of messaging; use <Message> or <Redirect>")
    bodies = [part.text or "" for part in verb if part.tag == "Body"]
    return Reply(
        body="".join(bodies) if bodies else (verb.text or "").strip(),
        media=tuple((part.text or "").strip() for part in verb if part.tag == "Media"),
        to=verb.get("to", ""),
        from_=verb.get("from", ""),
        status_callback=verb.get("statusCallback", verb.get("action", "")),
    )
