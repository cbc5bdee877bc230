"""What a handler answers with, filled as it goes: ``def handler(payload, response)``, as App Services and Stitch have it.

Their ``setBody``, ``setHeader``, ``addHeader`` and ``setStatusCode`` are ``set_body``, ``set_header``, ``add_header`` and
``set_status_code`` here.
"""

import re
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from typing import Any

from .result import ActionResult

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_UNSET: Any = object()


@dataclass(slots=True)
class Response:
    """The answer to whoever called. What is not set is left to what the handler returns."""

    _body: Any = _UNSET
    _status_code: int | None = None
    _headers: dict[str, str] = field(default_factory=dict)

    def set_body(self, body: Any) -> None:
        """Text, bytes, or anything that JSON can hold; None is an empty body. It comes before what the handler returns."""
        self._body = body

    def set_status_code(self, code: int) -> None:
        """An HTTP status from 200 to 599. Raises ValueError."""
        if isinstance(code, bool) or not isinstance(code, int) or not 200 <= code <= 599:  # noqa: PLR2004
            raise ValueError(f"the status code must be a number from 200 to 599, not {code!r}")
        self._status_code = code

    def set_header(self, name: str, value: str) -> None:
        """One header of that name, whatever its case; ``Content-Type`` says what the body is. Raises ValueError."""
        self._headers[_header(name, value)] = str(value)

    def add_header(self, name: str, value: str) -> None:
        """One more value of a header, after a comma. Raises ValueError."""
        key = _header(name, value)
        self._headers[key] = f"{self._headers[key]}, {value}" if key in self._headers else str(value)

    def result(self, returned: Any) -> ActionResult:
        """The step's result: what was set here, over what the handler returned."""
        result = returned if isinstance(returned, ActionResult) else ActionResult(data=returned)
        headers = {**(result.headers or {}), **self._headers}
        return replaced(
            result,
            data=result.data if self._body is _UNSET else self._body,
            content_type=headers.pop("content-type", result.content_type),
            status_code=self._status_code or result.status_code,
            headers=headers or None,
        )


def _header(name: str, value: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    if any(ord(character) < ord(" ") and character != "\t" for character in str(value)):
        raise ValueError(f"the header {name} holds a line end or another control character")
    return name.lower()
