"""One HTTP request to a public address. No connection and no credentials of the host go along, no cookie is kept."""

import json
import time
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Annotated, Any, Literal
from urllib.parse import urljoin, urlsplit

import certifi
from pydantic import Field
from twilio_connector.connector.context import LONGEST_WAIT, ActionContext
from twilio_connector.connector.errors import InvalidInput, OutcomeUnknown, Refused, TryLater
from twilio_connector.connector.inputs import Hint, Inputs, KeyValues
from twilio_connector.connector.payload import json_default, text_of
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

from .public import manager

MAX_BYTES = 4 << 20
MAX_SECONDS = 300
_REDIRECTS = 5
_SAFE = frozenset({"GET", "HEAD"})
_BUSY = frozenset({429, 503})
_SERVER_FAILED = 500
_REDIRECT = 300
_NOT_MODIFIED = 304
_FAILED = 400
_PERHAPS_DONE = frozenset({302, 303})  # "see there what became of it" (RFC 9110, 15.4.4), and what servers mean by 302


class Request(Inputs):
    """Where to, and how."""

    url: Annotated[str, Field(title="URL", description="http:// or https://.", examples=["https://example.com/items"])]
    connection: Annotated[
        None, Field(title="Connection", description="Not used: give what the service asks for in the headers.")
    ] = None
    headers: Annotated[KeyValues, Field(title="Headers", description="More headers.")] = ()
    query_params: Annotated[KeyValues, Field(title="Query Params", description="Added to the URL.")] = ()
    response_type: Annotated[
        Literal["json", "text", "xml", "binary"],
        Field(title="Response Type", description="What to make of the answer; JSON that is none stays text."),
    ] = "json"
    timeout: Annotated[
        int | None, Field(title="Timeout", description="Milliseconds; 30 s if empty.", ge=1, le=MAX_SECONDS * 1000)
    ] = None
    include_full_response: Annotated[
        bool,
        Field(title="Include Full Response", description="Give status and headers, too, and never fail for a status."),
    ] = False
    max_retries: Annotated[int, Field(title="Max Retry Count", description="How often to try again.", ge=0, le=10)] = 0
    retry_delay_ms: Annotated[
        int, Field(alias="retryDelayMS", title="Retry Delay (ms)", description="Between tries.", ge=0, le=60_000)
    ] = 0
    retry_on_all_errors: Annotated[
        bool, Field(title="Retry On All Errors", description="Also where the service said no.")
    ] = False
    use_exponential_backoff: Annotated[
        bool, Field(title="Use Exponential Backoff", description="Double the delay each time.")
    ] = False
    ignore_ssl_errors: Annotated[
        Literal["false"],
        Field(title="Ignore SSL Errors", description="Certificates are always checked."),
        Hint(shown=False),
    ] = "false"
    debug_request: Annotated[
        bool, Field(title="Debug Request", description="Not used: requests may hold secrets."), Hint(shown=False)
    ] = False


class RequestWithData(Request):
    """Where to, how, and what."""

    data: Annotated[Any, Field(title="Data", description="A text, sent as it is; anything else is sent as JSON.")] = (
        None
    )


def get(context: ActionContext, inputs: Request) -> Any:
    return _send(context, "GET", inputs, None)


def head(context: ActionContext, inputs: Request) -> Any:
    return _send(context, "HEAD", inputs, None)


def post(context: ActionContext, inputs: RequestWithData) -> Any:
    return _send(context, "POST", inputs, inputs.data)


def put(context: ActionContext, inputs: RequestWithData) -> Any:
    return _send(context, "PUT", inputs, inputs.data)


def patch(context: ActionContext, inputs: RequestWithData) -> Any:
    return _send(context, "PATCH", inputs, inputs.data)


def delete(context: ActionContext, inputs: RequestWithData) -> Any:
    return _send(context, "DELETE", inputs, inputs.data)


def _send(context: ActionContext, method: str, inputs: Request, data: Any) -> Any:
    """Try, and again as often as is asked for. Raises the error of the last try."""
    _check(inputs.url)
    attempt = 0
    while True:
        try:
            return _once(method, inputs, data)
        except (TryLater, OutcomeUnknown, Refused) as error:
            again = isinstance(error, TryLater | OutcomeUnknown) or inputs.retry_on_all_errors
            wait = error.retry_after or 0.0
            if attempt == inputs.max_retries or not again or wait > LONGEST_WAIT:
                raise
            factor = 2**attempt if inputs.use_exponential_backoff else 1
            context.sleep(max(inputs.retry_delay_ms / 1000 * factor, wait))
            attempt += 1


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput("url: must be a whole address, such as https://example.com/items", field="url")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("url: holds a user name or password; give them in a header", field="url")


def _once(method: str, inputs: Request, data: Any) -> Any:
    body, content_type = _body(data)
    headers = {name: text_of(value) for name, value in inputs.headers}
    if content_type and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = content_type
    seconds = (inputs.timeout or 30_000) / 1000
    deadline = time.monotonic() + seconds
    with manager(deadline, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where(), timeout=seconds) as pool:
        response = _answered(
            method,
            lambda: pool.request(
                method,
                _with_query(inputs),
                body=body,
                headers=headers,
                preload_content=False,
                redirect=method in _SAFE,
                retries=_following(headers),
            ),
        )
        content = _answered(method, lambda: _content(response))
    return _result(method, inputs, response, content)


