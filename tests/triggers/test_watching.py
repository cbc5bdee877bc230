"""The mechanism of the watchers, without HTTP: against a model of Twilio's lists, and against each fault that rivals have."""

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio_connector.connector.errors import TryLater
from twilio_connector.connector.twilio import delivery
from twilio_connector.connector.twilio.resources.messages import MESSAGES
from twilio_connector.triggers.watch_messages import WATCHED
from twilio_connector.triggers.watching import Memory, Watched, look

MINUTE, HOUR, DAY = 60, 3600, 86400
START = 1_790_000_000
PATIENCE = 6 * HOUR
FINAL = frozenset({"completed", "busy"})
OF = {"filters": {}}

WINDOW = Watched(key="w", resource=MESSAGES, since="DateCreated>")
WAITING = replace(WINDOW, final=FINAL, waits=True, patience=timedelta(seconds=PATIENCE))
WANTED = replace(WAITING, wanted=frozenset({"completed"}))
SENT = replace(WINDOW, dated=("dateSent", "dateCreated"), final=FINAL, patience=timedelta(seconds=PATIENCE))
TRACKED = replace(SENT, tracks=True)
INVENTORY = replace(WINDOW, dated=())


def iso(moment):
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Record:
    """A record of the model: when it was made, listed, sent and finished, and how; times in seconds, None for never."""

    sid: str
    made: int
    listed: int
    sent: int
    finished: int | None
    ends: str
    deleted: int | None

    def is_listed(self, now):
        return self.listed <= now and (self.deleted is None or now < self.deleted)

    def is_finished(self, now):
        return self.finished is not None and self.finished <= now

    def shown(self, now):
        sent = iso(self.sent) if self.sent <= now else None
        status = self.ends if self.is_finished(now) else "in-progress"
        return {"sid": self.sid, "dateCreated": iso(self.made), "dateSent": sent, "status": status}

    def is_ready(self, watched, now):
        if not self.is_listed(now):
            return False
        if watched.wanted and self.ends not in watched.wanted:
            return False
        if watched.waits:
            return self.is_finished(now) or now - self.made > PATIENCE
        return self.sent <= now or "dateSent" not in watched.dated or self.is_finished(now)

    def position(self, watched):
        return self.sent if "dateSent" in watched.dated else self.made


@st.composite
def records(draw):
    number = st.integers(0, 999)
    made = START + draw(st.integers(0, 60) | st.integers(-600, 900)) * MINUTE
    late = draw(st.sampled_from([0, 0, 7, 25, 55])) * MINUTE
    sent = made + draw(st.sampled_from([0, 0, 3, 40, 300])) * MINUTE
    lasts = draw(st.sampled_from([0, 0, 5, 90, 290, None]))
    kept = draw(st.sampled_from([None, None, None, 0, 70, 400]))
    listed = made + late
    return Record(
        sid=f"XX{draw(number):03}{made}",
        made=made,
        listed=listed,
        sent=sent,
        finished=None if lasts is None else max(sent, made + lasts * MINUTE),
        ends=draw(st.sampled_from(["completed", "completed", "busy"])),
        deleted=None if kept is None else listed + kept * MINUTE,
    )


@dataclass(frozen=True)
class Poll:
    after: int  # the poll before, in seconds
    crashes: bool  # after it gave, before its state was saved
    clock: int  # how many seconds ours is ahead of Twilio's


POLLS = st.builds(
    Poll,
    after=st.sampled_from([5, 0, 1, 5, 10, 30, 61, 200]).map(lambda minutes: minutes * MINUTE),
    crashes=st.sampled_from([False, False, True]),
    clock=st.sampled_from([0, 0, 0, -20 * MINUTE, 20 * MINUTE]),
)
WILD = st.sampled_from([0, -3 * DAY, 3 * DAY, 2 * HOUR])


