import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.http import Transport
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.triggers import poll_changes

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
CONNECTION = {"key": "basic", "fields": {"username": ACCOUNT, "password": "token"}}
URL = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
TRIGGER = load("twilio_connector").triggers["pollChangesTrigger"]
START = datetime(2026, 11, 21, tzinfo=UTC)
TRANSPORT = Transport()  # one for all polls: each would load the certificates again


class Account:
    """Messages as Twilio lists them, and a host that polls and keeps the state."""

    def __init__(self):
        self.now, self.messages, self.state, self.asked = START, {}, {}, []

    def send(self, sid, status="delivered", *, late=timedelta(0)):
        self.messages[sid] = {"sid": sid, "status": status, "date_sent": format_datetime(self.now - late)}

    def answer(self, request):
        query = {k: v[0] for k, v in parse_qs(urlsplit(request.url).query).items()}
        self.asked.append(query)
        since = datetime.fromisoformat(query["DateSent>"])
        shown = [
            m for m in self.messages.values() if datetime.strptime(m["date_sent"], "%a, %d %b %Y %H:%M:%S %z") >= since
        ]
        return 200, {}, json.dumps({"messages": shown[::-1], "next_page_uri": None})

    def poll(self, **inputs):
        context = ActionContext(
            clock=lambda: self.now, transport=TRANSPORT, instance_state=json.loads(json.dumps(self.state))
        )
        with responses.RequestsMock() as mock:
            mock.add_callback(responses.GET, URL, self.answer)
            result = TRIGGER.receive(context, WebhookRequest(url=""), {"connection": CONNECTION} | inputs)
        self.state |= result.instance_state
        self.now += timedelta(minutes=5)
        body = result.payload.body
        assert result.polled_no_changes is not any(body.values())
        return [m["sid"] for m in body["created"]], [(m["sid"], m["status"]) for m in body["updated"]]


@pytest.fixture
def account():
    return Account()


def test_the_first_poll_only_looks(account):
    account.send("SM1")
    assert account.poll() == ([], [])
    assert account.poll() == ([], [])


def test_what_is_new_comes_once_the_oldest_first(account):
    account.poll()
    account.send("SM1")
    account.send("SM2")
    assert account.poll() == (["SM1", "SM2"], [])
    assert account.poll() == ([], [])


def test_a_message_that_appears_late_is_not_lost(account):
    account.poll()
    account.send("SM2")
    account.poll()
    account.send("SM1", late=timedelta(minutes=40))
    assert account.poll() == (["SM1"], [])


def test_a_status_that_changes_comes_as_an_update_hours_later_too(account):
    account.poll()
    account.send("SM1", "queued")
    assert account.poll() == (["SM1"], [])
    account.now += timedelta(hours=3)
    assert account.poll() == ([], [])
    account.messages["SM1"]["status"] = "delivered"
    assert account.poll() == ([], [("SM1", "delivered")])
    assert account.poll() == ([], [])


def test_after_a_pause_of_the_host_nothing_is_missing(account):
    account.poll()
    for day in range(4):
        account.now += timedelta(days=1)
        account.send(f"SM{day}")
    assert account.poll()[0] == ["SM0", "SM1", "SM2", "SM3"]


def test_a_deleted_message_disturbs_nothing(account):
    account.poll()
    account.send("SM1")
    account.poll()
    del account.messages["SM1"]
    account.send("SM2")
    assert account.poll() == (["SM2"], [])


def test_what_a_long_pause_left_comes_in_parts_the_oldest_first(account, monkeypatch):
    monkeypatch.setattr(poll_changes, "LIMIT", 2)
    account.poll()
    for number in range(5):
        account.now += timedelta(seconds=1)
        account.send(f"SM{number}", "queued")
    assert [account.poll()[0] for _ in range(4)] == [["SM0", "SM1"], ["SM2", "SM3"], ["SM4"], []]
    for message in account.messages.values():
        message["status"] = "delivered"
    changes = [[sid for sid, _ in account.poll()[1]] for _ in range(4)]
    assert changes == [["SM0", "SM1"], ["SM2", "SM3"], ["SM4"], []]


def test_each_kind_of_change_can_be_left_out(account):
    account.poll(showNewRecords="false")
    account.send("SM1", "queued")
    assert account.poll(showNewRecords="false") == ([], [])
    account.messages["SM1"]["status"] = "sent"
    assert account.poll(showNewRecords="false", showUpdatedRecords="false") == ([], [])


def test_filters_are_sent_and_with_other_filters_it_goes_on_from_its_last_poll(account):
    account.send("SM1")
    account.poll(**{"from": "+1 555", "to": "+1 666"})
    assert (account.asked[0]["From"], account.asked[0]["To"]) == ("+1555", "+1666")
    account.send("SM2")
    assert account.poll() == (["SM2"], [])
    assert account.poll() == ([], [])


def test_the_state_forgets_what_no_window_shows_again(account):
    account.poll()
    for number in range(20):
        account.send(f"SM{number}")
        account.now += timedelta(minutes=25)
        account.poll()
    assert len(account.state["pollChangesTrigger"]["seen"]) <= 4


@pytest.mark.parametrize("state", [{}, [], "x", {"version": 1}, {"version": 2, "low": 0, "polled": 0, "seen": {}}])
def test_a_state_that_cannot_be_read_is_refused_before_anything_is_asked(state):
    context = ActionContext(instance_state={"pollChangesTrigger": state})
    with pytest.raises(InvalidInput, match=r"instanceState: pollChangesTrigger .*clear it to begin anew"):
        TRIGGER.receive(context, WebhookRequest(url=""), {"connection": CONNECTION})


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.booleans(), st.integers(0, 59)), max_size=25))
def test_every_message_comes_exactly_once_whatever_the_rhythm(happenings):
    account, given_out = Account(), []
    account.poll()
    for number, (minutes, polls, late) in enumerate(happenings):
        account.now += timedelta(minutes=minutes)
        account.send(f"SM{number}", late=min(timedelta(minutes=late), account.now - START))
        if polls:
            given_out += account.poll()[0]
    given_out += account.poll()[0]
    assert sorted(given_out) == sorted(account.messages)
