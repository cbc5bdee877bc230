"""The log as lines of JSON: ``time, level, logger, message, error``.

Where a line came from stands in it as far as that is known: ``execution_id, instance, flow, step``.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from ...connector.context import utc_text

WHERE: ContextVar[dict[str, str]] = ContextVar("where", default={})  # noqa: B039 (it is replaced, never changed)


@contextmanager
def at(**where: str) -> Iterator[None]:
    """What is logged inside, in this thread, came from there."""
    token = WHERE.set({**WHERE.get(), **where})
    try:
        yield
    finally:
        WHERE.reset(token)


class JsonLines(logging.Formatter):
    """Secrets are struck out by the host's filter, which comes first."""

    def format(self, record: logging.LogRecord) -> str:
        when = utc_text(datetime.fromtimestamp(record.created, UTC))
        line = {"time": when, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps({**line, **WHERE.get()}, ensure_ascii=False)
