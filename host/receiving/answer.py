"""What a synchronous flow's caller is answered: its last result as text, XML or JSON."""

import json
from collections.abc import Mapping
from typing import Any

from ...connector.payload import FlowEnd, HttpResponse, buffer
from .results import Ended

_XML = ("<?xml", "<Response")


def answer(ended: Ended) -> HttpResponse:
    """The result of a flow that succeeded, with its own status, headers and content type."""
    data, given = ended.result.get("data"), ended.result.get("contentType")
    return HttpResponse(
        status_code=ended.result.get("statusCode") or 200,
        content_type=given or _content_type(data),
        body=data if isinstance(data, str | bytes) else "" if data is None else _json(data),
        headers={str(k): str(v) for k, v in (ended.result.get("headers") or {}).items()},
    )


def flow_end(ended: Ended) -> FlowEnd:
    """The same for a trigger that makes the answer itself. A result that was too large to keep is an error."""
    if ended.status == "succeeded" and "data" not in ended.result:
        return FlowEnd(error={"kind": "refused", "message": "the flow's result is too large to be an answer"})
    return FlowEnd(
        data=ended.result.get("data"),
        content_type=ended.result.get("contentType"),
        status_code=ended.result.get("statusCode"),
        headers=ended.result.get("headers") or {},
        error=(ended.error or {"kind": "failed", "message": "the flow failed"}) if ended.status == "failed" else None,
    )


def accepted(execution_id: str | None) -> HttpResponse:
    """The platform's answer where neither trigger nor flow gives one."""
    return as_json({"executionId": execution_id})


def too_late(execution_id: str) -> HttpResponse:
    """The flow goes on; the sender cannot wait for it."""
    error = {"kind": "retry", "message": "the flow did not end in time; it goes on, see its execution"}
    return as_json({"executionId": execution_id, "error": error}, status_code=504)


def as_json(value: Mapping[str, Any], *, status_code: int = 200) -> HttpResponse:
    return HttpResponse(status_code=status_code, content_type="application/json", body=_json(value))


def _content_type(data: Any) -> str:
    match data:
        case str() if data.lstrip().startswith(_XML):
            return "text/xml; charset=utf-8"
        case str() | None:
            return "text/plain; charset=utf-8"
        case bytes():
            return "application/octet-stream"
    return "application/json"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda v: buffer(v) if isinstance(v, bytes) else str(v))
