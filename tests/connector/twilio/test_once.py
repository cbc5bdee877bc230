"""Exactly one message for each use, whatever breaks; against a model of Twilio at the HTTP edge."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from urllib.parse import parse_qs

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from twilio_connector.connector.claims import ClaimsInMemory
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import OutcomeUnknown, Refused, TryLater
from twilio_connector.connector.twilio.client import TwilioClient
from twilio_connector.connector.twilio.once import IN_WORK, LOOKED_AT, SETTLING, UNAWAITED, send_once
from twilio_connector.connector.twilio.resource import api_2010
from twilio_connector.connector.twilio.resources.messages import MESSAGES

CALLS = api_2010("call", "Calls", "calls")
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FATES = (
    "answer",
    "drop-after",
    "drop-before",
    "500",
    "crash-before",
    "crash-after",
    "crash-unclaimed",
    "crash-claimed",
)
TEXT = {"To": "+15551234567", "From": "+15557654321", "Body": "Hi"}


class Crash(BaseException):
    """The process dies."""


@dataclass
class Answer:
    status_code: int
    content: bytes
    headers: dict = field(default_factory=dict)

    def iter_content(self, size):
        yield self.content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


@dataclass
class ModelTwilio:
    """Takes messages and lists them; each POST meets the next of the fates, none left means it is answered."""

    now: datetime = NOW
    taken: list = field(default_factory=list)
    fates: list = field(default_factory=list)
    listing: int = 200
    refusals: int = 0  # how many GETs are refused first
    down: tuple = (NOW, NOW)  # from when until when they are
    posts: int = 0
    shown: dict = field(default_factory=dict)  # what Twilio makes of a message

    def send(self, request):
        self.now += timedelta(milliseconds=200)
        if request.method == "GET":
            return self._get(request) if self._answers() else Answer(500, b"")
        self.posts += 1
        fate = self.fates.pop(0) if self.fates else "answer"
        if fate == "crash-before":
            raise Crash
        if fate == "drop-before":
            raise requests.ConnectionError("dropped")
        if fate == "500":
            return Answer(500, b"")
        if fate == "429":
            return Answer(429, b"", {"Retry-After": "14"})
        message = self._take(parse_qs(request.data.decode()))
        if fate in {"late", "crash-late"}:  # nobody waits for the answer, and it is listed when the work is done
            message["listed_at"] = self.now + timedelta(seconds=9)
            self.now += timedelta(seconds=1)
            raise requests.ReadTimeout("late") if fate == "late" else Crash
        if fate == "crash-after":
            raise Crash
        if fate == "drop-after":
            raise requests.ReadTimeout("dropped")
        return Answer(201, json.dumps(message).encode())

    def _answers(self):
        self.refusals -= 1
        return self.refusals < 0 and not self.down[0] <= self.now < self.down[1]

    def _take(self, form):
        message = {
            "sid": f"SM{len(self.taken):032x}",
            "to": form["To"][-1],
            "from": form.get("From", [None])[-1],
            "messaging_service_sid": form.get("MessagingServiceSid", [None])[-1],
            "body": form.get("Body", [""])[-1],
            "direction": "outbound-api",
            "num_media": str(len(form.get("MediaUrl", []))),
            "date_created": format_datetime(self.now),
            "date_sent": None,
        } | self.shown
        self.taken.append(message)
        return message

    def _get(self, request):
        one = [message for message in self.taken if message["sid"] in request.url]
        return Answer(200, json.dumps(one[0]).encode()) if one else self._list(dict(request.params))

    def _list(self, params):
        kinds = {"To": "to", "From": "from"}
        listed = [m for m in self.taken if m.get("listed_at", self.now) <= self.now]
        found = [m for m in listed if all(m[key] == params.get(name, m[key]) for name, key in kinds.items())]
        shown = [{key: value for key, value in m.items() if key != "listed_at"} for m in reversed(found)]
        page = {"messages": shown, "calls": shown, "next_page_uri": None}
        return Answer(self.listing, json.dumps(page).encode(), {"Date": format_datetime(self.now, usegmt=True)})

    def client(self):
        return TwilioClient(
            account_sid="AC" + "a" * 32,
            username="AC" + "a" * 32,
            secret=SecretStr("secret"),
            transport=self,
            clock=lambda: self.now,
            sleep=self.sleep,
            elapsed=lambda: self.now.timestamp(),  # noqa: PLW0108 -- now is another each time
        )

    def context(self, **more):
        return ActionContext(clock=lambda: self.now, sleep=self.sleep, **more)

    def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)


@dataclass
class FragileClaims:
    """A process's way to claims that outlast it; it may die on the way, before or after."""

    kept: ClaimsInMemory
    use: str
    fate: str

    def take(self, sid, use=""):
        if self.fate == "crash-unclaimed":
            raise Crash
        taken = self.kept.take(sid, self.use)
        if self.fate == "crash-claimed":
            raise Crash
        return taken

    def is_free(self, sid, use=""):
        return self.kept.is_free(sid, self.use)

    def mine(self, use=""):
        return self.kept.mine(self.use)


