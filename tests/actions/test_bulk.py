"""Send to many: everybody gets one message, nobody two, and each has a result."""

import json
import random
import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.http import Transport
from twilio_connector.connector.journal import FileJournal
from twilio_connector.sandbox.server import Sandbox

CSV = "to,name\n+15551234567,Ada\n+15551234568,Bob\n+15551234569,Cy\n"
ACTION = load("twilio_connector").actions["sendBulk"]


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.state.reset()
    return running


@pytest.fixture
def transport():
    transport = Transport()
    yield transport
    transport.close()


@pytest.fixture
def context(transport):
    return ActionContext(transport=transport, sleep=lambda _: None)


@pytest.fixture
def values(sandbox):
    fields = {
        "accountSid": sandbox.account_sid,
        "apiKey": sandbox.api_key,
        "apiSecret": sandbox.api_secret,
        "baseUrl": sandbox.base_url,
    }
    connection = {"key": "apiKeySecret", "fields": fields}
    return {"twilioConnection": connection, "from": sandbox.number, "body": "Hi {{name}}", "recipients": CSV}


def bodies(sandbox):
    return Counter((message.to, message.body) for message in sandbox.state.messages())


EACH_ONCE = {("+15551234567", "Hi Ada"): 1, ("+15551234568", "Hi Bob"): 1, ("+15551234569", "Hi Cy"): 1}


@pytest.mark.parametrize(
    ("sender", "given"),
    [("whatsapp:{}", ["whatsapp:+15551234567", "+15551234568"]), ("{}", ["+15551234567", "whatsapp:+15551234568"])],
)
def test_a_recipient_of_another_channel_than_the_senders_is_found_before_anything_is_sent(
    values, context, sandbox, sender, given
):
    values |= {"from": sender.format(sandbox.number), "recipients": given, "body": "Hi"}
    with pytest.raises(InvalidInput, match=r"line 2: (to|from): is on WhatsApp") as raised:
        list(ACTION.run(context, values))
    assert "line 1" not in str(raised.value)
    assert not sandbox.state.messages()


def test_a_sender_of_another_channel_than_all_recipients_is_named_itself(values, context, sandbox):
    with pytest.raises(InvalidInput, match="is on WhatsApp, and to is not") as raised:
        list(ACTION.run(context, values | {"from": f"whatsapp:{sandbox.number}"}))
    assert raised.value.field == "from"


def test_all_may_be_on_whatsapp(values, context, sandbox):
    values |= {"from": f"whatsapp:{sandbox.number}", "recipients": ["whatsapp:+15551234567"], "body": "Hi"}
    assert [result["status"] for result in ACTION.run(context, values)] == ["queued"]


def test_each_gets_their_own_text_and_has_a_result(values, context, sandbox):
    results = list(ACTION.run(context, values))
    sids = {message.to: message.sid for message in sandbox.state.messages()}
    assert bodies(sandbox) == EACH_ONCE
    assert {result["line"] for result in results} == {2, 3, 4}
    assert all(result["sid"] == sids[result["to"]] and result["error"] is None for result in results)


def test_places_of_templates_and_media_are_filled_too(values, context, sandbox):
    (template,) = [each for each in sandbox.state.contents.newest() if each.friendly_name == "feedback"]
    content = {"contentSid": template.sid, "contentVariables": {"1": '{{name}} "x"'}, "body": ""}
    list(ACTION.run(context, values | content | {"recipients": CSV[: CSV.index("+15551234568")]}))
    (sent,) = sandbox.state.messages()
    assert sent.body.startswith('Hi Ada "x",')
    media = {"mediaUrl": ["https://example.com/{{name}}.png"]}
    shown = list(ACTION.run(context, values | media | {"dryRun": "true"}))
    assert (shown[0]["text"], shown[0]["sms"]) == ("Hi Ada", None)


def test_what_was_begun_in_time_goes_on_although_the_time_to_send_at_is_near(values, context, sandbox, tmp_path):
    now = datetime.now(UTC)
    journal = FileJournal(tmp_path / "journal.jsonl")
    scheduled = values | {
        "from": "",
        "messagingServiceSid": sandbox.messaging_service,
        "sendAt": (now + timedelta(minutes=10)).isoformat(),
        "concurrency": "1",
    }
    first = ACTION.run(replace(context, journal=journal, clock=lambda: now), scheduled)
    next(first)
    first.close()
    later = replace(context, journal=journal, clock=lambda: now + timedelta(minutes=6))
    results = list(ACTION.run(later, scheduled))
    assert sorted(result["line"] for result in results) == [2, 3, 4]
    assert bodies(sandbox) == EACH_ONCE


