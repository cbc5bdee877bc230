"""Create Call: what Twilio refuses, by Twilio's codes, and the record that it makes of what it takes.

https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource, and for the numbers that always fail
https://www.twilio.com/docs/iam/test-credentials.
"""

from __future__ import annotations

import re
from typing import Any

from . import forms
from .errors import TwilioError
from .forms import Form
from .inventory import E164
from .products import Program
from .sending import MAGIC_SENDER
from .state import State, program_of
from .urls import is_url

MAGIC_TO = {"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
MAGIC_FROM = "+15005550001"
MAX_TWIML = 4000  # characters
EVENTS = ("initiated", "ringing", "answered", "completed")
DIGITS = re.compile(r"[0-9A-D#*wW]{0,32}")
URLS = ("StatusCallback", "RecordingStatusCallback", "AsyncAmdStatusCallback", "FallbackUrl")
METHODS = ("Method", "FallbackMethod", "StatusCallbackMethod", "RecordingStatusCallbackMethod")


def compose(state: State, account_sid: str, form: Form) -> dict[str, Any]:
    """Return the fields of the call that this request asks for. Raises TwilioError for what Twilio would refuse."""
    given = {key: values[-1].strip() for key, values in form.items() if values}
    to, sender = callee(given.get("To", "")), _from(state, account_sid, given.get("From", ""))
    asked = program(state, form)
    if asked == Program():
        raise TwilioError(21205)
    _check(given, form)
    number = state.number(sender, account_sid)
    return {
        "to": to,
        "from_": given.get("CallerId") or sender,
        "program": asked,
        "asked": tuple((key, tuple(values)) for key, values in form.items()),
        "phone_number_sid": number.sid if number else None,
    }


def program(state: State, form: Form) -> Program:
    """Return what a call is to do: TwiML, or a URL, or an application's."""
    given = {key: values[-1].strip() for key, values in form.items() if values}
    if twiml := given.get("Twiml"):
        if len(twiml) > MAX_TWIML:
            raise TwilioError(20001, f"Twiml is longer than {MAX_TWIML} characters")
        return Program(twiml=twiml)
    if sid := given.get("ApplicationSid"):
        return _of_application(state, sid)
    if not (url := given.get("Url", "")):
        return Program()
    if not is_url(url):
        raise TwilioError(21205)
    fallback = given.get("FallbackUrl", "")
    return Program("", url, given.get("Method") or "POST", fallback, given.get("FallbackMethod") or "POST")


def _of_application(state: State, sid: str) -> Program:
    application = state.applications.get(sid)
    if application is None or not application.voice_url:
        raise TwilioError(21205 if application else 21218, sid)
    return program_of(application)


def callee(to: str) -> str:
    """Return whom to call. Raises TwilioError for nobody."""
    if not to:
        raise TwilioError(21201)
    if to.startswith(("client:", "sip:", "whatsapp:")):
        return to
    plain = re.sub(r"[\s().-]", "", to)
    if re.fullmatch(r"1?\d{10}", plain):  # Twilio reads a bare national number as one of the US
        plain = f"+1{plain[-10:]}"
    if plain in MAGIC_TO or not E164.fullmatch(plain):
        raise TwilioError(MAGIC_TO.get(plain, 21211), to)
    return plain


def _from(state: State, account_sid: str, sender: str) -> str:
    if not sender:
        raise TwilioError(21213)
    if sender.startswith(("client:", "sip:", "whatsapp:")) or sender == MAGIC_SENDER:
        return sender
    plain = re.sub(r"[\s().-]", "", sender)
    if sender == MAGIC_FROM or not E164.fullmatch(plain):
        raise TwilioError(21212, sender)
    if state.number(plain, account_sid) is None:
        raise TwilioError(21210, sender)
    return plain


def _check(given: dict[str, str], form: Form) -> None:
    for name in URLS:
        if given.get(name) and not is_url(given[name]):
            raise TwilioError(21609 if name == "StatusCallback" else 20001, _say(name, given[name]))
    for name in METHODS:
        if given.get(name, "POST") not in ("GET", "POST"):
            raise TwilioError(20001, f"{name} must be GET or POST")
    for text in form.get("StatusCallbackEvent", ()):
        if not set(text.split()) <= set(EVENTS):
            raise TwilioError(21626, text)
    if not DIGITS.fullmatch(given.get("SendDigits", "")):
        raise TwilioError(20001, "SendDigits holds digits, A to D, #, *, w and W, at most 32")
    if "Timeout" in given and not 1 <= forms.number("Timeout", given["Timeout"]) <= 600:  # noqa: PLR2004 -- seconds
        raise TwilioError(20001, "Timeout must be 1 to 600 seconds")


def _say(name: str, url: str) -> str:
    return url if name == "StatusCallback" else f"{name} must be an absolute URL"