uses = st.lists(
    st.tuples(st.sampled_from(["Hi", "Ho"]), st.lists(st.sampled_from(FATES), max_size=3)), min_size=1, max_size=5
)


@settings(max_examples=300, deadline=None)
@given(uses=uses, order=st.randoms(use_true_random=False))
def test_there_are_as_many_messages_as_uses_whatever_breaks_and_whoever_comes_first(uses, order):
    twilio, kept = ModelTwilio(), ClaimsInMemory()
    waiting = [(str(number), body, [*fates], None) for number, (body, fates) in enumerate(uses)]
    results = {}
    while waiting:
        use, body, fates, began = waiting.pop(order.randrange(len(waiting)))
        fate = fates.pop(0) if fates else "answer"
        twilio.fates, start = [fate], twilio.now
        context = twilio.context(first_attempt=began, claims=FragileClaims(kept, use, fate))
        try:
            results[use] = send_once(twilio.client(), context, MESSAGES, TEXT | {"Body": body})
        except Crash:
            waiting.append((use, body, fates, began or start))
    assert Counter(message["body"] for message in twilio.taken) == Counter(body for body, _ in uses)
    assert len({message["sid"] for message in results.values()}) == len(uses)
    assert all(results[str(number)]["body"] == body for number, (body, _) in enumerate(uses))


def test_two_that_are_alike_both_go_out_in_one_script():
    twilio = ModelTwilio(fates=["answer", "drop-before"])
    context, client = twilio.context(), twilio.client()
    sids = {send_once(client, context, MESSAGES, TEXT)["sid"] for _ in range(2)}
    assert len(sids) == len(twilio.taken) == 2


def test_it_is_sent_again_only_when_it_was_not_there_for_the_settling_time():
    twilio = ModelTwilio(fates=["drop-before"])
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    assert twilio.now - NOW >= timedelta(seconds=sum(SETTLING))
    assert (twilio.posts, len(twilio.taken)) == (2, 1)


@pytest.mark.parametrize("refused", [[], ["429"]])
def test_a_timeout_that_is_shorter_than_twilios_work_does_not_send_it_twice(refused):
    twilio = ModelTwilio(fates=[*refused, "late"])
    client = replace(twilio.client(), timeout=1.0)
    assert send_once(client, twilio.context(), MESSAGES, TEXT)["sid"] == twilio.taken[0]["sid"]
    assert (twilio.posts, len(twilio.taken)) == (1 + len(refused), 1)


@dataclass
class Rivals:
    """Others, who claim what is found first and leave what they sent themselves a moment later; so many times."""

    twilio: ModelTwilio
    left: int
    taken: set = field(default_factory=set)

    def take(self, sid, use=""):
        if self.left and sid not in self.taken:
            self.left -= 1
            self.taken.add(sid)
            self.twilio._take({name: [value] for name, value in TEXT.items()})
        return sid not in self.taken

    def is_free(self, sid, use=""):
        return sid not in self.taken

    def mine(self, use=""):
        return None


@pytest.mark.parametrize("rivals", [1, 19, 30])
def test_whoever_is_forestalled_again_and_again_takes_what_is_left_and_sends_nothing_again(rivals):
    twilio = ModelTwilio(fates=["drop-after"])
    sent = send_once(twilio.client(), twilio.context(claims=Rivals(twilio, rivals)), MESSAGES, TEXT)
    assert (sent["sid"], twilio.posts) == (twilio.taken[-1]["sid"], 1)


def test_whoever_is_forestalled_without_end_does_not_send_again():
    twilio = ModelTwilio(fates=["drop-after"])
    with pytest.raises(OutcomeUnknown, match="others claim"):
        send_once(twilio.client(), twilio.context(claims=Rivals(twilio, 10_000)), MESSAGES, TEXT)
    assert twilio.posts == 1


class Notes(list):
    """A journal that outlives the process."""

    def read(self):
        return iter(self)

    def append(self, entries, *, sync=True):
        self.extend(entries)


def resumed(twilio, notes, *, dies_at_pause=None):
    """What the next process does; one that dies at its pause of that number gives None."""
    pauses = count(1)
    context = twilio.context()

    def sleep(seconds):
        if next(pauses) == dies_at_pause:
            raise Crash
        context.sleep(seconds)

    try:
        given = replace(context, sleep=sleep, first_attempt=NOW, journal=notes)
        return send_once(twilio.client(), given, MESSAGES, TEXT)
    except Crash:
        return None