def test_what_is_too_near_to_be_begun_leaves_no_journal_behind(values, context, sandbox, tmp_path):
    soon = {"messagingServiceSid": sandbox.messaging_service, "sendAt": datetime.now(UTC).isoformat()}
    path = tmp_path / "journal.jsonl"
    with pytest.raises(InvalidInput, match="sendAt"):
        list(ACTION.run(replace(context, journal=FileJournal(path)), values | soon))
    assert list(FileJournal(path).read()) == []


def test_a_refused_one_has_twilios_code_and_link_and_the_others_are_sent(values, context, sandbox):
    results = list(ACTION.run(context, values | {"recipients": CSV.replace("+15551234568", "+15005550001")}))
    (refused,) = [result for result in results if result["error"]]
    assert (refused["line"], refused["status"], refused["error"]["code"]) == (3, "notSent", 21211)
    assert refused["error"]["link"].endswith("21211")
    assert len(bodies(sandbox)) == 2


def test_on_request_only_those_not_sent_are_given(values, context):
    given = values | {"recipients": CSV.replace("+15551234568", "+15005550001"), "results": "errors"}
    assert [result["line"] for result in ACTION.run(context, given)] == [3]


def test_it_stops_on_an_error_when_told(values, context, sandbox):
    given = CSV.replace("+15551234567", "+15005550001")
    results = list(ACTION.run(context, values | {"recipients": given, "stopOnError": "true", "concurrency": "1"}))
    assert [result["status"] for result in results] == ["notSent"] * 3
    assert [bool(result["error"]) for result in results] == [True, False, False]
    assert not sandbox.state.messages()


def test_a_connection_that_fails_is_not_tried_with_everybody(values, context, sandbox):
    fields = values["twilioConnection"]["fields"] | {"apiSecret": "wrong"}
    given = values | {"twilioConnection": {"key": "apiKeySecret", "fields": fields}, "concurrency": "1"}
    results = list(ACTION.run(context, given))
    assert [(result["error"] or {}).get("kind") for result in results] == ["connection", None, None]