class Watch:
    """A host that polls, and keeps the state as JSON text."""

    def __init__(self, watched, start, limit, seed=0):
        self.watched, self.start, self.limit, self.random = watched, start, limit, random.Random(seed)
        self.state, self.given, self.told = "null", [], {}

    def listing(self, records, now, low):
        """In no order, some twice, and by days where seconds were asked for: whatever Twilio's filters are."""
        shown = [each for each in records if each.is_listed(now)]
        if self.watched.dated:
            midnight = low // DAY * DAY if self.random.random() < 0.5 else low
            shown = [each for each in shown if not each.sent <= now or each.position(self.watched) >= midnight]
        shown += [each for each in shown if self.random.random() < 0.2]
        self.random.shuffle(shown)
        return (each.shown(now) for each in shown)

    def poll(self, records, now, *, ahead=0, crashes=False):
        memory = Memory.recall(json.loads(self.state), OF, self.watched, self.start, now + ahead)
        found = look(self.watched, memory, self.listing(records, now, memory.low), now + ahead, limit=self.limit)
        dates = [
            (item["dateSent"] if "dateSent" in self.watched.dated else None) or item["dateCreated"]
            for item in found.new
        ]
        assert dates == sorted(dates)
        assert len(dates) <= (self.limit or len(dates))
        assert found.memory.low >= memory.low
        assert all(date >= found.memory.low for date in found.memory.seen.values())
        if not crashes:
            self.state = json.dumps(found.memory.to_state(OF))
            self.given += [item["sid"] for item in found.new]
            self._tell(found)
        return found

    def _tell(self, found):
        """Which status each record was last said to have; what is told as a change is one."""
        for item in found.changed:
            assert self.told[item["sid"]] != item["status"]
        self.told |= {item["sid"]: item["status"] for item in (*found.new, *found.changed)}
        self.told = {**found.memory.statuses, **self.told}  # what the first poll only looked at


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    watched=st.sampled_from([WINDOW, WAITING, WANTED, SENT, TRACKED, INVENTORY]),
    records=st.lists(records(), min_size=5, max_size=25, unique_by=lambda each: each.sid),
    polls=st.lists(POLLS, min_size=5, max_size=20),
    limit=st.sampled_from([None, 1, 2, 5]),
    start=st.sampled_from([None, 0, START - 2 * HOUR]),
    wild=WILD,
    seed=st.integers(0, 2**16),
)
def test_whatever_happens_each_record_comes_once(*, watched, records, polls, limit, start, wild, seed):
    watch, now = Watch(watched, start, limit, seed), START
    first = [each for each in records if each.is_listed(now)]
    watch.poll(records, now)
    for poll in polls:
        now += poll.after
        ahead = poll.clock if watched.waits or watched.tracks else poll.clock + wild
        watch.poll(records, now, ahead=ahead, crashes=poll.crashes)
    now = max(now, START + 16 * HOUR)
    for _ in range(3):  # until all is finished, then overdue, then forgotten
        while watch.poll(records, now).more:
            pass
        now += PATIENCE + HOUR
    newest = Record("NEW", now, now, now, now, "completed", None)
    last = watch.poll([*records, newest], now)
    expected = {
        each.sid
        for each in records
        if each.deleted is None
        and (not watched.wanted or (each.ends in watched.wanted and each.finished is not None))
        and _was_asked_for(each, watched, start, first)
    }
    stay = {each.sid for each in records if each.deleted is None} | {"NEW"}
    assert len(watch.given) == len(set(watch.given))
    assert set(watch.given) & stay == expected | {"NEW"}
    ended = {each.sid: each.ends for each in records if each.deleted is None and each.finished is not None}
    assert not watched.tracks or {sid: watch.told[sid] for sid in ended if sid in watch.told}.items() <= ended.items()
    assert [item["sid"] for item in last.new] == ["NEW"]
    known = {each.sid for each in records if each.is_listed(now)} if watched is INVENTORY else set()
    assert set(last.memory.seen) == known | {"NEW"} or (watched is INVENTORY and wild > 0)


def _was_asked_for(each, watched, start, first):
    if start is None:
        return not (each in first and each.is_ready(watched, START))
    if watched is INVENTORY:
        return each not in first or each.made >= start
    return each.position(watched) >= start


@pytest.mark.parametrize("status", sorted(delivery.FINAL - {"canceled"}))
def test_a_message_that_ended_without_a_date_comes_by_each_final_status(status):
    queued = [{"sid": "SM1", "status": "queued", "dateCreated": iso(START + 1), "dateSent": None}]
    assert polled(WATCHED, [], queued, [queued[0] | {"status": status}])[1:] == [[], ["SM1"]]


def test_what_is_canceled_before_it_is_sent_does_not_come():
    scheduled = [{"sid": f"SM{START + 1}", "dateCreated": iso(START + 1), "dateSent": None, "status": "scheduled"}]
    canceled = [scheduled[0] | {"status": "canceled"}]
    assert polled(WATCHED, [], scheduled, canceled, canceled) == [[], [], [], []]


