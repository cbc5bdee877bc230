"""Any request to any of Twilio's products, with the connection's credentials and nowhere else."""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.inputs import Hint, Inputs, KeyValues, Trimmed
from ..connector.payload import json_default, to_bytes
from ..connector.result import ActionResult, Example
from ..connector.twilio.client import Answer, TwilioClient
from ..connector.twilio.download import download
from ..connector.twilio.form import CONTENT_TYPE, is_form
from ..connector.twilio.resource import API_2010, form_pairs
from ..connector.twilio.retry import Retry

ACCOUNT = "$TWILIO_ACCOUNT_SID"
LONGEST_WAIT = 300.0
"""Seconds that all the waits between attempts may take together."""

_OURS = frozenset({"authorization", "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade"})  # fmt: skip  # noqa: E501
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def _headers(value: Any) -> Any:
    for name, content in value:
        if not _HEADER_NAME.fullmatch(str(name)) or not _HEADER_VALUE.fullmatch(str(content)):
            message = "a header is a name and one line of Latin-1 text"
            raise ValueError(message)
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            message = f"{name} is set by the connection; leave it out"
            raise ValueError(message)
    return value


class RawRequest(Inputs):
    """What to ask, where, and how patiently."""

    twilio_connection: TwilioConnection
    url: Annotated[
        Trimmed,
        Field(
            title="URL",
            description="The path only (/Accounts/$TWILIO_ACCOUNT_SID/Messages.json), below https://api.twilio.com/2010-04-01, "
            "or the full URL at any Twilio product, such as https://messaging.twilio.com/v1/Services. "
            "$TWILIO_ACCOUNT_SID stands for the connection's account, here and in the data.",
            examples=["/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"],
        ),
        Hint(placeholder="URL to call"),
    ]
    method: Annotated[
        Literal["DELETE", "GET", "HEAD", "LINK", "OPTIONS", "PATCH", "POST", "PURGE", "PUT", "UNLINK"],
        BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
        Field(title="Method", description="The HTTP method to use.", examples=["GET"]),
    ]
    data: Annotated[
        Any,
        Field(
            title="Data",
            description="The body. A JSON object or array in text is sent as JSON; other text as it is, as a form (key=value) "
            "unless a Content-Type header says otherwise; an object from an earlier step as a form.",
            examples=["To=%2B15551234567&From=%2B15557654321&Body=Hello"],
        ),
        Hint(placeholder="Data to send"),
    ] = None
    form_data: Annotated[
        KeyValues,
        Field(title="Form Data", description="The form data to be sent as a multipart form upload."),
        Hint(placeholder="Data to send"),
    ] = ()
    file_data: Annotated[
        KeyValues,
        Field(title="File Data", description="Files to be sent as a multipart form upload: text or binary data."),
        Hint(placeholder="Data to send"),
    ] = ()
    file_data_file_names: Annotated[
        KeyValues,
        Field(
            title="File Data File Names",
            description="File names to apply to the file data inputs. Keys must match the file data keys above.",
        ),
        Hint(placeholder="The file name to apply to a file"),
    ] = ()
    query_params: Annotated[
        KeyValues,
        Field(
            title="Query Parameter",
            description="Query parameters to send with the request: the part at the end of the URL, ?key1=value1&key2=value2.",
        ),
        Hint(placeholder="Query Parameter"),
    ] = ()
    headers: Annotated[
        KeyValues,
        AfterValidator(_headers),
        Field(
            title="Header",
            description="Headers to send with the request. The credentials are the connection's and are added by it.",
            examples=['[{"key": "Accept-Language", "value": "en"}]'],
        ),
        Hint(placeholder="Header"),
    ] = ()
    response_type: Annotated[
        Literal["arraybuffer", "document", "json", "text"],
        Field(
            title="Response Type",
            description="The type of data you expect in the response: json, text, or binary data (arraybuffer).",
            examples=["json"],
        ),
        Hint(placeholder="Response Type", required=True),
    ] = "json"
    timeout: Annotated[
        int | None,
        Field(
            title="Timeout",
            description="How long to wait for an answer, in milliseconds. Blank: as long as the connection says.",
            gt=0,
            le=600_000,
            examples=["2000"],
        ),
    ] = None
    retry_delay_ms: Annotated[
        int,
        Field(
            alias="retryDelayMS",
            title="Retry Delay (ms)",
            description="Milliseconds between attempts, when 'Use Exponential Backoff' is off. A Retry-After from Twilio wins.",
            ge=0,
            le=300_000,
        ),
        Hint(placeholder="Retry Delay"),
    ] = 0
    retry_all_errors: Annotated[
        bool,
        Field(
            title="Retry On All Errors",
            description="Try again after any error answer. Otherwise only after HTTP 429, HTTP 5xx and network errors. "
            "A POST that may have been done is never sent again.",
        ),
    ] = False
    max_retries: Annotated[
        int,
        Field(
            title="Max Retry Count",
            description="How many times to try again. Specify 0 for no retries.",
            ge=0,
            le=20,
        ),
        Hint(placeholder="Max Retries"),
    ] = 0
    use_exponential_backoff: Annotated[
        bool,
        Field(
            title="Use Exponential Backoff",
            description="Wait longer after each attempt: about 0.5, 1, 2, 4 … seconds. When on, 'Retry Delay (ms)' is ignored.",
        ),
    ] = False


