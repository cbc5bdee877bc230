"""Each watcher against the local Twilio, by a host that keeps the state as JSON text; both live by the same clock."""

import json
import logging
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput, TryLater
from twilio_connector.connector.http import Transport
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.sandbox.products import PhoneCall, Recording, Transcription
from twilio_connector.sandbox.server import Sandbox
from twilio_connector.sandbox.settings import Delays, Settings, new_sid

COMPONENT = load("twilio_connector")
WATCHERS = [key for key in COMPONENT.triggers if key.startswith("watch")]
FAST = Delays(queued=0, sending=0, sent=0, ringing=0, second=0.02)
START = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def later(self, **by):
        self.now += timedelta(**by)


CLOCK, TRANSPORT = Clock(), Transport()


@pytest.fixture(scope="module")
def running():
    with Sandbox(Settings(delays=FAST, clock=CLOCK)) as sandbox, closing(TRANSPORT):
        yield sandbox


@pytest.fixture
def sandbox(running):
    CLOCK.now = START
    running.state.reset()
    return running


@pytest.fixture
def connection(sandbox):
    fields = {"username": sandbox.account_sid, "password": sandbox.auth_token, "baseUrl": sandbox.base_url}
    return {"key": "basic", "fields": fields}


class Host:
    """Polls a trigger five minutes after the last time."""

    def __init__(self, key, connection, inputs):
        self.trigger, self.inputs = COMPONENT.triggers[key], {"connection": connection} | inputs
        self.state, self.slept = "{}", []

    def receive(self, **changed):
        context = ActionContext(
            clock=CLOCK, sleep=self.slept.append, transport=TRANSPORT, instance_state=json.loads(self.state)
        )
        result = self.trigger.receive(
            context, WebhookRequest(method="POLL", url="https://example.com"), self.inputs | changed
        )
        self.state = json.dumps(json.loads(self.state) | result.instance_state)
        return result

    def poll(self, **changed):
        CLOCK.later(minutes=5)
        result = self.receive(**changed)
        assert result.polled_no_changes is not bool(result.payload.body["items"])
        return result.payload.body["items"]

    def sids(self, **changed):
        return [item["sid"] for item in self.poll(**changed)]


@pytest.fixture
def host(connection):
    return lambda key, **inputs: Host(key, connection, inputs)


@pytest.fixture
def text(sandbox):
    """Let a handset text; the SID of the message."""

    def text(from_=sandbox.handset, body="Hi"):
        return sandbox.state.receive(from_, sandbox.number, body).sid

    return text


def dated(sandbox, sid):
    return {"sid": sid, "account_sid": sandbox.account_sid, "created": CLOCK(), "updated": CLOCK()}


@pytest.fixture
def call(sandbox):
    def call(**fields):
        given = {"to": "+14155550123", "from_": "+14155550100", "status": "in-progress", "start_time": CLOCK()} | fields
        return sandbox.state.calls.add(PhoneCall(**dated(sandbox, new_sid("CA")), **given)).sid

    return call


@pytest.fixture
def recording(sandbox):
    def recording(**fields):
        given = {"call_sid": new_sid("CA"), "start_time": CLOCK(), "status": "completed"} | fields
        return sandbox.state.recordings.add(Recording(**dated(sandbox, new_sid("RE")), **given)).sid

    return recording


@pytest.fixture
def transcription(sandbox):
    def transcription(**fields):
        given = {"recording_sid": new_sid("RE"), "transcription_text": "Hello"} | fields
        return sandbox.state.transcriptions.add(Transcription(**dated(sandbox, new_sid("TR")), **given)).sid

    return transcription


@pytest.fixture
def alert(sandbox):
    return lambda **fields: sandbox.state.alert(sandbox.account_sid, 11200, "HTTP retrieval failure", **fields).sid


@pytest.fixture
def number(sandbox):
    return lambda: sandbox.state.add_number(f"+1415556{CLOCK().timestamp() % 10000:04.0f}").sid


MADE_BY = {
    "watchMessages": "text",
    "watchCalls": "call",
    "watchRecordings": "recording",
    "watchTranscriptions": "transcription",
    "watchAlerts": "alert",
    "watchPhoneNumbers": "number",
}


@pytest.fixture
def make(request, key):
    """Make one of what the watcher gives."""
    return request.getfixturevalue(MADE_BY[key])