def test_processes_that_die_again_and_again_while_they_look_get_it_sent_once_all_the_same():
    """Each lives for one pause; together they wait as long as one would."""
    twilio, notes = ModelTwilio(), Notes()
    lives = 1
    while not (sent := resumed(twilio, notes, dies_at_pause=2)) and lives < 20:
        lives += 1
    assert (sent["sid"], twilio.posts, lives) == (twilio.taken[0]["sid"], 1, len(UNAWAITED))
    assert twilio.now - NOW >= timedelta(seconds=IN_WORK)


def test_what_twilio_is_still_at_work_on_when_its_sender_has_died_is_not_sent_again():
    twilio, notes = ModelTwilio(fates=["crash-late"]), Notes()
    assert resumed(twilio, notes) is None
    assert resumed(twilio, notes)["sid"] == twilio.taken[0]["sid"]
    assert twilio.posts == 1


def test_what_may_have_been_sent_by_one_that_looked_before_is_looked_for_from_the_beginning():
    twilio, notes = ModelTwilio(fates=["crash-before"]), Notes()
    assert resumed(twilio, notes) is None
    assert notes[-1] == {"sending": True}
    began = twilio.now
    assert resumed(twilio, notes)["sid"]
    assert twilio.now - began >= timedelta(seconds=IN_WORK)


def test_it_is_not_sent_for_ever():
    twilio = ModelTwilio(fates=["500"] * 9)
    with pytest.raises(TryLater, match="did not reach Twilio"):  # it was looked for each time
        send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    assert twilio.posts == 3


def test_a_look_that_fails_is_made_again():
    twilio = ModelTwilio(fates=["drop-after"], refusals=12)
    assert send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)["sid"]
    assert twilio.posts == 1


def test_only_a_look_that_succeeds_after_the_settling_time_tells_that_it_was_not_sent():
    twilio = ModelTwilio(fates=["drop-before"], down=(NOW + timedelta(seconds=4), NOW + timedelta(seconds=25)))
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    assert twilio.now >= NOW + timedelta(seconds=25)
    assert (twilio.posts, len(twilio.taken)) == (2, 1)


def test_what_was_claimed_is_read_again_where_twilio_does_not_answer():
    twilio, claims = ModelTwilio(), FragileClaims(ClaimsInMemory(), "use", "answer")
    sent = send_once(twilio.client(), twilio.context(claims=claims), MESSAGES, TEXT)
    twilio.refusals = 7
    again = send_once(twilio.client(), twilio.context(claims=claims, first_attempt=NOW), MESSAGES, TEXT)
    assert (again["sid"], twilio.posts) == (sent["sid"], 1)


@pytest.mark.parametrize("wrong", [-300, 300])
@pytest.mark.parametrize("refusals", [3, 5, 12])  # a request is tried five times
def test_by_a_clock_that_is_wrong_it_is_found_although_twilio_first_does_not_tell_its_time(wrong, refusals):
    twilio = ModelTwilio(fates=["drop-after"], refusals=refusals)
    clock = lambda: twilio.now + timedelta(seconds=wrong)  # noqa: E731
    client = replace(twilio.client(), clock=clock)
    assert send_once(client, replace(twilio.context(), clock=clock), MESSAGES, TEXT)["sid"]
    assert twilio.posts == 1


@pytest.mark.parametrize("step", [-300, 300])
def test_a_clock_that_is_set_while_it_is_sent_does_not_hide_it(step):
    twilio = ModelTwilio(fates=["drop-after"])
    clock = lambda: twilio.now + timedelta(seconds=step * twilio.posts)  # noqa: E731
    client = replace(twilio.client(), clock=clock)
    assert send_once(client, replace(twilio.context(), clock=clock), MESSAGES, TEXT)["sid"]
    assert twilio.posts == 1


@pytest.mark.parametrize("status", [401, 403, 500])
def test_where_looking_fails_it_is_not_sent_again(status):
    twilio = ModelTwilio(fates=["drop-after"], listing=status)
    with pytest.raises(OutcomeUnknown, match="looking for it failed"):
        send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    assert twilio.posts == 1


