"""Usage records, added up by category over a span of days: https://www.twilio.com/docs/usage/api/usage-record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .. import dates, shapes
from ..errors import TwilioError
from ..ledger import CATEGORIES, Use
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation

Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Sum:
    """What one account used of one category, from the first to the last day."""

    account_sid: str
    span: Span
    use: Use
    order: int


def _day_of(day: date, _: date) -> Span:
    return day, day


def _month(day: date, _: date) -> Span:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _year(day: date, _: date) -> Span:
    return date(day.year, 1, 1), date(day.year, 12, 31)


def _always(_: date, today: date) -> Span:
    return OPENING, today


OPENING = date(2008, 1, 1)  # when Twilio's records begin
# view → the span that a day belongs to (given today too), and for a view of one span a day in it
VIEWS: dict[str, tuple[Callable[[date, date], Span], Callable[[date], date] | None]] = {
    "": (_always, lambda today: today),
    "/AllTime": (_always, lambda today: today),
    "/Daily": (_day_of, None),
    "/Monthly": (_month, None),
    "/Yearly": (_year, None),
    "/Today": (_day_of, lambda today: today),
    "/Yesterday": (_day_of, lambda today: today - timedelta(days=1)),
    "/ThisMonth": (_month, lambda today: today),
    "/LastMonth": (_month, lambda today: today.replace(day=1) - timedelta(days=1)),
}


def list_records(request: ApiRequest, view: str) -> ApiResponse:
    account = request.account("usage:read")
    category = request.query.get("Category", "")
    sums = [it for it in _sums(request, account, view) if category in ("", it.use.category)]
    data = request.envelope(
        "usage_records", _numbered(sums), lambda it: _shape(it, category, request.state.settings.clock())
    )
    return ApiResponse(data, name="UsageRecords")


def _numbered(sums: list[Sum]) -> list[Sum]:
    return [Sum(it.account_sid, it.span, it.use, len(sums) - place) for place, it in enumerate(sums)]


def _sums(request: ApiRequest, account: str, view: str) -> list[Sum]:
    """Add up what was used, the latest span first; a view of one span has every category, used or not."""
    span_of, shown = VIEWS[view]
    today = _today(request)
    wanted = span_of(shown(today), today) if shown else None
    start, end = _day(request, "StartDate", date.min), _day(request, "EndDate", date.max)
    found = {(wanted, category): Use(category) for category in CATEGORIES} if wanted else {}
    for sid in _accounts(request, account):
        for day, use in request.state.ledger.entries(sid):
            key = span_of(day, today), use.category
            if start <= day <= end and wanted in (None, key[0]):
                found[key] = found.get(key, Use(use.category)).plus(use)
    ordered = sorted(sorted(found.items(), key=lambda it: it[0][1]), key=lambda it: it[0][0], reverse=True)
    return [Sum(account, span, use, 0) for (span, _), use in ordered]


def _today(request: ApiRequest) -> date:
    return request.state.settings.clock().astimezone(UTC).date()


def _accounts(request: ApiRequest, account: str) -> Iterator[str]:
    yield account
    if request.query.get("IncludeSubaccounts", "true") == "true":
        for known in request.state.accounts.values():
            if known.owner_sid == account != known.sid:
                yield known.sid


def _day(request: ApiRequest, name: str, usual: date) -> date:
    """Read a date, or so many days from today such as `-30days`."""
    text = request.query.get(name, "")
    if not text:
        return usual
    if text.endswith("days"):
        try:
            return _today(request) + timedelta(days=int(text[:-4]))
        except (ValueError, OverflowError) as wrong:
            raise TwilioError(20001, f"{name} must be a date such as 2026-01-31, or -30days") from wrong
    read = dates.moment(name, text)
    return read.date() if isinstance(read, datetime) else read


def _shape(it: Sum, asked: str, now: datetime) -> dict[str, Any]:
    description, counted, unit = CATEGORIES[it.use.category]
    path = f"{ACCOUNT.format(account_sid=it.account_sid)}/Usage/Records"
    query = f"?Category={it.use.category}"
    return {
        "account_sid": it.account_sid,
        "api_version": shapes.VERSION,
        "as_of": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00",
        "category": it.use.category,
        "count": str(it.use.count),
        "count_unit": counted,
        "description": description,
        "start_date": it.span[0].isoformat(),
        "end_date": it.span[1].isoformat(),
        "price": str(it.use.price),
        "price_unit": "usd",
        "subresource_uris": {shapes.snake(view[1:]): f"{path}{view}.json{query}" for view in VIEWS if view},
        "uri": f"{path}.json{query if asked else ''}",
        "usage": str(it.use.price if it.use.category == "totalprice" else it.use.usage),
        "usage_unit": unit,
    }


def _view(name: str) -> Operation:
    return lambda request: list_records(request, name)


ROUTES: dict[str, dict[str, Operation]] = {f"/api{ACCOUNT}/Usage/Records{name}": {"GET": _view(name)} for name in VIEWS}