@pytest.mark.parametrize("key", WATCHERS)
def test_what_comes_after_the_first_poll_comes_once_the_oldest_first(host, make, key):
    make()
    watcher = host(key)
    assert watcher.poll() == []
    CLOCK.later(seconds=1)
    first = make()
    CLOCK.later(seconds=1)
    second = make()
    assert watcher.sids() == [first, second]
    assert watcher.poll() == []
    CLOCK.later(hours=30)
    assert watcher.poll() == []


@pytest.mark.parametrize("key", WATCHERS)
def test_the_first_poll_can_begin_with_all_and_a_limit_leaves_the_rest_to_the_next(host, make, key):
    made = []
    for _ in range(5):
        CLOCK.later(seconds=1)
        made.append(make())
    watcher = host(key, startFrom="all", limit="2")
    present = watcher.sids()
    while found := watcher.sids():
        assert len(found) <= 2
        present += found
    assert len(present) == len(set(present))
    assert [sid for sid in present if sid in made] == made


@pytest.mark.parametrize("key", WATCHERS)
def test_the_first_poll_can_begin_with_a_date(host, make, key):
    make()
    CLOCK.later(hours=2)
    made = [make()]
    watcher = host(key, startDate=CLOCK().isoformat())
    assert watcher.sids() == made
    assert watcher.sids() == []


@pytest.mark.parametrize("key", WATCHERS)
def test_where_twilio_says_later_nothing_is_given_and_the_state_stays(sandbox, host, make, key):
    watcher = host(key)
    watcher.poll()
    before, made = watcher.state, make()
    sandbox.state.faults.add("status", method="GET", status=429, retry_after=7, times=None)
    with pytest.raises(TryLater) as raised:
        watcher.poll()
    assert raised.value.retry_after is not None
    assert watcher.state == before
    sandbox.state.faults.clear()
    assert watcher.sids() == [made]


@pytest.mark.parametrize("key", WATCHERS)
def test_with_another_start_it_goes_on_from_the_last_poll_and_repeats_nothing(host, make, key):
    watcher = host(key)
    make()
    watcher.poll()
    CLOCK.later(seconds=1)
    make()
    assert len(watcher.poll()) == 1
    CLOCK.later(seconds=1)
    since = make()
    assert watcher.sids(startFrom="all") == [since]
    assert watcher.sids(startFrom="all") == []


def test_with_another_account_it_goes_on_with_what_that_one_has_since_the_last_poll(sandbox, host, text):
    watcher = host("watchMessages")
    watcher.poll()
    text()
    other = sandbox.state.add_account("Other")
    sandbox.state.add_number("+14155550177", other.sid)
    sandbox.state.receive(sandbox.handset, "+14155550177", "before")
    assert len(watcher.poll()) == 1
    since = sandbox.state.receive(sandbox.handset, "+14155550177", "since").sid
    fields = {"username": other.sid, "password": other.auth_token, "baseUrl": sandbox.base_url}
    assert watcher.sids(connection={"key": "basic", "fields": fields}) == [since]


def test_messages_are_filtered_by_whom_they_are_to_and_from(sandbox, host, text):
    to, from_ = host("watchMessages", to="+1 (415) 555-0100"), host("watchMessages", **{"from": "+14155550123"})
    neither = host("watchMessages", to="+15005550006")
    for watcher in (to, from_, neither):
        watcher.poll()
    ours, other = text(), text("+14155550124")
    assert (to.sids(), from_.sids(), neither.sids()) == ([ours, other] if ours < other else [other, ours], [ours], [])


def test_a_message_that_we_send_comes_once_whatever_becomes_of_it(sandbox, host, connection):
    watcher = host("watchMessages")
    watcher.poll()
    values = {"twilioConnection": connection, "to": sandbox.handset, "from": sandbox.number, "message": "Hi"}
    sent = COMPONENT.actions["sendSMS"].perform(ActionContext(clock=CLOCK), values).data["sid"]
    sandbox.state.wait_for(lambda: sandbox.state.message(sent).status == "delivered")
    assert watcher.sids() == [sent]
    assert watcher.sids() == []