def _following(headers: Mapping[str, str]) -> Retry:
    """Redirects only. To another host go none of the flow's headers: any of them may be a key."""
    return Retry(
        total=_REDIRECTS,
        connect=0,
        read=0,
        status=0,
        other=0,
        redirect=_REDIRECTS,
        respect_retry_after_header=False,  # the step says what was answered, and waits itself
        remove_headers_on_redirect=[*Retry.DEFAULT_REMOVE_HEADERS_ON_REDIRECT, *headers],
    )


def _answered(method: str, act: Callable[[], Any]) -> Any:
    """What goes wrong on the way, said in the errors of a step."""
    try:
        return act()
    except MaxRetryError as error:
        reason = error.reason or error
        unreached = isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError)
        untrusted = isinstance(reason, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(reason)
        never_left = unreached or untrusted  # another TLS failure may come once the request has gone
        raise _lost(method, reason, never_left=never_left) from None
    except (OSError, HTTPError) as error:
        raise _lost(method, error, never_left=False) from None
    except (ValueError, UnicodeError) as error:
        raise InvalidInput(f"headers: cannot be sent: {error}", field="headers") from None


def _lost(method: str, reason: Exception, *, never_left: bool) -> TryLater | OutcomeUnknown:
    if never_left or method in _SAFE:
        return TryLater(f"no answer: {type(reason).__name__}")
    return OutcomeUnknown(f"no answer, and the request may have arrived: {type(reason).__name__}")


def _with_query(inputs: Request) -> str:
    from urllib.parse import urlencode

    pairs = [(name, text_of(value)) for name, value in inputs.query_params]
    if not pairs:
        return inputs.url
    base, mark, fragment = inputs.url.partition("#")
    return f"{base}{'&' if '?' in base else '?'}{urlencode(pairs)}{mark}{fragment}"


def _body(data: Any) -> tuple[bytes | None, str]:
    """The bytes and their type. A trigger's body, ``{"data": …, "contentType": …}``, is sent with its own type."""
    if isinstance(data, Mapping) and data.keys() == {"data", "contentType"}:
        inner, content_type = _body(data["data"])
        return inner, content_type if isinstance(data["data"], Mapping | list) else data["contentType"] or content_type
    match data:
        case None:
            return None, ""
        case bytes():
            return data, "application/octet-stream"
        case str():
            return data.encode(), "application/json" if _is_json(data) else "text/plain; charset=utf-8"
    return json.dumps(data, default=json_default).encode(), "application/json"


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _content(response: BaseHTTPResponse) -> bytes:
    """Raises Refused for an answer that is too large."""
    parts: list[bytes] = []
    size = 0
    for part in response.stream(65_536, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise Refused(f"the answer is larger than {MAX_BYTES} bytes; ask for less at a time")
    return b"".join(parts)


def _result(method: str, inputs: Request, response: BaseHTTPResponse, content: bytes) -> Any:
    data = _read(inputs.response_type, content, response.headers.get("Content-Type", ""))
    if inputs.include_full_response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return {"data": data, "status": response.status, "statusText": response.reason or "", "headers": headers}
    if response.status < _REDIRECT or response.status == _NOT_MODIFIED:
        return data
    said = f"{urlsplit(inputs.url).hostname} answered {response.status} {response.reason or ''}".rstrip()
    if response.status < _FAILED:
        to = _elsewhere(inputs.url, response.headers.get("Location", ""))
        if response.status in _PERHAPS_DONE and method not in _SAFE:
            raise OutcomeUnknown(
                f"{said}{to}: it may have been done; look before you repeat it", status=response.status
            )
        raise Refused(
            f"{said}{to}; look whether the address is right, or ask for the full response", status=response.status
        )
    if response.status in _BUSY or (response.status >= _SERVER_FAILED and method in _SAFE):
        wait = response.headers.get("Retry-After", "")
        seconds = float(wait) if wait.isdecimal() and len(wait) < 6 else None  # noqa: PLR2004 (a day, and no more)
        raise TryLater(said, status=response.status, retry_after=seconds)
    if response.status >= _SERVER_FAILED:
        raise OutcomeUnknown(said, status=response.status)
    raise Refused(said, status=response.status)


def _elsewhere(url: str, location: str) -> str:
    """Where a redirect leads that is not followed, without what in it may be secret."""
    try:
        parts = urlsplit(urljoin(url, location))
        to = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        location = ""
    return f", which leads to {to}" if location else " and not where to go instead"


def _read(kind: str, content: bytes, content_type: str) -> Any:
    if kind == "binary":
        return content
    text = _decoded(content, content_type)
    if kind == "json" and text:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _decoded(content: bytes, content_type: str) -> str:
    """As the answer says that it is written; UTF-8 where it says nothing that is known."""
    header = Message()
    header["Content-Type"] = content_type
    try:
        return content.decode(header.get_content_charset("utf-8"), "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
