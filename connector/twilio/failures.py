"""The one boundary where what HTTP and Twilio say becomes an error that says what to do next.

Sources: https://www.twilio.com/docs/api/errors, https://www.twilio.com/docs/usage/twilios-response, RFC 9457.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from ..errors import ConnectionFailed, ConnectorError, InvalidInput, OutcomeUnknown, Refused, TryLater

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that do the same when they are done twice. Twilio has no idempotency key for the others."""

NOT_ACCEPTED = 20003
"""The credentials: they are wrong, or may not do this."""

ADVICE: Mapping[int, str] = {
    NOT_ACCEPTED: "check the connection's account SID, key and secret, and that they are of its region",
    20005: "the account is not active: look at it in the Twilio console",
    10001: "the account is not active: look at it in the Twilio console",
    20006: "these credentials do not reach this account: use its own, or leave subaccountSid blank",
    20008: "these are test credentials: use live ones",
    20009: "it is still being processed: try again when it has its final status",
    20403: "use a standard key, or give the restricted key this permission",
    20404: "check the SID, and that it is of this account and region",
    20429: "Twilio limits how much is asked at once: try again later",
    21211: "check the recipient's number (to)",
    21212: "check the sender (from)",
    21408: "allow this country in the console's messaging geographic permissions",
    21603: "give a sender (from)",
    21604: "give a recipient (to)",
    21606: "this sender cannot send this message: take a number of the account that can",
    21608: "a trial account sends to verified numbers only: verify it, or upgrade",
    21610: "the recipient has opted out: they must send START first",
    21609: "check the status callback's URL (statusCallback)",
    21611: "the sender's queue is full: try again when it has drained",
    21612: "Twilio has no route between these two numbers: take another sender",
    21614: "the recipient is not a mobile number",
    21617: "shorten the message to 1600 characters",
    21619: "give the message a text, media or a template",
    21620: "Twilio cannot use the media's address (mediaUrl)",
    21623: "give at most 10 media",
    21656: "check the template's variables (contentVariables)",
    21701: "check the messaging service (messagingServiceSid)",
    21703: "add a sender to the messaging service",
    21910: "sender and recipient must be of one channel: whatsapp: before both, or before none",
    30034: "register the sender for A2P 10DLC",
    30409: "it is not scheduled any more: it was sent or canceled",
    35114: "send between 300 seconds and 35 days ahead (sendAt)",
    35118: "scheduling needs a messaging service (messagingServiceSid)",
    63007: "the account has no such sender on this channel: register it, or check its spelling (from)",
    63016: "send a template (contentSid): the recipient has not written within 24 hours",
    70051: "the key may not do this: give it the permission, or use a standard key",
}
UNTRUSTED = (
    "baseUrl: the server's certificate is not trusted; "
    "behind a proxy that inspects TLS, name its CA file in REQUESTS_CA_BUNDLE"
)
_CONNECTION = frozenset({NOT_ACCEPTED, 20005, 10001, 20006, 20008, 20403, 70051})
_LATER = frozenset({20429, 21611, 14107, 63018})


@dataclass(frozen=True, slots=True)
class Said:
    """What an error body says, whichever of Twilio's forms it has."""

    code: int | None = None
    message: str = ""
    more_info: str | None = None


