from __future__ import annotations

import pytest
import requests
from twilio_connector.sandbox.errors import TwilioError
from twilio_connector.sandbox.segments import count
from twilio_connector.sandbox.server import Sandbox
from twilio_connector.sandbox.settings import Settings
from twilio_connector.sandbox.state import State


def test_keeps_only_the_newest_messages() -> None:
    state = State(Settings(max_messages=3))
    made = [state.receive("+14155550123", "+14155550100", str(n)) for n in range(5)]
    assert [message.sid for message in state.messages()] == [message.sid for message in made[:1:-1]]


def test_every_shelf_keeps_only_the_newest() -> None:
    state = State(Settings(max_messages=3, max_records=2))
    for _ in range(5):
        state.ring("+14155550123", "+14155550100")
        state.alert(state.settings.account_sid, 11200, "x")
    assert (len(state.calls.newest()), len(state.debugger.newest())) == (3, 2)
    for n in range(5):
        state.remember_sender("MG1", str(n), "+14155550100")
    assert [state.usual_sender("MG1", str(n)) is None for n in range(5)] == [True, True, False, False, False]


def test_what_is_known_of_handsets_is_bounded() -> None:
    state = State(Settings(max_messages=3))
    ours, handsets = state.settings.numbers[0], [f"+1415555010{n}" for n in range(5)]
    for handset in handsets:
        state.receive(handset, ours, "STOP")
        state.break_handset(handset, 30003)
        state.let_answer(handset, "busy")
    kept = [False, False, True, True, True]
    assert [state.has_opted_out(it, [ours]) for it in handsets] == kept
    assert [state.handset_error(it) == 30003 for it in handsets] == kept
    assert [state.answering(it) == "busy" for it in handsets] == kept


def test_a_record_is_changed_only_as_it_is_wanted() -> None:
    state = State()
    call = state.ring("+14155550123", "+14155550100")
    assert state.calls.change(call.sid, only=lambda it: it.status == "queued", status="failed") is None
    assert state.calls.change("CA1", status="failed") is None
    changed = state.calls.change(call.sid, status="failed")
    assert changed is not None
    assert (changed.status, changed.order) == ("failed", call.order)


def test_a_text_to_a_number_that_is_not_here_is_refused() -> None:
    with pytest.raises(TwilioError):
        State().receive("+14155550123", "+19995550000", "hi")


def test_secrets_show_in_no_repr() -> None:
    state = State()
    own = state.settings
    shown = repr([own, state.accounts, state.keys])
    assert own.auth_token not in shown
    assert own.api_secret not in shown


def test_scripts_read_and_reset_the_state(twilio: Sandbox) -> None:
    inbound = {"from": twilio.handset, "body": "hi"}
    url = f"{twilio.url}/_sandbox"
    requests.post(f"{url}/numbers/{twilio.number}/inbound", json=inbound, timeout=10).raise_for_status()
    state = requests.get(f"{url}/state", timeout=10)
    assert [message["body"] for message in state.json()["messages"]] == ["hi"]
    assert twilio.auth_token not in state.text
    requests.delete(f"{url}/state", timeout=10).raise_for_status()
    assert requests.get(f"{url}/state", timeout=10).json()["messages"] == []


def test_scripts_read_the_credentials(twilio: Sandbox) -> None:
    given = requests.get(f"{twilio.url}/_sandbox/credentials", timeout=10).json()
    assert given["base_url"] == twilio.base_url == f"{twilio.url}/{{product}}"
    assert (given["account_sid"], given["auth_token"]) == (twilio.account_sid, twilio.auth_token)
    assert (given["api_key"], given["api_secret"]) == (twilio.api_key, twilio.api_secret)


def test_scripts_make_numbers_accounts_keys_and_broken_handsets(twilio: Sandbox) -> None:
    def post(path: str, **body: object) -> requests.Response:
        return requests.post(f"{twilio.url}/_sandbox{path}", json=body, timeout=10)

    account = post("/accounts", name="Sub", owner_sid=twilio.account_sid).json()
    number = post("/numbers", phone_number="+14155550188", account_sid=account["sid"]).json()
    assert post(f"/numbers/{number['phone_number']}", sms_url="https://e.example/").json()["sms_url"]
    key = post("/keys", kind="restricted", allow=["messages:read"], account_sid=account["sid"]).json()
    url = f"{twilio.url}/api/2010-04-01/Accounts/{account['sid']}/Messages.json"
    assert requests.get(url, auth=(key["sid"], key["secret"]), timeout=10).status_code == 200
    assert post("/handsets/+14155550123", error_code=30003).status_code == 200
    assert twilio.state.handset_error("+14155550123") == 30003
    for path, body in [("/numbers", {}), ("/keys", {"kind": "x"}), ("/accounts", {"name": 1}), ("/webhooks", {})]:
        assert post(path, **body).status_code == 400


def test_scripts_are_told_which_numbers_there_are(twilio: Sandbox) -> None:
    answer = requests.post(f"{twilio.url}/_sandbox/numbers/+1999/inbound", json={"from": "+1"}, timeout=10)
    assert answer.status_code == 400
    assert twilio.number in answer.json()["error"]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ü" * 160, 1),
        ("ő" * 70, 1),
        ("ő" * 71, 2),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
        ("👍" * 67, 3),
    ],
)
def test_segments(text: str, segments: int) -> None:
    assert count(text) == segments
