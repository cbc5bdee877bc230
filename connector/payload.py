"""What a trigger is given and what it gives: a webhook request in, the platform's payload envelope out."""

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .context import ActionContext, utc_text

HeaderList = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A request as it came. ``url`` is the public one with its query, as the sender saw it; ``body`` its bytes, untouched."""

    method: str = "POST"
    url: str
    headers: HeaderList = ()
    body: bytes = b""
    path_fragment: str = ""

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The platform's envelope. ``raw_body`` is the request's bytes; ``body`` what they say, parsed; the context the rest."""

    context: ActionContext = field(default_factory=ActionContext, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    query_parameters: Mapping[str, Any] | None = None
    raw_body: bytes | None = None
    body: Any = None
    content_type: str | None = None
    path_fragment: str = ""

    def to_json(self) -> dict[str, Any]:
        """The envelope as JSON values with the platform's keys, the taker's own; the raw body as a Buffer object."""
        raw = None if self.raw_body is None else buffer(self.raw_body)
        return deepcopy(self.envelope()) | {"rawBody": {"data": raw, "contentType": self.content_type}}

    def envelope(self) -> dict[str, Any]:
        """The same with the raw body as bytes still, for who only reads it: it shares parts with others of its flow."""
        return {
            "headers": self.headers,
            "queryParameters": self.query_parameters,
            "rawBody": {"data": self.raw_body, "contentType": self.content_type},
            "body": {"data": self.body, "contentType": self.content_type},
            "pathFragment": self.path_fragment,
            **self.context.surroundings,
            "executionId": self.context.execution_id,
            "startedAt": self.context.started_at,
        }


def document(envelope: Any) -> Any:
    """What an envelope, as JSON values, says to a handler: the ``document`` in its body, or else the parsed body.

    An object where there is neither, so that a handler may look for its keys.
    """
    body = envelope.get("body") if isinstance(envelope, Mapping) else None
    data = body.get("data") if isinstance(body, Mapping) else None
    found = data.get("document") if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {} if data is None else data


def buffer(data: bytes) -> dict[str, Any]:
    """Bytes as JSON has them on the platform: Node's ``{"type": "Buffer", "data": [69, 120, …]}``."""
    return {"type": "Buffer", "data": list(data)}


def to_bytes(value: Any) -> bytes:
    """The bytes of a Buffer object, of text (UTF-8), or of bytes. Raises TypeError or ValueError for others."""
    match value:
        case bytes():
            return value
        case str():
            return value.encode()
        case {"type": "Buffer", "data": list(data)}:
            return bytes(data)
    message = f"expected text or a Buffer object, not {type(value).__name__}"
    raise TypeError(message)


def json_default(value: Any) -> Any:
    """For ``json.dumps(…, default=json_default)``: the platform's form of what units give and JSON has no form for."""
    from pydantic import BaseModel

    match value:
        case bytes():
            return buffer(value)
        case datetime():
            return utc_text(value)
        case BaseModel():
            return value.model_dump(by_alias=True)
        case Mapping():
            return dict(value)
        case Iterator() | AbstractSet():
            return list(value)
    return str(value)


def text_of(value: Any) -> str:
    """A value inside text: text as it is, None as nothing, bytes as UTF-8, anything else as JSON, where 5.0 is 5."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case float() if value.is_integer():
            return str(int(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=json_default)


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal and of one type, texts as they are: 1 is not true."""
    match left, right:
        case (list(), list()):
            return len(left) == len(right) and all(map(same, left, right))
        case (dict(), dict()):
            return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """What the caller of a webhook is answered."""

    status_code: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEnd:
    """How a flow ended, for the trigger that answers with it: what its last step gave, or the ``error`` that ended it."""

    data: Any = None
    content_type: str | None = None
    status_code: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerResult:
    """What a trigger emits.

    ``dedupe`` holds the identities of the event, what was signed first, the sender's own token after it: a request that
    shares any of them with an accepted one is a repetition. ``supersedes`` holds those of events that come too late once this
    one is accepted: such a request is a repetition of this one. Events with the same ``sequence`` run one after another, in
    the order in which they were accepted.

    ``response`` is the answer where the flow gives none, or not in time. ``wait`` says whether the sender is answered with the
    flow's end; None leaves that to the flow (``isSynchronous``). ``answer`` makes the answer of that end; without it the host
    does. ``polled_no_changes`` says that there is nothing for a flow to do: none is started, a poll's state is kept, a webhook
    is answered.
    """

    payload: Payload
    response: HttpResponse | None = None
    answer: Callable[[FlowEnd], HttpResponse] | None = None
    wait: bool | None = None
    dedupe: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    sequence: str = ""
    branch: str | None = None
    instance_state: Mapping[str, Any] | None = None
    cross_flow_state: Mapping[str, Any] | None = None
    polled_no_changes: bool = False