def raw_request(
    context: ActionContext, inputs: RawRequest
) -> Annotated[ActionResult, Example({"messages": [], "page": 0, "page_size": 50, "next_page_uri": None})]:
    """Send a request and give what is answered. Raises ConnectorError for every answer that is not 2xx."""
    client = inputs.twilio_connection.client(context)
    url = client.resolve(_filled(inputs.url, client), root=API_2010)
    fetch = partial(download, client) if inputs.method in {"GET", "HEAD"} else client.send
    answer = fetch(
        method=inputs.method,
        url=url,
        params=tuple(_pairs(inputs.query_params, client)),
        **_content(inputs, client),
        timeout=inputs.timeout / 1000 if inputs.timeout else None,
        retry=_retry(inputs),
    )
    return ActionResult(data=_parsed(answer, inputs.response_type), content_type=answer.headers.get("Content-Type"))


def _retry(inputs: RawRequest) -> Retry:
    attempts = inputs.max_retries + 1
    if inputs.use_exponential_backoff:
        return Retry(attempts=attempts, longest=LONGEST_WAIT, all_errors=inputs.retry_all_errors)
    return Retry(
        attempts=attempts,
        first=inputs.retry_delay_ms / 1000,
        factor=1,
        jitter=False,
        longest=LONGEST_WAIT,
        all_errors=inputs.retry_all_errors,
    )


def _content(inputs: RawRequest, client: TwilioClient) -> dict[str, Any]:
    """The headers and the body."""
    headers = {"Accept": "application/json" if inputs.response_type == "json" else "*/*"}
    headers |= {str(name): str(value) for name, value in inputs.headers}
    multipart = inputs.form_data or inputs.file_data
    if multipart and inputs.data is not None:
        raise InvalidInput("data: give either Data or Form Data and File Data, not both", field="data")
    if multipart:
        return {"headers": _without_type(headers), "files": _files(inputs, client)}
    if inputs.data is None:
        return {"headers": headers}
    given = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    content_type, data = _body(_filled(inputs.data, client), given)
    return {"headers": headers if given else headers | {"Content-Type": content_type}, "data": data}


def _body(data: Any, given: str) -> tuple[str, bytes]:
    """A content type and the bytes of a body."""
    match data:
        case bytes() | {"type": "Buffer", "data": list()}:
            return "application/octet-stream", _bytes(data)
        case str():
            return "application/json" if _is_json(data) else CONTENT_TYPE, data.encode()
        case Mapping() if is_form(given) or (not given and _is_flat(data)):
            return CONTENT_TYPE, urlencode(list(form_pairs(data))).encode()
    return "application/json", json.dumps(data, default=json_default).encode()


def _bytes(data: Any) -> bytes:
    try:
        return to_bytes(data)
    except (TypeError, ValueError):
        raise InvalidInput("data: a Buffer's data are the numbers of its bytes, 0 to 255", field="data") from None


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _is_flat(data: Mapping[str, Any]) -> bool:
    items = (item for value in data.values() for item in (value if isinstance(value, list) else [value]))
    return not any(isinstance(item, Mapping | list) for item in items)


def _files(inputs: RawRequest, client: TwilioClient) -> list[tuple[str, tuple[str | None, bytes]]]:
    names = {str(key): str(value) for key, value in inputs.file_data_file_names}
    fields: list[tuple[str, tuple[str | None, bytes]]] = [
        (key, (None, value.encode())) for key, value in _pairs(inputs.form_data, client)
    ]
    for key, value in inputs.file_data:
        try:
            fields.append((str(key), (names.get(str(key), str(key)), to_bytes(value))))
        except (TypeError, ValueError):
            raise InvalidInput("fileData: a file is text or binary data", field="fileData") from None
    return fields


def _pairs(values: KeyValues, client: TwilioClient) -> list[tuple[str, str]]:
    return [(str(key), _filled(value, client)) for key, value in form_pairs(values)]


def _filled(value: Any, client: TwilioClient) -> Any:
    """A value with the account's SID in the place of its name."""
    match value:
        case str():
            return value.replace(ACCOUNT, client.account_sid)
        case Mapping() if value.get("type") != "Buffer":
            return {key: _filled(item, client) for key, item in value.items()}
        case list():
            return [_filled(item, client) for item in value]
    return value


def _without_type(headers: Mapping[str, str]) -> dict[str, str]:
    """Multipart's own content type names its boundary, so another one would make the body unreadable."""
    return {name: value for name, value in headers.items() if name.lower() != "content-type"}


def _parsed(answer: Answer, response_type: str) -> Any:
    if response_type == "arraybuffer":
        return answer.body
    text = answer.body.decode(errors="replace")
    if response_type != "json":
        return text
    try:
        return json.loads(answer.body) if answer.body else None
    except (ValueError, RecursionError):
        return text
