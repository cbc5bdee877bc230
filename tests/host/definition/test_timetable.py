"""When flows start, held against a model that looks at each minute, above all where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_connector.host.definition.timetable import Timetable

MINUTE = timedelta(minutes=1)
WINDOW = timedelta(days=2)
CHANGES = [  # the day before the clocks change, some of them at midnight or by half an hour
    ("Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 7, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 23, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 10, 29, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 1, 1, tzinfo=UTC)),
    ("UTC", datetime(2026, 1, 1, tzinfo=UTC)),
]
MINUTES = {"*": range(60), "*/7": range(0, 60, 7), "30": [30], "0,45": [0, 45], "10-12": range(10, 13)}
HOURS = {"*": range(24), "*/2": range(0, 24, 2), "2": [2], "0,1": [0, 1], "1-3": [1, 2, 3], "23": [23]}


def utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def first_real(wall: datetime) -> datetime:
    """A time of day that is left out comes when the clock has jumped."""
    while utc(wall).astimezone(wall.tzinfo).replace(fold=0) != wall:
        wall += MINUTE
    return utc(wall)


def expected(minute: str, hour: str, zone: str, start: datetime) -> set[datetime]:
    """All times in the window after ``start``, by looking at every minute of it."""
    tz = ZoneInfo(zone)
    if minute.startswith("*") or hour.startswith("*"):  # repeats as the hours really pass
        minutes = [start + MINUTE * n for n in range(int(WINDOW / MINUTE))]
        return {
            m for m in minutes if m.astimezone(tz).minute in MINUTES[minute] and m.astimezone(tz).hour in HOURS[hour]
        }
    days = [start.astimezone(tz).date() + timedelta(days=n) for n in range(-1, 4)]
    walls = [
        datetime(d.year, d.month, d.day, h, m, tzinfo=tz) for d in days for h in HOURS[hour] for m in MINUTES[minute]
    ]
    return {first_real(wall) for wall in walls}


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(MINUTES)),
    st.sampled_from(sorted(HOURS)),
    st.sampled_from(CHANGES),
    st.integers(0, 24 * 60),
)
def test_each_time_comes_once_and_in_order(minute, hour, change, offset):
    zone, day = change
    start = moment = day + MINUTE * offset
    timetable = Timetable.parse(f"{minute} {hour} * * *", zone)
    wanted = sorted(time for time in expected(minute, hour, zone, start) if start < time < start + WINDOW)
    found = []
    while (moment := timetable.after(moment)) < start + WINDOW:
        found.append(moment)
    assert found == wanted


@pytest.mark.parametrize(
    ("day", "time"),
    [
        ("2026-03-29", "01:00"),  # 02:30 is left out: it is 03:00 when the clock has jumped
        ("2026-10-25", "00:30"),  # 02:30 comes twice: the first counts
        ("2026-07-01", "00:30"),
        ("2026-12-01", "01:30"),
    ],
)
def test_a_daily_time_comes_once_on_the_days_when_clocks_change(day, time):
    timetable = Timetable.parse("CRON_TZ=Europe/Berlin 30 2 * * *")
    midnight = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    first = timetable.after(utc(midnight) - MINUTE)
    assert first.isoformat() == f"{day}T{time}:00+00:00"
    assert utc(timetable.after(first)) > utc(midnight + timedelta(days=1))


@given(
    st.sampled_from(["*/5 * * * *", "every 7 minutes", "0 9 * * 1-5"]), st.integers(0, 500_000), st.integers(0, 500_000)
)
def test_what_was_missed_does_not_come_again(line, scheduled, late):
    timetable = Timetable.parse(line)
    time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=scheduled)
    now = time + timedelta(seconds=late)
    following = timetable.following(time, now)
    assert following > now
    if timetable.interval:
        assert (following - time) % timetable.interval == timedelta(0)
        assert following - now <= timetable.interval


def test_a_day_between_two_runs_is_24_hours():
    time = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert Timetable.parse("every day", "Europe/Berlin").following(time, time) == time + timedelta(days=1)


def test_the_text_names_its_zone_or_has_the_one_given():
    for text, zone, told in [
        ("  0  9 * * 1-5 ", "", "CRON_TZ=UTC 0 9 * * 1-5"),
        ("0 9 * * MON", "Europe/Berlin", "CRON_TZ=Europe/Berlin 0 9 * * MON"),
        ("CRON_TZ=Asia/Tokyo 0 9 L * *", "Europe/Berlin", "CRON_TZ=Asia/Tokyo 0 9 L * *"),
        ("Every 15 Minutes", "", "CRON_TZ=UTC Every 15 Minutes"),
    ]:
        assert str(Timetable.parse(text, zone)) == told
        assert Timetable.parse(told) == Timetable.parse(text, zone)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is not a cron line; write five fields such as 0 9"),
        ("0 0 9 * * 1", "is not a cron line"),  # seconds are another program's
        ("@daily", "is not a cron line"),
        ("61 * * * *", "bad minute"),
        ("a * * * *", "bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 0 ² * *", "bad day-of-month"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 2,4,6 *", "never comes"),
        ("*/0 * * * *", "bad minute"),
        ("* * * * 1#6", "bad day-of-week"),
        ("9" * 300 + " * * * *", "is longer than 200 characters"),
        ("every 0 minutes", "is not between a minute and 366 days"),
        ("every 400 days", "is not between a minute and 366 days"),
        ("every fortnight", "is not a cron line"),
        ("CRON_TZ=Europe/Berln 0 9 * * *", "is not a time zone; write one such as Europe/Berlin: did you mean"),
        ("CRON_TZ=Europe 0 9 * * *", "is not a time zone"),
        ("CRON_TZ=../../etc/passwd 0 9 * * *", "is not a time zone"),
        ("CRON_TZ=/etc/passwd 0 9 * * *", "is not a time zone"),
    ],
)
def test_what_tells_no_times_is_told_with_what_to_write(text, problem):
    with pytest.raises(ValueError, match="write") as caught:
        Timetable.parse(text)
    assert problem in str(caught.value)


@given(st.text(alphabet="0123456789*/-,#LW? ²MON", max_size=40))
def test_whatever_is_written_is_a_timetable_or_a_value_error(text):
    try:
        timetable = Timetable.parse(text)
    except ValueError:
        return
    assert timetable.after(datetime(2026, 1, 1, tzinfo=UTC)) > datetime(2026, 1, 1, tzinfo=UTC)
