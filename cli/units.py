"""``invoke`` and ``receive``: a component's units from the shell."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from ..connector.component import Action, Unit, load
from ..connector.context import ActionContext
from ..connector.errors import ConnectionFailed, ConnectorError, InvalidInput
from ..connector.payload import WebhookRequest
from ..connector.result import ActionResult
from .output import write_data, write_json

U = TypeVar("U", bound=Unit)

FORM = "application/x-www-form-urlencoded"


def invoke(source: str, action: str, connection: Path | None, inputs: str, save: Path | None) -> None:
    """Run an action and print or save what it gives."""
    unit = _unit(load(source).actions, action, "action")
    if save is not None:
        _require_place(save)
    result = unit.run(ActionContext(), _values(unit, connection, inputs))
    data = result.data if isinstance(result, ActionResult) else result
    if save is None or not isinstance(data, bytes | str):
        write_data(data)
        if save is not None:
            print(f"{save}: not written: the result is data, neither bytes nor text", file=sys.stderr)
        return
    write_json({"data": {"path": str(save), "size": _saved(save, data)}})


def receive(
    source: str,
    trigger: str,
    connection: Path | None,
    url: str,
    method: str,
    headers: Sequence[str],
    body: str | None,
    inputs: str,
) -> None:
    """Give a trigger a request and print the payload."""
    unit = _unit(load(source).triggers, trigger, "trigger")
    request = WebhookRequest(method=method.upper(), url=url, headers=_headers(headers, body), body=_read(body))
    write_json(unit.receive(ActionContext(), request, _values(unit, connection, inputs)).payload.to_json())


def unit_of(source: str, action: str) -> Action:
    """An action of a component. Raises InvalidInput."""
    return _unit(load(source).actions, action, "action")


def action_values(unit: Unit, connection: Path | None, inputs: str) -> dict[str, Any]:
    """What the action is given. Raises InvalidInput or ConnectionFailed."""
    return _values(unit, connection, inputs)


def read_text(path: Path, field: str) -> str:
    """A file's text. Raises InvalidInput."""
    return _decode(_read(str(path)), field, InvalidInput)


def _unit(units: Mapping[str, U], key: str, kind: str) -> U:
    if key in units:
        return units[key]
    close = get_close_matches(key, units, n=1)
    mend = f"did you mean {close[0]}?" if close else f"there are {', '.join(units)}"
    raise InvalidInput(f"there is no {kind} {key}; {mend}", field=kind)


def _values(unit: Unit, connection: Path | None, inputs: str) -> dict[str, Any]:
    given = _inputs(inputs)
    if connection is None:
        return given
    return dict.fromkeys(unit.connection_inputs, _connection(connection)) | given


def _inputs(text: str) -> dict[str, Any]:
    if text == "-" or text.startswith("@"):
        text = _decode(_read(text.removeprefix("@")), "inputs", InvalidInput)
    return _object(text, "inputs", InvalidInput)


def _connection(path: Path) -> dict[str, Any]:
    try:
        data = _read(str(path))
    except InvalidInput as error:
        raise ConnectionFailed(str(error), field="connection") from None
    return _object(_decode(data, "connection", ConnectionFailed), "connection", ConnectionFailed)


def _object(text: str, field: str, raised: type[ConnectorError]) -> dict[str, Any]:
    """A JSON object. The text itself is never shown: it may hold credentials."""
    try:
        value = json.loads(text)
    except ValueError as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise raised(f"{field}: is not JSON{where}", field=field) from None
    if not isinstance(value, dict):
        raise raised(f'{field}: must be a JSON object, such as {{"key": "value"}}', field=field)
    return value


def _decode(data: bytes, field: str, raised: type[ConnectorError]) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise raised(f"{field}: is not UTF-8", field=field) from None


def _read(path: str | None) -> bytes:
    if path is None:
        return b""
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}", field=path) from None


def _headers(lines: Sequence[str], body: str | None) -> tuple[tuple[str, str], ...]:
    headers = tuple(_header(line) for line in lines)
    if body is None or any(name.lower() == "content-type" for name, _ in headers):
        return headers
    return (*headers, ("Content-Type", FORM))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise InvalidInput(f"header: {line!r} must be 'Name: value'", field="header")
    return name.strip(), value.strip()


def _require_place(path: Path) -> None:
    """Refuse a file that could not be written before anything is done: who sees an error may do the action again."""
    place = path if path.exists() else path.parent
    if path.is_dir() or not place.exists() or not os.access(place, os.W_OK):
        raise InvalidInput(
            f"save: {path} cannot be written; name a file in a folder that you may write to", field="save"
        )


def _saved(path: Path, data: bytes | str) -> int:
    """Write the result; its size in bytes. Raises InvalidInput."""
    try:
        return path.write_bytes(data.encode() if isinstance(data, str) else data)
    except OSError as error:
        message = f"save: {path} cannot be written: {error.strerror}; the action was done: do not repeat it unawares"
        raise InvalidInput(message, field="save") from None
