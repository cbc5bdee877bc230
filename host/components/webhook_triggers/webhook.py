"""A request from anywhere. Nothing shows who sent it: give the flow's URL to those you trust, or ask for an API key."""

import json
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Inputs, KeyValues
from twilio_connector.connector.payload import HttpResponse, Payload, TriggerResult, WebhookRequest, text_of


class Webhook(Inputs):
    """What to answer the caller of a flow that is not synchronous; by default the execution's id."""

    body: Annotated[str | None, Field(title="Response Body", description="What to answer.")] = None
    content_type: Annotated[
        str | None, Field(title="Response Content Type", description="What the answer is.", examples=["text/plain"])
    ] = None
    headers: Annotated[KeyValues, Field(title="Response Headers", description="Headers of the answer.")] = ()
    status_code: Annotated[
        int | None, Field(title="Response Status Code", description="200 unless given.", ge=200, le=599)
    ] = None


def webhook(context: ActionContext, request: WebhookRequest, inputs: Webhook) -> TriggerResult:
    """Take the request as it is. Raises InvalidInput, field ``body``, for JSON that is none."""
    content_type = request.header("content-type") or ""
    payload = Payload(
        context=context,
        headers=_joined(request.headers),
        query_parameters=_collected(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)) or None,
        raw_body=request.body,
        body=_parsed(request.body, content_type.partition(";")[0].strip().lower()),
        content_type=content_type or None,
        path_fragment=request.path_fragment,
    )
    return TriggerResult(payload=payload, response=_response(inputs))


def _parsed(body: bytes, media_type: str) -> Any:
    """What a JSON or form body says; None for others, whose bytes are in ``rawBody``."""
    try:
        if media_type == "application/json" or media_type.endswith("+json"):
            return json.loads(body) if body else None
        if media_type == "application/x-www-form-urlencoded":
            return _collected(parse_qsl(body.decode(), keep_blank_values=True))
    except (ValueError, RecursionError):
        raise InvalidInput(f"the body is not {media_type}; send what the Content-Type says", field="body") from None
    return None


def _collected(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """A name that is given twice has a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = (
            [*(found[name] if isinstance(found[name], list) else [found[name]]), value] if name in found else value
        )
    return found


def _joined(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _response(inputs: Webhook) -> HttpResponse | None:
    if not (inputs.body or inputs.content_type or inputs.headers or inputs.status_code):
        return None
    return HttpResponse(
        status_code=inputs.status_code or 200,
        content_type=inputs.content_type or "text/plain",
        body=inputs.body or "",
        headers={name: text_of(value) for name, value in inputs.headers},
    )
