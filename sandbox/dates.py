"""The three date filters of a list. Twilio: a day matches that UTC day; `<` is on or before, `>` on or after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from .errors import TwilioError

D = TypeVar("D", date, datetime)
Test = Callable[[datetime | None], bool]
SECOND = timedelta(seconds=1)  # to which Twilio knows when something was


def moment(field: str, text: str) -> datetime | date:
    """Read `YYYY-MM-DD` or ISO 8601 with a time (UTC if it names no zone). Raises TwilioError 20001."""
    try:
        if len(text) == len("2026-01-31"):
            return _bounded(date.fromisoformat(text))
        read = _bounded(datetime.fromisoformat(text))
    except ValueError as wrong:
        raise TwilioError(20001, f"{field} must be a date such as 2026-01-31T09:00:00Z") from wrong
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _bounded(read: D) -> D:
    """Keep to years that a day more or less does not lead out of. Raises ValueError."""
    if not 1900 < read.year < 9000:  # noqa: PLR2004 -- far from both ends
        raise ValueError(read)
    return read


def on(field: str, text: str) -> Test:
    start, end = _span(moment(field, text).strftime("%Y-%m-%d"))
    return lambda it: it is not None and start <= it < end


def on_or_before(field: str, text: str) -> Test:
    read = moment(field, text)
    end = read.replace(microsecond=0) + SECOND if isinstance(read, datetime) else _span(text)[1]
    return lambda it: it is not None and it < end


def on_or_after(field: str, text: str) -> Test:
    read = moment(field, text)
    start = read if isinstance(read, datetime) else _span(text)[0]
    return lambda it: it is not None and it >= start


def _span(day: str) -> tuple[datetime, datetime]:
    """Return when a day begins in UTC, and when the next one does."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return start, start + timedelta(days=1)


def filters(parameter: str, name: str) -> dict[str, Callable[[str], Callable[[Any], bool]]]:
    """Return the three filters of `parameter` by the field `name` of a record."""

    def by(test: Callable[[str, str], Test], key: str) -> Callable[[str], Callable[[Any], bool]]:
        def make(text: str) -> Callable[[Any], bool]:
            meets = test(key, text)
            return lambda it: meets(getattr(it, name))

        return make

    tests = {parameter: on, f"{parameter}<": on_or_before, f"{parameter}>": on_or_after}
    return {key: by(test, key) for key, test in tests.items()}
