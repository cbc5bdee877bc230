"""Strike known secrets out of text: as they are, in Base64 at any offset, URL-encoded and as JSON writes them."""

import base64
import json
import logging
import re
import threading
import traceback
from collections.abc import Iterable
from textwrap import indent
from typing import Any
from urllib.parse import quote, quote_plus

STRUCK = "[secret]"
_SHORTEST = 6  # a shorter value would strike out ordinary words


class Redactor:
    """Learns the values of secrets as they are loaded; ``strike`` takes them out of any text."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def learn(self, secrets: Iterable[str]) -> None:
        """Values shorter than six characters are left alone."""
        new = {secret for secret in secrets if len(secret) >= _SHORTEST} - self._known
        if not new:
            return
        with self._lock:
            self._known |= new
            forms = {form for secret in self._known for form in _forms(secret)}
            longest_first = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def strike(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(STRUCK, text)

    def strike_all(self, value: Any) -> Any:
        """The same in every text of a JSON value, keys included."""
        match value:
            case str():
                return self.strike(value)
            case dict():
                return {self.strike(str(key)): self.strike_all(item) for key, item in value.items()}
            case list() | tuple():
                return [self.strike_all(item) for item in value]
            case bytes():
                return self.strike(value.decode("latin-1")).encode("latin-1")
        return value

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"


_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class RedactingFilter(logging.Filter):
    """Strikes secrets out of log records and tracebacks. It belongs on handlers: loggers do not inherit filters.

    A message stays one line, and a traceback indented, for both may quote a stranger: who writes line ends or terminal codes
    into a text must not write lines of the log.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _one_line(self._redactor.strike(record.getMessage())), None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = indent("".join(traceback.format_exception(*record.exc_info)).rstrip(), "  ")
            record.exc_info = None
        if record.exc_text:
            record.exc_text = self._redactor.strike(record.exc_text)
        return True


def _one_line(text: str) -> str:
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    encoded = {quote(raw, safe=""), quote(raw), quote_plus(raw), json.dumps(secret)[1:-1], raw.hex()}
    encoded |= {json.dumps(secret, ensure_ascii=False)[1:-1], quote(raw, safe="").lower()}
    return {secret} | {form for form in encoded if form} | _base64_forms(raw)


def _base64_forms(raw: bytes) -> set[str]:
    """What of the secret is the same wherever it stands in what was encoded (as in ``Basic`` with the name before it)."""
    forms = set()
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        start, end = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6
        forms |= {text[start:end], text[start:end].replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= _SHORTEST}