def test_a_queued_message_comes_when_it_is_sent_hours_later_too(sandbox, host, text):
    watcher = host("watchMessages")
    watcher.poll()
    queued = text()
    sandbox.state.change(queued, status="queued", sent=None)
    assert watcher.poll() == []
    CLOCK.later(hours=9)
    sandbox.state.change(queued, status="sent", sent=CLOCK())
    assert watcher.sids() == [queued]


def test_a_call_comes_when_it_begins_or_when_it_ended_or_in_the_status_that_is_wanted(sandbox, host, call):
    begun, ended = host("watchCalls"), host("watchCalls", waitForEnd="true")
    completed, busy = host("watchCalls", status="completed"), host("watchCalls", status="busy")
    ringing = host("watchCalls", status="ringing")
    watchers = (begun, ended, completed, busy, ringing)
    for watcher in watchers:
        watcher.poll()
    one = call(status="ringing")
    assert [each.sids() for each in watchers] == [[one], [], [], [], [one]]
    CLOCK.later(hours=20)
    sandbox.state.calls.change(one, status="completed", end_time=CLOCK())
    other = call(status="busy")
    assert [sorted(each.sids()) for each in watchers] == [[other], sorted([one, other]), [one], [other], []]
    assert [each.sids() for each in watchers] == [[], [], [], [], []]


def test_calls_are_filtered_by_their_parent(host, call):
    parent = call()
    watcher = host("watchCalls", parentCallSid=parent)
    watcher.poll()
    call()
    assert watcher.sids() == []
    child = call(parent_call_sid=parent)
    assert watcher.sids() == [child]


def test_a_recording_comes_when_it_is_complete_though_others_were_complete_before_it(sandbox, host, recording):
    early = recording(status="in-progress")  # runs when the watch begins
    watcher = host("watchRecordings")
    watcher.poll()
    late = recording(status="processing")
    quick = recording()
    assert watcher.sids() == [quick]
    CLOCK.later(hours=10)
    for sid in (early, late):
        sandbox.state.recordings.change(sid, status="completed")
    assert watcher.sids() == [early, late]
    assert watcher.sids() == []


def test_recordings_are_filtered_by_call_and_conference(host, recording):
    of_call, of_conference = new_sid("CA"), new_sid("CF")
    by_call, by_conference = (
        host("watchRecordings", callSid=of_call),
        host("watchRecordings", conferenceSid=of_conference),
    )
    for watcher in (by_call, by_conference):
        watcher.poll()
    one = recording(call_sid=of_call)
    other = recording(conference_sid=of_conference)
    recording()
    assert (by_call.sids(), by_conference.sids()) == ([one], [other])


def test_an_unfinished_transcription_comes_when_it_is_finished_and_a_deleted_one_disturbs_nothing(
    sandbox, host, transcription
):
    watcher = host("watchTranscriptions")
    watcher.poll()
    slow, gone = transcription(status="in-progress"), transcription()
    assert watcher.sids() == [gone]
    sandbox.state.transcriptions.remove(gone)
    assert watcher.sids() == []
    sandbox.state.transcriptions.change(slow, status="failed")
    assert watcher.sids() == [slow]


def test_alerts_are_filtered_by_level_and_end(host, alert):
    warnings, all_until = host("watchAlerts", logLevel="warning"), host("watchAlerts", endDate="2026-11-21T09:30:00Z")
    for watcher in (warnings, all_until):
        watcher.poll()
    error, warning = alert(), alert(level="warning")
    assert warnings.sids() == [warning]
    assert sorted(all_until.sids()) == sorted([error, warning])
    CLOCK.later(hours=1)
    alert()
    assert all_until.sids() == []
    CLOCK.later(days=60)  # Twilio does not answer for that time any more, so it is not asked
    assert all_until.sids() == []


def test_alerts_older_than_30_days_cannot_be_asked_for_but_the_start_may_grow_old(host, alert):
    for name in ("startDate", "endDate"):
        with pytest.raises(InvalidInput, match=f"^{name}: is more than 30 days ago") as raised:
            host("watchAlerts", **{name: "2026-10-21"}).poll()
        assert raised.value.field == name
    watcher = host("watchAlerts", startDate="2026-11-01")
    watcher.poll()
    CLOCK.later(days=40)
    late = alert()
    assert watcher.sids() == [late]


def test_all_alerts_are_those_of_the_last_30_days(host, alert):
    alert()
    CLOCK.later(days=31)
    kept = alert()
    assert host("watchAlerts", startFrom="all").sids() == [kept]


