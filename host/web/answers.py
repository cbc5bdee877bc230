"""Answers to callers of webhooks, as they go over the wire."""

import json
import re
from collections.abc import Iterator, Mapping

from starlette.responses import Response

from ...connector.payload import HttpResponse

_SERVERS_OWN = frozenset(
    {
        "cache-control",
        "clear-site-data",
        "connection",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "server",
        "set-cookie",
        "transfer-encoding",
        "x-content-type-options",
        "x-execution-id",
    }
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_NO_BODY = frozenset({204, 205, 304})
_DEFAULT_STATUS = 200


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None, **more: str) -> Response:
    """The one shape of what neither flow nor trigger said: JSON with ``error``, nothing of the inside."""
    return Response(json.dumps({"error": message} | more), status, headers, media_type="application/json")


def of(answer: HttpResponse) -> Response:
    """What a flow or a trigger says, without headers that are the server's business or would forge others."""
    status = _status(answer.status_code)
    headers = dict(_sendable(answer.headers))
    if status in _NO_BODY:
        return Response(status_code=status, headers=headers)
    body = answer.body.encode("utf-8", "replace") if isinstance(answer.body, str) else answer.body
    if "xml" in answer.content_type:
        body = body.lstrip()  # Twilio refuses TwiML that begins with a blank line
    return Response(body, status, headers | {"content-type": _one_line(answer.content_type)})


def _status(value: object) -> int:
    """A final status; flows may give it as text, and what is none becomes 200."""
    if value == _DEFAULT_STATUS and isinstance(value, int):
        return _DEFAULT_STATUS
    return int(str(value)) if re.fullmatch(r"[2-5][0-9]{2}", str(value)) else _DEFAULT_STATUS


def _sendable(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if _NAME.fullmatch(name) and name.lower() not in _SERVERS_OWN:
            yield name, _one_line(value)


def _one_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip().encode("latin-1", "replace").decode("latin-1")