@pytest.mark.parametrize(
    ("bad", "field", "message"),
    [
        ({"recipients": "to,name\n,Ada\n+15551234567,\nx;y,"}, "recipients", "line 2: has no number; line 4: to: must be"),
        ({"body": "Hi {{nam}}"}, "recipients", "line 2: nothing fills the place {{nam}}; there are to, name"),
        ({"body": "{{name}}", "recipients": "to,name\n+15551234567,"}, "recipients", "line 2: body: is empty"),
        ({"recipients": ["+15551234567", *[7.5] * 30]}, "recipients", "; and 10 more"),
        (
            {"body": "Hi", "recipients": "to\n+15551234567\n+15557654321\n+1 555 123 4567"},
            "recipients",
            "line 4: +15551234567 gets the same message by line 2; remove one",
        ),
        ({"from": ""}, "from", "is required"),
        ({"body": ""}, "body", "is required"),
        ({"sendAt": "2020-01-01", "messagingServiceSid": "MG" + "1" * 32}, "sendAt", "300 seconds"),
        ({"rate": "0"}, "rate", "greater than 0"),
        ({"concurrency": "101"}, "concurrency", "100"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_line_before_anything_is_sent(values, sandbox, bad, field, message):
    with pytest.raises(InvalidInput) as raised:
        list(ACTION.run(ActionContext(), values | {"body": "Hi {{to}}"} | bad))
    assert raised.value.field == field
    assert message in str(raised.value)
    assert not sandbox.state.messages()


def test_a_dry_run_sends_nothing_and_shows_each_text_and_its_segments(values, context, sandbox):
    shown = list(ACTION.run(context, values | {"dryRun": "true", "body": "Hi {{name}} 👍"}))
    assert next((one["text"], one["sms"]["encoding"], one["sms"]["segments"]) for one in shown) == (
        "Hi Ada 👍",
        "UCS-2",
        1,
    )
    assert not sandbox.state.messages()


def test_the_rate_is_kept(values, transport, sandbox):
    now, slept = [datetime(2026, 1, 1, tzinfo=UTC)], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += timedelta(seconds=seconds)

    context = ActionContext(transport=transport, clock=lambda: now[0], sleep=sleep)
    list(ACTION.run(context, values | {"rate": "4"}))
    assert slept == [0.25, 0.25]


def test_a_dropped_line_leaves_exactly_one_message_each(values, context, sandbox):
    sandbox.state.faults.add("drop-after", method="POST", path="*/Messages*", times=2)
    assert all(result["sid"] for result in ACTION.run(context, values))
    assert bodies(sandbox) == EACH_ONCE


def test_what_is_resumed_sends_only_to_the_others_and_gives_every_result(values, context, sandbox, tmp_path):
    journaled = ActionContext(transport=context.transport, sleep=context.sleep, journal=FileJournal(tmp_path / "j"))
    run = ACTION.run(journaled, values | {"concurrency": "1"})
    first = next(run)
    run.close()
    results = list(ACTION.run(journaled, values | {"concurrency": "1"}))
    assert results[0] == first
    assert len({result["sid"] for result in results}) == 3
    assert bodies(sandbox) == EACH_ONCE
    assert list(ACTION.run(journaled, values | {"concurrency": "1"})) == results


def test_what_was_to_be_tried_later_is_tried_by_the_next_run(values, context, sandbox, tmp_path):
    journaled = ActionContext(transport=context.transport, sleep=context.sleep, journal=FileJournal(tmp_path / "j"))
    sandbox.state.faults.add("status", method="POST", status=429, retry_after=999, times=3)
    assert {result["error"]["kind"] for result in ACTION.run(journaled, values)} == {"retry"}
    assert all(result["sid"] for result in ACTION.run(journaled, values))
    assert bodies(sandbox) == EACH_ONCE


def test_the_journal_of_another_run_is_refused(values, context, tmp_path):
    journaled = ActionContext(transport=context.transport, journal=FileJournal(tmp_path / "j"))
    list(ACTION.run(journaled, values))
    for other in ({"body": "Ho"}, {"recipients": CSV + "+15551234560,Di\n"}):
        with pytest.raises(InvalidInput, match="another run"):
            list(ACTION.run(journaled, values | other))


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), max_size=4), seed=st.integers(0, 9))
def test_wherever_the_journal_was_cut_off_nobody_gets_two(running, tmp_path_factory, cuts, seed):
    """A process that dies leaves some first part of the journal, and messages that it does not tell of."""
    running.state.reset()
    path = tmp_path_factory.mktemp("bulk") / "journal"
    fields = {"accountSid": running.account_sid, "apiKey": running.api_key, "apiSecret": running.api_secret}
    connection = {"key": "apiKeySecret", "fields": fields | {"baseUrl": running.base_url}}
    given = {"twilioConnection": connection, "from": running.number, "body": "Hi {{name}}", "recipients": CSV}
    transport = Transport()
    context = ActionContext(transport=transport, sleep=lambda _: None, journal=FileJournal(path))
    run = ACTION.run(context, given | {"concurrency": "2"})
    for cut in cuts:
        for _ in range(random.Random(seed + cut).randrange(3)):
            next(run, None)
        run.close()
        _forget_results_after(path, cut)
        FileJournal(path).mend()
        fresh = ActionContext(transport=transport, sleep=lambda _: None, journal=FileJournal(path))
        run = ACTION.run(fresh, given | {"concurrency": "2"})
    results = list(run)
    transport.close()
    assert bodies(running) == EACH_ONCE
    assert len({result["sid"] for result in results}) == len(results) == 3


def _forget_results_after(path, cut: int) -> None:
    """What says that a message may be sent is on disk before it is; what says that it was may be lost, torn even."""
    if not path.exists():
        return
    lines = path.read_text().splitlines(keepends=True)
    size, kept = 0, ""
    for line in lines:
        size += len(line)
        if '"result"' not in line or size <= cut + 150:
            kept += line
    path.write_text(kept + '{"line":2,"at":"20')


class Twilio:
    """Takes everything, at the HTTP edge, and keeps nothing."""

    status_code, headers = 201, {}

    def send(self, request):
        return self

    def iter_content(self, size):
        yield json.dumps({"sid": f"SM{random.getrandbits(128):032x}", "status": "queued"}).encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def peak(count, folder):
    """The most memory that is taken while so many are sent to."""
    text = "to,name\n" + "".join(f"+1555{number:07},Ada\n" for number in range(count))
    connection = {"key": "basic", "fields": {"username": "AC" + "a" * 32, "password": "b" * 32}}
    given = {"twilioConnection": connection, "from": "+15557654321", "body": "Hi {{name}}", "recipients": text}
    context = ActionContext(transport=Twilio(), journal=FileJournal(folder / str(count)))
    tracemalloc.start()
    assert sum(1 for _ in ACTION.run(context, given)) == count
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory_stays_flat_whatever_the_number_of_recipients(tmp_path, monkeypatch):
    """What grows is the text of the recipients, 16 bytes each here, in a few copies."""
    monkeypatch.setattr("twilio_connector.connector.claims.REMEMBERED", 100)
    less = max(peak(count, tmp_path) for count in (100, 1000))
    assert peak(2000, tmp_path) - less < 1000 * 10 * 16
