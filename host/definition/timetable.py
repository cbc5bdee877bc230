"""When a flow starts by itself: a cron line in a time zone, or every so many minutes, hours or days.

A cron line is read as Debian's cron reads it. Where clocks change, what has a fixed time of day runs once that day: a time
that is left out comes when the clock has jumped, one that comes twice the first time. What repeats within the hour runs on as
the hours really pass. An interval is time that really passes, so a day in it is 24 hours; a time of day is a cron line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from .names import did_you_mean

MEND = "write five fields such as 0 9 * * 1-5, or every 15 minutes"
MAX_LENGTH = 200
_ZONED = re.compile(r"\s*CRON_TZ=(\S+)\s+(.*)", re.DOTALL)
_EVERY = re.compile(r"every\s+(?:(\d{1,5})\s+)?(minute|hour|day)s?", re.IGNORECASE)
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Timetable:
    """``line`` is a cron line of five fields or ``every N minutes``; ``zone`` an IANA name. Made by :meth:`parse`."""

    line: str
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str, zone: str = "") -> "Timetable":
        """``zone`` holds where the text names none (``CRON_TZ=Europe/Berlin 0 9 * * *``); without either it is UTC.

        Raises ValueError that says what is wrong and what to write.
        """
        zoned = _ZONED.fullmatch(text)
        line = (zoned[2] if zoned else text).strip()
        check_line(line)
        return cls(" ".join(line.split()), check_zone(zoned[1] if zoned else zone))

    def __str__(self) -> str:
        """As ``parse`` reads it, with the zone."""
        return f"CRON_TZ={self.zone} {self.line}"

    @cached_property
    def interval(self) -> timedelta | None:
        """None for a cron line."""
        return _interval(self.line)

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def after(self, moment: datetime) -> datetime:
        """The first time later than ``moment``, in UTC; an interval begins there."""
        if self.interval is not None:
            return moment + self.interval
        return next(time for time in _times(self.line, moment.astimezone(self.tz)) if time > moment)

    def following(self, time: datetime, now: datetime) -> datetime:
        """The first time later than ``now`` once ``time`` has come: however many were missed, none of them comes again."""
        if self.interval is None:
            return self.after(max(time, now))
        missed = max(now - time, timedelta(0)) // self.interval
        return time + (missed + 1) * self.interval


@cache
def zones() -> tuple[str, ...]:
    """The names of this machine's time zone data."""
    return tuple(sorted(available_timezones()))


def check_line(line: str) -> None:
    """Raises ValueError for one that is no cron line or interval, or whose time never comes."""
    if _EVERY.fullmatch(line):
        if not timedelta(minutes=1) <= (_interval(line) or timedelta(0)) <= _LONGEST:
            raise ValueError(f"{line!r} is not between a minute and 366 days; {MEND}")
        return
    if len(line) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters; {MEND}")
    if len(line.split()) != 5:  # noqa: PLR2004 (minute, hour, day of the month, month, day of the week)
        raise ValueError(f"{line!r} is not a cron line; {MEND}")
    try:
        next(_times(line, datetime.now(UTC)))
    except (CronSimError, ValueError, AssertionError) as error:
        raise ValueError(
            f"{line!r} never comes or is not a cron line ({str(error).lower() or 'unreadable'}); {MEND}"
        ) from None
    except StopIteration:
        raise ValueError(f"{line!r} never comes: no date fits it; {MEND}") from None


def check_zone(name: str) -> str:
    """The zone's name, UTC for none. Raises ValueError for one that is not in this machine's time zone data."""
    try:
        return ZoneInfo(name).key if name else "UTC"
    except (KeyError, ValueError, OSError):
        hint = did_you_mean(name, zones())
        raise ValueError(f"{name!r} is not a time zone; write one such as Europe/Berlin: {hint}") from None


def _interval(line: str) -> timedelta | None:
    found = _EVERY.fullmatch(line)
    return int(found[1] or 1) * _UNITS[found[2].lower()] if found else None


def _times(line: str, start: datetime) -> Iterator[datetime]:
    """Times of the line after ``start``, in its zone, as UTC. Raises CronSimError."""
    return (time.astimezone(UTC) for time in CronSim(line, start))