def test_what_was_sent_long_before_is_not_taken_for_it():
    twilio = ModelTwilio()
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    twilio.now += timedelta(minutes=5)
    twilio.fates = ["drop-before"]
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    assert len(twilio.taken) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"Body": "Ho"},
        {"To": "+15550000000"},
        {"From": "+15550000000"},
        {"MediaUrl": ["https://example.com/a.png"]},
        {"From": None, "MessagingServiceSid": "MG" + "1" * 32},
    ],
)
def test_another_message_is_not_taken_for_it(other):
    twilio = ModelTwilio()
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT | other)
    twilio.fates = ["drop-before"]
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)
    assert len(twilio.taken) == 2


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"Body": "Hi  there\r\n"}, {"body": "Hi there"}),
        ({}, {"body": "Sent from your Twilio trial account - Hi"}),
        ({"From": None, "MessagingServiceSid": "MG" + "1" * 32}, {"from": "+15557654321"}),
        ({"MediaUrl": ["https://example.com/a.png"]}, {"num_media": "0", "sid": "MM" + "1" * 32}),
        ({"To": "5551234567"}, {"to": "+15551234567"}),
        ({"To": "07911123456"}, {"to": "+447911123456"}),
        ({"To": "whatsapp:15551234567"}, {"to": "whatsapp:+15551234567"}),
        ({"Body": "👍"}, {}),
        ({"From": "rcs:Brand", "FallbackFrom": "+15550000000"}, {"from": "+15550000000"}),
    ],
)
def test_it_is_recognised_as_twilio_shows_it(sent, shown):
    twilio = ModelTwilio(fates=["drop-after"], shown=shown)
    found = send_once(twilio.client(), twilio.context(), MESSAGES, TEXT | sent)
    assert (twilio.posts, found["sid"]) == (1, twilio.taken[0]["sid"])


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"Body": None, "ContentSid": "HX" + "1" * 32}, {"body": "Hello Ada"}),
        ({"ContentRetention": "discard"}, {"body": ""}),
        ({"AddressRetention": "obfuscate"}, {"to": "+1555*******"}),
        ({"Body": "“Hi”", "SmartEncoded": True}, {"body": '"Hi"'}),
        ({"Body": "See https://example.com/x", "ShortenUrls": True}, {"body": "See https://twil.io/a"}),
        ({"Body": "It’s", "From": None, "MessagingServiceSid": "MG" + "1" * 32}, {"body": "It's"}),
    ],
)
def test_where_it_cannot_be_told_it_is_not_sent_again(sent, shown):
    twilio = ModelTwilio(fates=["drop-after"], shown=shown)
    with pytest.raises(OutcomeUnknown):
        send_once(twilio.client(), twilio.context(), MESSAGES, TEXT | sent)
    assert twilio.posts == 1


def test_a_template_that_went_to_nobody_is_sent_again():
    twilio = ModelTwilio(fates=["drop-before"])
    send_once(twilio.client(), twilio.context(), MESSAGES, TEXT | {"Body": None, "ContentSid": "HX" + "1" * 32})
    assert len(twilio.taken) == 1


def test_among_too_many_it_cannot_be_told():
    twilio = ModelTwilio(fates=["drop-before"])
    for _ in range(LOOKED_AT + 1):
        twilio._take({"To": [TEXT["To"]], "From": [TEXT["From"]], "Body": ["Ho"]})
    with pytest.raises(OutcomeUnknown, match="more than 1000"):
        send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)


def test_a_call_is_found_by_whom_it_joins():
    twilio = ModelTwilio(fates=["drop-after"])
    values = {"To": "+15551234567", "From": "+15557654321", "Url": "https://example.com/"}
    assert send_once(twilio.client(), twilio.context(), CALLS, values)["sid"] == twilio.taken[0]["sid"]
    assert twilio.posts == 1


def test_a_call_is_found_that_shows_the_caller_id_it_was_given():
    twilio = ModelTwilio(fates=["drop-after"], shown={"from": "+15550000000"})
    values = {"To": "+15551234567", "From": "+15557654321", "CallerId": "+15550000000", "Url": "https://example.com/"}
    assert send_once(twilio.client(), twilio.context(), CALLS, values)["sid"] == twilio.taken[0]["sid"]
    assert twilio.posts == 1


def test_what_twilio_refuses_is_not_looked_for():
    twilio = ModelTwilio()
    twilio.send = lambda request: Answer(400, b'{"code": 21211, "message": "bad"}')
    with pytest.raises(Refused):
        send_once(twilio.client(), twilio.context(), MESSAGES, TEXT)


def test_a_plain_context_remembers_its_newest_claims(monkeypatch):
    monkeypatch.setattr("twilio_connector.connector.claims.REMEMBERED", 2)
    claims = ClaimsInMemory()
    assert [claims.take(sid) for sid in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
    assert (claims.take("x", "1"), claims.take("x", "1"), claims.take("x", "2")) == (True, True, False)
    assert replace(ActionContext(claims=claims), step_id="s").claims is claims
