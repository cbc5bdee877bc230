"""Create Message: what Twilio refuses, by Twilio's codes, and the record that it makes of what it takes.

https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource, and for the numbers that
always fail https://www.twilio.com/docs/iam/test-credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from mimetypes import guess_type
from urllib.parse import urlsplit

from . import templating
from .errors import TwilioError
from .inventory import E164
from .products import Content
from .records import Media, Message
from .segments import count
from .settings import new_sid
from .state import State
from .urls import is_url

MAX_BODY, MAX_MEDIA, MAX_PARAMETER = 1600, 10, 16_384  # characters, files, characters
SOONEST, LATEST = timedelta(seconds=300), timedelta(days=35)
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_SENDER = "+15005550006"
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
WHATSAPP = "whatsapp:"
CHANNELS = (WHATSAPP, "rcs:", "messenger:")
SHORT_CODE = re.compile(r"\d{3,8}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
CONTENT = re.compile(r"HX[0-9a-fA-F]{32}")

Form = Mapping[str, Sequence[str]]


def compose(state: State, account_sid: str, form: Form) -> Message:
    """Make the message that this request asks for. Raises TwilioError for what Twilio would refuse."""
    given = {key: values[-1].strip() for key, values in form.items()}
    to, service = _recipient(given.get("To", "")), given.get("MessagingServiceSid", "")
    sender = _sender(state, account_sid, given.get("From", ""), service)
    _check_content(given, form)
    content = _content(state, account_sid, given.get("ContentSid", ""))
    variables = templating.variables(given.get("ContentVariables", ""))
    _check_pair(sender, to)
    if state.has_opted_out(to, state.fellows(account_sid, sender, service)):
        raise TwilioError(21610)
    send_at = _schedule(state, given, service)
    body, urls = form.get("Body", [""])[-1], tuple(form.get("MediaUrl", ()))
    if content is not None:
        body, urls = templating.render(content, variables)
    now = state.settings.clock()
    return Message(
        sid=new_sid("MM" if urls else "SM"),
        account_sid=account_sid,
        direction="outbound-api",
        to=to,
        from_=sender,
        body=body,
        status="scheduled" if send_at else "accepted" if service else "queued",
        created=now,
        updated=now,
        send_at=send_at,
        messaging_service_sid=service or None,
        num_segments=0 if service else count(body),
        media=tuple(media_of(url) for url in urls),
        status_callback=_callback(given.get("StatusCallback", "")) or _usual_callback(state, given),
        parameters=tuple((key, value) for key, values in form.items() for value in values),
    )


def _recipient(to: str) -> str:
    if not to:
        raise TwilioError(21604)
    if to.startswith(CHANNELS):
        return to
    plain = re.sub(r"[\s().-]", "", to)
    if re.fullmatch(r"1?\d{10}", plain):  # Twilio reads a bare national number as one of the US
        plain = f"+1{plain[-10:]}"
    if plain in MAGIC_TO or not E164.fullmatch(plain):
        raise TwilioError(MAGIC_TO.get(plain, 21211), to)
    return plain


def _sender(state: State, account_sid: str, sender: str, service: str) -> str | None:
    if service:
        _check_service(state, account_sid, service)
    if not sender:
        _check_pool(state, service)
        return None
    if sender.startswith(WHATSAPP) and state.number(sender, account_sid) is None:
        raise TwilioError(63007)
    plain = sender if sender.startswith(CHANNELS) else re.sub(r"[().-]|(?<=\d)\s", "", sender)
    if sender.startswith(CHANNELS) or plain == MAGIC_SENDER:
        return plain
    if E164.fullmatch(plain) or SHORT_CODE.fullmatch(plain):
        return _owned(state, account_sid, plain)
    if not ALPHANUMERIC.fullmatch(sender):
        raise TwilioError(21212, sender)
    return sender


def _check_service(state: State, account_sid: str, service: str) -> None:
    known = state.services.get(service)
    if known is None or known.account_sid != account_sid:
        raise TwilioError(21701, service)


def _check_pool(state: State, service: str) -> None:
    """Check that a messaging service has a sender to choose; it chooses only when it sends."""
    if not service:
        raise TwilioError(21603)
    if not any(sender.service_sid == service for sender in state.senders.newest()):
        raise TwilioError(21703)


def _owned(state: State, account_sid: str, sender: str) -> str:
    if sender in MAGIC_FROM:
        raise TwilioError(MAGIC_FROM[sender], sender)
    if state.number(sender, account_sid) is None:
        raise TwilioError(21606, sender)
    return sender


def _check_content(given: Mapping[str, str], form: Form) -> None:
    media, content = form.get("MediaUrl", ()), given.get("ContentSid", "")
    if not given.get("Body") and not media and not content:
        raise TwilioError(21602 if "Body" in given else 21619)
    if len(form.get("Body", [""])[-1]) > MAX_BODY:
        raise TwilioError(21617)
    if len(media) > MAX_MEDIA:
        raise TwilioError(21623)
    bad = [url for url in media if not is_url(url)]
    if bad:
        raise TwilioError(21620, ", ".join(bad))
    if content and not CONTENT.fullmatch(content):
        raise TwilioError(20001, f"ContentSid {content} is not HX and 32 hexadecimal digits")


def _content(state: State, account_sid: str, sid: str) -> Content | None:
    known = state.contents.get(sid)
    if sid and (known is None or known.account_sid != account_sid):
        raise TwilioError(21655)
    return known


def _check_pair(sender: str | None, to: str) -> None:
    if sender is None:
        return
    if sender == to:
        raise TwilioError(21266)
    if to.startswith(WHATSAPP) != sender.startswith(WHATSAPP):
        raise TwilioError(21910)


def _schedule(state: State, given: Mapping[str, str], service: str) -> datetime | None:
    """Return when to send. Without a messaging service Twilio drops the schedule and sends at once."""
    text = given.get("SendAt", "")
    if not text or not service:
        return None
    if given.get("ScheduleType") != "fixed":
        raise TwilioError(20001, "SendAt needs ScheduleType=fixed")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise TwilioError(35114, text) from wrong
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not SOONEST <= moment - state.settings.clock() <= LATEST:
        raise TwilioError(35114, text)
    return moment


def _usual_callback(state: State, given: Mapping[str, str]) -> str:
    """Return the callback of the application or of the messaging service."""
    application = state.applications.get(given.get("ApplicationSid", ""))
    service = state.services.get(given.get("MessagingServiceSid", ""))
    own = application.message_status_callback or application.sms_status_callback if application else None
    return own or (service.status_callback if service else None) or ""


def _callback(url: str) -> str:
    if url and not is_url(url):
        raise TwilioError(21609, url)
    return url


def media_of(url: str) -> Media:
    return Media(new_sid("ME"), guess_type(urlsplit(url).path)[0] or "application/octet-stream", url)