# -- what rivals get wrong, and what it costs


def messages(*dates, **more):
    return [{"sid": f"SM{date}", "dateCreated": iso(date), "status": "completed"} | more for date in dates]


def polled(watched, *listings, now=START, start=None, limit=None):
    """What each poll gives, five minutes apart."""
    memory, given = Memory.first(watched, start, now), []
    for listing in listings:
        found = look(watched, memory, listing, now, limit=limit)
        memory, now = found.memory, now + 5 * MINUTE
        given.append([item["sid"] for item in found.new])
    return given


def test_the_record_seen_last_may_be_deleted_and_nothing_comes_again():
    old, last, new = messages(*range(START - 50, START)), messages(START + 1), messages(START + 400)
    assert polled(WINDOW, old, old + last, old, old + new) == [[], [f"SM{START + 1}"], [], [f"SM{START + 400}"]]


def test_what_is_unfinished_when_it_appears_comes_when_it_is_finished_and_later_ones_do_not_wait():
    slow, quick = messages(START + 1), messages(START + 2)
    running = [slow[0] | {"status": "in-progress"}]
    given = polled(WAITING, [], running, running + quick, slow + quick)
    assert given == [[], [], [f"SM{START + 2}"], [f"SM{START + 1}"]]


def test_what_never_finishes_comes_as_it_is_when_the_longest_watch_is_over():
    stuck = messages(START + 1, status="in-progress")
    given = polled(WAITING, *([stuck] * 80))
    assert given.index([f"SM{START + 1}"]) == PATIENCE // (5 * MINUTE) + 1
    assert sum(map(len, given)) == 1


def test_a_limit_cuts_the_newest_off_and_they_come_next():
    all_of_them = messages(*range(START + 9, START - 1, -1))
    given = polled(WINDOW, *([all_of_them] * 5), start=START, limit=3)
    assert [len(each) for each in given] == [3, 3, 3, 1, 0]
    assert list(chain(*given)) == [f"SM{date}" for date in range(START, START + 10)]


def test_a_limit_of_one_is_not_stopped_by_a_record_that_is_on_two_pages():
    twice = messages(START) * 3 + messages(START + 1)
    assert polled(WINDOW, twice, twice, twice, start=0, limit=1) == [[f"SM{START}"], [f"SM{START + 1}"], []]


def test_a_message_that_fails_before_it_was_sent_comes_when_it_has_failed():
    queued = messages(START + 1, status="queued", dateSent=None)
    failed = [queued[0] | {"status": "busy"}]
    assert polled(SENT, [], queued, *([queued] * 20), failed, failed)[-2:] == [[f"SM{START + 1}"], []]


def test_a_record_without_a_readable_date_comes_once_while_it_is_listed():
    dateless = [{"sid": "SM1", "dateCreated": "yesterday"}, {"sid": "SM2", "dateCreated": None}]
    assert polled(WINDOW, [], *([dateless] * 30)) == [[], ["SM1", "SM2"], *([[]] * 29)]


def test_a_listing_that_breaks_gives_nothing():
    def broken():
        yield from messages(START + 1)
        raise TryLater("too many requests", retry_after=7)

    with pytest.raises(TryLater):
        polled(WINDOW, [], broken())


class Counted(dict):
    """A record that knows how many of it there are."""

    alive = most = 0

    def __init__(self, values):
        super().__init__(values)
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)

    def __del__(self):
        Counted.alive -= 1


def test_a_long_history_is_not_held_where_the_limit_is_small():
    history = (Counted(each) for date in range(START, START - 20_000, -1) for each in messages(date))
    found = look(WINDOW, Memory.first(WINDOW, 0, START), history, START, limit=10)
    assert [len(found.new), found.more, len(found.memory.seen)] == [10, True, 0]
    assert Counted.most < 20


@pytest.mark.parametrize(("order", "read"), [(-1, 1003), (1, 5000)])
def test_a_list_without_dates_to_ask_for_is_read_no_further_than_its_order_allows(order, read):
    taken = []
    memory = Memory.first(WINDOW, START - 2, START)
    history = messages(*[START - number for number in range(5000)])[::-order]
    found = look(WINDOW, memory, (taken.append(each) or each for each in history), START)
    assert (len(found.new), len(taken)) == (3, read)