def test_a_number_comes_again_when_it_was_released_and_bought_again(sandbox, host):
    watcher = host("watchPhoneNumbers")
    watcher.poll()
    bought = sandbox.state.add_number("+14155550177").sid
    assert watcher.sids() == [bought]
    sandbox.state.remove_number(bought)
    assert watcher.sids() == []
    again = sandbox.state.add_number("+14155550177").sid
    assert watcher.sids() == [again]
    assert again != bought


def test_a_number_from_another_account_comes_though_it_is_dated_long_ago(sandbox, host):
    other = sandbox.state.add_account("Other").sid
    number = sandbox.state.add_number("+14155550188", other).sid
    CLOCK.later(days=300)
    watcher = host("watchPhoneNumbers", phoneNumber="+1415*")
    watcher.poll()
    sandbox.state.change_number(number, account_sid=sandbox.account_sid)
    assert watcher.sids() == [number]
    assert watcher.sids() == []


def test_a_number_that_was_away_comes_again_after_an_hour_only(sandbox, host, number):
    watcher, other = host("watchPhoneNumbers"), sandbox.state.add_account("Other").sid
    watcher.poll()
    moved = number()
    assert watcher.sids() == [moved]
    for hours, comes in ((0, []), (2, [moved])):
        sandbox.state.change_number(moved, account_sid=other)
        CLOCK.later(hours=hours)
        assert watcher.sids() == []
        sandbox.state.change_number(moved, account_sid=sandbox.account_sid)
        assert watcher.sids() == comes


def test_numbers_bought_before_a_start_that_is_still_to_come_are_passed_over(host, number):
    watcher = host("watchPhoneNumbers", startDate=(CLOCK() + timedelta(hours=1)).isoformat())
    watcher.poll()
    number()
    assert watcher.sids() == []
    CLOCK.later(minutes=48)
    number()
    CLOCK.later(minutes=3)  # an hour and a minute
    bought = number()
    assert watcher.sids() == [bought]


def test_a_list_of_several_pages_is_read_to_its_end(host, text):
    watcher = host("watchMessages", limit="10000")
    watcher.poll()
    sent = set()
    for _ in range(1100):  # Twilio gives 1000 at once
        sent.add(text())
    found = watcher.sids()
    assert (len(found), set(found)) == (1100, sent)
    assert watcher.sids() == []


def test_a_poll_that_is_cut_says_so_in_the_log(host, text, caplog):
    caplog.set_level(logging.INFO)
    watcher = host("watchMessages", startFrom="all", limit="1")
    text(), text()
    assert len(watcher.sids()) == 1
    assert "watchMessages: there are more than 1" in caplog.text


@pytest.mark.parametrize(
    ("inputs", "field", "says"),
    [
        ({"startFrom": "date"}, "startDate", "is required, since startFrom is date"),
        ({"startFrom": "now", "startDate": "2026-11-21"}, "startDate", "has no effect where startFrom is now"),
        ({"startFrom": "all", "startDate": "2026-11-21"}, "startDate", "has no effect where startFrom is all"),
        ({"startFrom": "yesterday"}, "startFrom", "now"),
        ({"startDate": "soon"}, "startDate", "ISO 8601"),
        ({"limit": "0"}, "limit", "greater than or equal to 1"),
        ({"limit": "10001"}, "limit", "less than or equal to 10000"),
    ],
)
def test_a_start_or_a_limit_that_cannot_be_is_refused_by_name(inputs, field, says):
    with pytest.raises(InvalidInput, match=says) as raised:
        COMPONENT.triggers["watchMessages"].prepare({"connection": CONNECTED} | inputs)
    assert raised.value.field == field


def test_inputs_of_one_watcher_that_exclude_each_other_are_refused_by_name():
    for key, inputs, field in (
        ("watchCalls", {"waitForEnd": "true", "status": "ringing"}, "waitForEnd"),
        ("watchAlerts", {"startDate": "2026-11-21", "endDate": "2026-11-20"}, "endDate"),
    ):
        with pytest.raises(InvalidInput) as raised:
            COMPONENT.triggers[key].prepare({"connection": CONNECTED} | inputs)
        assert raised.value.field == field


CONNECTED = {"key": "basic", "fields": {"username": "AC" + "a" * 32, "password": "token"}}