def failure(method: str, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> ConnectorError:
    """The error that an answer other than 2xx is."""
    said = read_error(body)
    kind = _kind(method, status, said.code)
    about = f"HTTP {status}" + (f", error {said.code}" if said.code else "")
    request_id = headers.get("Twilio-Request-Id")
    page = said.more_info or (f"https://www.twilio.com/docs/api/errors/{said.code}" if said.code else None)
    parts = [
        f"Twilio answered {about}: {said.message}".rstrip(": "),
        _advice(kind, said.code, status),
        f"see {page}" if page else "",
        f"request {request_id}" if request_id else "",
    ]
    return kind(
        "; ".join(part.rstrip(". ") for part in parts if part),
        status=status,
        code=said.code,
        request_id=request_id,
        more_info=page,
        retry_after=retry_after(headers.get("Retry-After"), now),
    )


def _kind(method: str, status: int, code: int | None) -> type[ConnectorError]:
    if status == 429 or code in _LATER:  # noqa: PLR2004  Too Many Requests: it was not processed
        return TryLater
    if status in {401, 407} or code in _CONNECTION or (status == 403 and code is None) or 300 <= status < 400:  # noqa: PLR2004
        return ConnectionFailed
    if status == 408 or status >= 500:  # noqa: PLR2004
        return TryLater if method in REPEATABLE else OutcomeUnknown
    return Refused


def _advice(kind: type[ConnectorError], code: int | None, status: int) -> str:
    if code is not None and code in ADVICE:
        return ADVICE[code]
    if 300 <= status < 400:  # noqa: PLR2004
        return "it is a redirect, which is not followed with credentials: check the base URL"
    if status == 404 and code is None:  # noqa: PLR2004  a file that is gone is told without a body
        return ADVICE[20404]
    general = {
        ConnectionFailed: "check the connection's credentials and what they may do",
        TryLater: "nothing was done: try again later",
        OutcomeUnknown: "it may have been done: look for it before repeating it",
    }
    return general.get(kind, "")


def read_error(body: bytes) -> Said:
    """Read an error body: Twilio's own, RFC 9457's, or a list of errors. What is none of these, HTML say, says nothing."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(content, Mapping):
        return Said()
    match content.get("errors"):
        case [Mapping() as first, *_] if "code" in first:
            return Said(_code(first.get("code")), _text(first.get("message")), _link(first.get("infoUrl")))
    message = _text(content.get("message")) or _text(content.get("detail")) or _text(content.get("title"))
    more_info = _link(content.get("more_info")) or _link(content.get("type"))
    return Said(_code(content.get("code")), message + _pointed(content.get("errors")), more_info)


def _pointed(problems: Any) -> str:
    if not isinstance(problems, Sequence) or isinstance(problems, str):
        return ""
    named = [f"{_text(p.get('pointer'))} {_text(p.get('detail'))}".strip() for p in problems if isinstance(p, Mapping)]
    return f" ({', '.join(named)})" if named else ""


def _code(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004


def _text(value: Any) -> str:
    return value[:1000] if isinstance(value, str) else ""


def _link(value: Any) -> str | None:
    return value[:300] if isinstance(value, str) and value.startswith("https://www.twilio.com/") else None


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds until a repetition is welcome, from a header that gives seconds or an HTTP date; None for what is neither."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now)
    return max(seconds, 0.0) if isfinite(seconds) else None


def _until(value: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return float("nan")
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def network_failure(method: str, error: OSError | ValueError) -> ConnectorError:
    """The error that no answer is. It never quotes the exception, which may quote the request."""
    import requests

    match error:
        case requests.exceptions.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            found: ConnectorError = ConnectionFailed(UNTRUSTED, field="baseUrl")
        case requests.exceptions.InvalidProxyURL():
            found = ConnectionFailed("HTTPS_PROXY: is no address of a proxy, such as http://proxy.example.com:3128")
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidHeader():
            found = InvalidInput("url: is none that can be called, or a header is not one line of text", field="url")
        case requests.RequestException() if _never_left(error):
            found = TryLater(
                "Twilio cannot be reached: nothing was sent; check the network, proxy, region and base URL"
            )
        case requests.Timeout():
            found = _no_answer(method, "did not answer in time")
        case requests.RequestException():
            found = _no_answer(method, "broke the connection before its answer was whole")
        case OSError():
            found = ConnectionFailed("REQUESTS_CA_BUNDLE: this file of trusted certificates cannot be read")
        case _:
            found = _no_answer(method, "answered with what cannot be read, perhaps a redirect to no URL")
    return found


def _no_answer(method: str, what: str) -> ConnectorError:
    if method in REPEATABLE:
        return TryLater(f"Twilio {what}: try again later")
    return OutcomeUnknown(f"Twilio {what}: it may have been done; look for it before repeating it")


def _never_left(error: Exception) -> bool:
    """True where no connection was made, so that Twilio cannot have seen anything.

    urllib3 blames the proxy for each connection through it that breaks, also once the request has passed: only what lies
    beneath tells.
    """
    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

    said = error.args[0] if error.args else None
    cause = getattr(said, "reason", said)
    if isinstance(cause, ProxyError):
        cause = cause.original_error
    no_tunnel = isinstance(cause, OSError) and str(cause).startswith("Tunnel connection failed")  # http.client's words
    return (
        no_tunnel
        or isinstance(error, requests.ConnectTimeout)
        or isinstance(cause, NewConnectionError | ConnectTimeoutError)
    )
