"""The three date filters of a list. Twilio: a day matches that UTC day; `<` is on or before, `>` on or after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .errors import TwilioError

Test = Callable[[datetime | None], bool]


def moment(field: str, text: str) -> datetime | date:
    """Read `YYYY-MM-DD` or ISO 8601 with a time (UTC if it names no zone). Raises TwilioError 20001."""
    try:
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text)
        read = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise TwilioError(20001, f"{field} must be a date such as 2026-01-31T09:00:00Z") from wrong
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def on(field: str, text: str) -> Test:
    day = _day(moment(field, text))
    return lambda it: it is not None and it.astimezone(UTC).date() == day


def on_or_before(field: str, text: str) -> Test:
    read = moment(field, text)
    if isinstance(read, datetime):
        return lambda it: it is not None and it.replace(microsecond=0) <= read
    end = datetime(read.year, read.month, read.day, tzinfo=UTC) + timedelta(days=1)
    return lambda it: it is not None and it < end


def on_or_after(field: str, text: str) -> Test:
    read = moment(field, text)
    start = read if isinstance(read, datetime) else datetime(read.year, read.month, read.day, tzinfo=UTC)
    return lambda it: it is not None and it.replace(microsecond=0) >= start


def filters(parameter: str, name: str) -> dict[str, Callable[[str], Callable[[Any], bool]]]:
    """Return the three filters of `parameter` by the field `name` of a record."""

    def by(test: Callable[[str, str], Test], key: str) -> Callable[[str], Callable[[Any], bool]]:
        def make(text: str) -> Callable[[Any], bool]:
            meets = test(key, text)
            return lambda it: meets(getattr(it, name))

        return make

    tests = {parameter: on, f"{parameter}<": on_or_before, f"{parameter}>": on_or_after}
    return {key: by(test, key) for key, test in tests.items()}


def _day(read: datetime | date) -> date:
    return read.astimezone(UTC).date() if isinstance(read, datetime) else read
