"""A request from anywhere. Nothing shows who sent it: give the flow's URL to those you trust, or ask for an API key."""

import json
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field as Input
from python_multipart.multipart import Field, File, FormParser, parse_options_header
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Inputs, KeyValues
from twilio_connector.connector.payload import HttpResponse, Payload, TriggerResult, WebhookRequest, text_of


class Webhook(Inputs):
    """What to answer the caller of a flow that is not synchronous; by default the execution's id."""

    body: Annotated[str | None, Input(title="Response Body", description="What to answer.")] = None
    content_type: Annotated[
        str | None, Input(title="Response Content Type", description="What the answer is.", examples=["text/plain"])
    ] = None
    headers: Annotated[KeyValues, Input(title="Response Headers", description="Headers of the answer.")] = ()
    status_code: Annotated[
        int | None, Input(title="Response Status Code", description="200 unless given.", ge=200, le=599)
    ] = None


def webhook(context: ActionContext, request: WebhookRequest, inputs: Webhook) -> TriggerResult:
    """Take the request as it is. Raises InvalidInput, field ``body``, for JSON that is none."""
    content_type = request.header("content-type") or ""
    payload = Payload(
        context=context,
        headers=_joined(request.headers),
        query_parameters=_collected(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)) or None,
        raw_body=request.body,
        body=_parsed(request.body, content_type),
        content_type=content_type or None,
        path_fragment=request.path_fragment,
    )
    return TriggerResult(payload=payload, response=_response(inputs))


def _parsed(body: bytes, content_type: str) -> Any:
    """What a JSON or form body says; None for others, whose bytes are in ``rawBody``."""
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        if media_type == "application/json" or media_type.endswith("+json"):
            return json.loads(body) if body else None
        if media_type == "application/x-www-form-urlencoded":
            return _collected(parse_qsl(body.decode(), keep_blank_values=True))
        if media_type == "multipart/form-data":
            return _collected(_parts(body, content_type))
    except (ValueError, RecursionError):
        raise InvalidInput(f"the body is not {media_type}; send what the Content-Type says", field="body") from None
    return None


def _parts(body: bytes, content_type: str) -> list[tuple[str, Any]]:
    """Fields as text, files as the platform has them, ``{"data", "contentType"}``. Raises ValueError, also for half a form."""
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise ValueError("no boundary")
    parts: list[tuple[str, Any]] = []
    ends: list[bool] = []

    def add_field(field: Field) -> None:
        parts.append(((field.field_name or b"").decode(), (field.value or b"").decode()))

    def add_file(file: File) -> None:
        file.file_object.seek(0)
        data, kind = file.file_object.read(), file.content_type or "application/octet-stream"
        parts.append(((file.field_name or b"").decode(), {"data": data, "contentType": kind}))

    in_memory = {"MAX_MEMORY_FILE_SIZE": len(body) + 1}
    parser = FormParser(
        "multipart/form-data", add_field, add_file, lambda: ends.append(True), boundary=boundary, config=in_memory
    )
    parser.write(body)
    parser.finalize()
    if not ends:
        raise ValueError("ends early")
    return parts


def _collected(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
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
