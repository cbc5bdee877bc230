"""The one mechanism under every watcher: what is new in one of Twilio's lists, losing none and giving none twice.

Twilio cannot be asked what is new, only what is dated since when; a record may appear in a list minutes after its date, be
unfinished when it appears, share its second with others, or be deleted. So each look reads a window that overlaps the one
before, whole and in whatever order, and knows the SIDs that it has given. The window begins

- an hour before the newest record that was seen: later than that, nothing appears. It is Twilio's clock that tells, so a
  clock of ours that runs ahead moves nothing;
- no later than the oldest record that is still to come: one that is waited for until it is finished, or one that did not fit
  into the limit.

It never goes back. What is before it is never given, so that nothing of it needs to be remembered: the memory holds the SIDs
in the window alone. A list without dates that can be relied on is known by its SIDs; one is forgotten an hour after it left
the list.

A look keeps the records that it can give and no others: of a hundred thousand with a limit of a hundred, a hundred and one.
It still reads them all, a page at a time, for Twilio has the oldest last.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nsmallest
from typing import Any, Self

from ..connector.errors import InvalidInput
from ..connector.twilio.client import MAX_PAGE
from ..connector.twilio.resource import Resource

VERSION = 1
OVERLAP = 3600
"""Seconds that a record may appear after its date. Users report a quarter of an hour."""
CREATED = "dateCreated"

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched.

    ``since`` and ``until`` are Twilio's parameters that bound the dates of the list, empty where it has none. ``dated`` names
    what Twilio files a record under, and what stands in until it has that; empty where dates tell nothing. Where a status is
    ``final`` it changes no more; ``wanted`` are the final statuses to be given, empty for any; with one of ``void`` nothing has
    happened, unless it has its date. ``asked`` are parameters that
    go with every request. ``waits``: an unfinished record is given when it is finished, or as it is once its date is longer
    ago than ``patience``. ``tracks``: a changed status is told too. ``reach`` is how far back Twilio answers.
    """

    key: str
    resource: Resource
    since: str = ""
    until: str = ""
    dated: tuple[str, ...] = (CREATED,)
    final: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    void: frozenset[str] = frozenset()
    asked: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    tracks: bool = False
    patience: timedelta = timedelta(seconds=OVERLAP)
    reach: timedelta | None = None

    @property
    def patient(self) -> int:
        """The patience, in seconds."""
        return int(self.patience.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a look knows of those before. All times are seconds since 1970, UTC.

    ``low``: the window begins there. ``polled``: when the last look was. ``seen``: the date of each SID that is not to be
    given again; ``statuses``: with which status it was seen. What is dated before ``passing`` is passed over, by this look and
    as long as that is still to come.
    """

    low: int
    polled: int
    seen: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    passing: float = 0

    @classmethod
    def first(cls, watched: Watched, start: int | None, now: int) -> Self:
        """Before the first look, which begins at ``start``; None: now, and what is finished by now is passed over."""
        if start is None:
            return cls(low=now - watched.patient, polled=now, passing=float("inf"))
        return cls(low=start, polled=now, passing=start)

    @classmethod
    def recall(cls, state: Any, of: Item, watched: Watched, start: int | None, now: int) -> Self:
        """What ``to_state`` kept. Where it is ``of`` another watch, such as one with other filters, from its last look on.

        Raises InvalidInput for a state that this version cannot read: to begin anew could lose records or repeat them.
        """
        if state is None:
            return cls.first(watched, start, now)
        try:
            known = {"low": int(state["low"]), "polled": int(state["polled"]), "passing": int(state["passing"])}
            seen = {str(sid): int(date) for sid, date in state["seen"].items()}
            statuses, version, same = dict(state["statuses"]), state["version"], state["of"] == of
        except (KeyError, TypeError, ValueError, AttributeError):
            version = None
        if version != VERSION:
            problem = "is not as this version keeps it; use the version that wrote it, or clear it to begin anew"
            raise InvalidInput(f"instanceState: {watched.key} {problem}", field="instanceState")
        if same:
            return cls(**known, seen=seen, statuses=statuses)
        begin = max(known["polled"], start or 0)
        return cls(low=begin, polled=now, seen=seen, statuses=statuses, passing=begin)

    def to_state(self, of: Item) -> dict[str, Any]:
        """As JSON values. ``of`` says which watch it is of."""
        kept = {"low": self.low, "polled": self.polled, "passing": self.passing}
        return {"version": VERSION, "of": dict(of), **kept, "seen": dict(self.seen), "statuses": dict(self.statuses)}


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found, the oldest first, and what the next one must know. ``more``: not all fitted into the limit."""

    new: list[Item]
    changed: list[Item]
    memory: Memory
    more: bool


def look(
    watched: Watched,
    memory: Memory,
    listing: Iterable[Item],
    now: int,
    *,
    limit: int | None = None,
    until: int | None = None,
) -> Found:
    """Look through a whole listing for what is new, and dated ``until`` then at most. An error of the listing is raised.

    At most ``limit`` are given, and as many told as changed.
    """
    sweep = _Sweep(watched, memory, now, until)
    ready = sweep.ready(listing)
    oldest = sorted(ready) if limit is None else nsmallest(limit + 1, ready)
    given, rest = _split(oldest, limit)
    told, untold = _split(sorted(sweep.changed.values()), limit)
    held = min([sweep.held, *(one.position for one in (*rest, *untold))])
    low = max(memory.low, min(now - OVERLAP, sweep.newest - OVERLAP, held))
    seen = {**memory.seen, **sweep.seen, **{one.sid: one.position for one in given}}
    seen = {sid: date for sid, date in seen.items() if date >= low}
    before = {one.sid: memory.statuses[one.sid] for one in untold}
    statuses = {**memory.statuses, **sweep.statuses, **before}
    statuses = {sid: status for sid, status in statuses.items() if sid in seen}
    passing = memory.passing if now < memory.passing < float("inf") else 0
    known = Memory(low=low, polled=now, seen=seen, statuses=statuses, passing=passing)
    return Found(_items(given), _items(told), known, bool(rest or untold))


@dataclass(frozen=True, slots=True, order=True)
class _One:
    """A record in its place. ``position``: where it is in the window."""

    date: int
    sid: str
    position: int = field(compare=False)
    item: Item = field(compare=False)
    status: str = field(compare=False)
    settled: bool = field(compare=False)  # it has the date under which Twilio files it for good


@dataclass(slots=True)
class _Sweep:
    """One way through a listing, and what is noticed on it."""

    watched: Watched
    memory: Memory
    now: int
    until: int | None
    held: int = field(init=False)
    newest: int = field(init=False)
    seen: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    changed: dict[str, _One] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.held, self.newest = self.now, self.memory.low

    def ready(self, listing: Iterable[Item]) -> Iterator[_One]:
        """Those that can be given."""
        for one in self._in_window(map(self._place, listing)):
            self.newest = max(self.newest, one.position)
            if one.sid in self.memory.seen:
                self._meet_again(one)
            elif self._is_ready(one):
                self._note(one)
                if one.date < self.memory.passing:
                    self.seen[one.sid] = one.position
                else:
                    yield one

    def _place(self, item: Item) -> _One:
        dated, never = self.watched.dated, max(self.now, self.memory.low)
        position = _date(item, dated, never)
        date = _date(item, (*dated, CREATED), position)
        settled = _date(item, dated[:1], None) is not None
        return _One(date, str(item["sid"]), position, item, str(item.get("status")), settled)

    def _in_window(self, listed: Iterable[_One]) -> Iterator[_One]:
        """Those in the window. Once a whole page is older, and all came the newest first so far, the rest is not read."""
        older, last, in_order = 0, None, True
        for one in listed:
            in_order = in_order and (last is None or one.position <= last)
            last = one.position
            if one.position < self.memory.low:
                older += 1
                if older >= MAX_PAGE and in_order:
                    return
            elif self.until is None or one.position <= self.until:
                yield one

    def _is_ready(self, one: _One) -> bool:
        watched = self.watched
        if one.status in watched.void and not one.settled:
            return False
        if self._is_unfinished(one) and (watched.waits or not one.settled):
            if not self._is_overdue(one):
                self.held = min(self.held, one.position)
                return False
            return one.settled and not watched.wanted  # one without its date comes when it has it
        return not watched.wanted or one.status in watched.wanted

    def _meet_again(self, one: _One) -> None:
        self.seen[one.sid] = max(one.position, self.memory.seen[one.sid])
        if self.watched.tracks and self.memory.statuses.get(one.sid, one.status) != one.status:
            self.changed[one.sid] = one
        self._note(one)

    def _note(self, one: _One) -> None:
        if self.watched.tracks:
            self.statuses[one.sid] = one.status
            if self._is_unfinished(one) and not self._is_overdue(one):
                self.held = min(self.held, one.position)

    def _is_unfinished(self, one: _One) -> bool:
        return bool(self.watched.final) and one.status not in self.watched.final

    def _is_overdue(self, one: _One) -> bool:
        return self.now - one.position > self.watched.patient


def seconds(moment: datetime) -> int:
    """A moment in the times of a memory."""
    return int(moment.timestamp())


def _date(item: Item, keys: Iterable[str], otherwise: Any) -> Any:
    for key in keys:
        try:
            return seconds(datetime.fromisoformat(item[key]))
        except (KeyError, TypeError, ValueError):
            continue
    return otherwise


def _split(ones: list[_One], limit: int | None) -> tuple[list[_One], list[_One]]:
    return (ones, []) if limit is None else (ones[:limit], ones[limit:])


def _items(ones: Iterable[_One]) -> list[Item]:
    """Each once: a list that grows while it is read may show one on two pages."""
    return list({one.sid: one.item for one in ones}.values())
