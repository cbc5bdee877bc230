"""What the caller of a webhook is answered: the flow's last result, the trigger's own answer, or what went wrong."""

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from ...connector.payload import HttpResponse
from .. import portable

_TWIML = re.compile(r"\s*<(\?xml|Response)[\s/>]")
_SERVERS_OWN = frozenset(
    "clear-site-data connection content-length content-security-policy content-type date server set-cookie "
    "transfer-encoding x-content-type-options".split()
)
_PARTS = {"statusCode", "contentType", "headers"}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def refusal(status: int, message: str, headers: Mapping[str, str] | None = None, **more: str) -> Response:
    """The one shape of all that is not an answer of a flow or trigger: JSON with ``error``."""
    return Response(json.dumps({"error": message} | more), status, headers, media_type="application/json")


def accepted(execution_id: str) -> Response:
    """The platform's answer to an asynchronous call."""
    return Response(json.dumps({"executionId": execution_id}), media_type="application/json")


def of_trigger(answer: HttpResponse) -> Response:
    """The trigger's own answer."""
    return _response(answer.body, answer.content_type, answer.status_code, answer.headers)


def of_result(result: Mapping[str, Any]) -> Response:
    """The last step's ``data, contentType, statusCode, headers``: text as TwiML or plain text, anything else as JSON.

    Data may itself be an answer, as a code step gives it: ``{"body", "contentType", "statusCode", "headers"}``.
    """
    said = {name: value for name, value in result.items() if value is not None}
    data = said.pop("data", None)
    if isinstance(data, Mapping) and "body" in data and data.keys() - {"body"} and data.keys() <= _PARTS | {"body"}:
        said, data = said | {name: data[name] for name in data.keys() - {"body"}}, data["body"]
    body, content_type = _body(data)
    headers = said.get("headers")
    return _response(
        body,
        str(said.get("contentType") or content_type),
        _status(said.get("statusCode")),
        headers if isinstance(headers, Mapping) else {},
    )


def _body(value: Any) -> tuple[str | bytes, str]:
    match value:
        case bytes():
            return value, "application/octet-stream"
        case {"type": "Buffer", "data": list(data)}:
            return bytes(data), "application/octet-stream"
        case str() if _TWIML.match(value):
            return value.lstrip(), "text/xml; charset=utf-8"  # Twilio refuses TwiML that begins with a blank line
        case str():
            return value, "text/plain; charset=utf-8"
        case None:
            return "", "text/plain; charset=utf-8"
    return json.dumps(value, default=_plain, ensure_ascii=False), "application/json"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"type": "Buffer", "data": list(value)}
    return json.loads(portable.dumps(value))


def _status(value: Any) -> int:
    """A status that can be sent; text is what integration files hold."""
    text = str(value or 200)
    return int(text) if re.fullmatch(r"[2-5]\d\d", text) else 200


def _response(body: str | bytes, content_type: str, status: int, headers: Mapping[str, Any]) -> Response:
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    bare = status in {204, 304}
    response = Response(b"" if bare else raw, status, {name: text for name, text in _sendable(headers)})
    if not bare:
        response.headers["content-type"] = _one_line(content_type)
    return response


def _sendable(headers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Headers without those that are the server's business, and without a line break that would forge another."""
    return [
        (name, _one_line(str(value)))
        for name, value in headers.items()
        if _HEADER.fullmatch(str(name)) and str(name).lower() not in _SERVERS_OWN
    ]


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip().encode("latin-1", "replace").decode("latin-1")
