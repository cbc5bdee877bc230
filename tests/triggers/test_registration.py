"""Numbers, services and applications, pointed at a flow and put back: the local Twilio's state before, during and after."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from twilio_connector.connector.errors import ConnectionFailed, ConnectorError, InvalidInput, Refused, TryLater
from twilio_connector.triggers.call_status import CallStatus
from twilio_connector.triggers.event_stream import EventStream
from twilio_connector.triggers.inbound_call import InboundCall
from twilio_connector.triggers.inbound_message import InboundMessage
from twilio_connector.triggers.message_status import MessageStatus

from .registering import HOOK, Desk, Killed

THEIRS = "https://user:hunter2@theirs.example/sms?token=hunter3"
OTHER = "https://other.example/sms"


def number(desk, **more):
    return {"target": "number", "phoneNumberSid": desk.number_sid} | more


def sms(desk):
    it = desk.number
    return it.sms_url, it.sms_method, it.sms_application_sid


# ── before, during, after: each event at each target ─────────────────────────────────────────────────────────────────────────

NUMBER_CASES = [
    (InboundMessage, {"sms_url": HOOK, "sms_method": "POST"}),
    (InboundCall, {"voice_url": HOOK, "voice_method": "POST"}),
    (CallStatus, {"status_callback": HOOK, "status_callback_method": "POST"}),
]


@pytest.mark.parametrize(("kind", "during"), NUMBER_CASES)
@pytest.mark.parametrize("before", ["", THEIRS])
def test_a_number_is_pointed_here_and_back(desk, kind, during, before):
    url, method = during
    desk.change_number(**{url: before, method: "GET"})
    at_first = desk.number
    changes = desk.create(kind, **number(desk, onConflict="overwrite"))
    assert {name: getattr(desk.number, name) for name in during} == during
    assert {change.target for change in changes} == {f"number {desk.twilio.number}"}
    desk.delete(kind, **number(desk))
    assert replace(desk.number, updated=at_first.updated) == at_first
    assert desk.ledger.read() == {}


@pytest.mark.parametrize(
    ("kind", "during"),
    [
        (
            InboundMessage,
            {"inbound_request_url": HOOK, "inbound_method": "POST", "use_inbound_webhook_on_number": False},
        ),
        (MessageStatus, {"status_callback": HOOK}),
    ],
)
def test_a_messaging_service_is_pointed_here_and_back(desk, kind, during):
    before = {"inbound_request_url": THEIRS, "inbound_method": "GET", "use_inbound_webhook_on_number": True}
    desk.change_service(status_callback=THEIRS, **before)
    at_first, sid = desk.service, desk.service.sid
    desk.create(kind, target="messagingService", messagingServiceSid=sid, onConflict="overwrite")
    assert {name: getattr(desk.service, name) for name in during} == during
    desk.delete(kind, target="messagingService", messagingServiceSid=sid)
    assert replace(desk.service, updated=at_first.updated) == at_first


@pytest.mark.parametrize(
    ("kind", "parameter"),
    [
        (InboundMessage, "sms_url"),
        (MessageStatus, "message_status_callback"),
        (InboundCall, "voice_url"),
        (CallStatus, "status_callback"),
    ],
)
def test_an_application_is_pointed_here_and_back(desk, kind, parameter):
    sid = desk.add_application()
    read = lambda: desk.twilio.state.applications.get(sid)  # noqa: E731
    desk.create(kind, target="application", applicationSid=sid)
    assert getattr(read(), parameter) == HOOK
    desk.delete(kind, target="application", applicationSid=sid)
    assert not getattr(read(), parameter)


def test_what_twilio_points_new_numbers_at_is_nobodys(desk):
    demo = "https://demo.twilio.com/welcome/sms/reply"
    desk.change_number(sms_url=demo)
    desk.create(InboundMessage, **number(desk))
    assert desk.number.sms_url == HOOK
    desk.delete(InboundMessage, **number(desk))
    assert desk.number.sms_url == demo


def test_nothing_is_sent_without_a_target(desk):
    assert desk.create(InboundMessage) == desk.delete(InboundMessage) == ()
    assert desk.transport.sent == []


# ── conflicts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "there", "named"),
    [
        (InboundMessage, {"sms_url": THEIRS}, "SmsUrl is https://theirs.example/sms?…"),
        (InboundMessage, {"sms_application_sid": "AP" + "1" * 32}, f"SmsApplicationSid is AP{'1' * 32}"),
        (InboundCall, {"voice_application_sid": "AP" + "1" * 32}, f"VoiceApplicationSid is AP{'1' * 32}"),
        (InboundCall, {"trunk_sid": "TK" + "1" * 32}, f"TrunkSid is TK{'1' * 32}"),
    ],
)
def test_a_number_in_use_is_left_alone_and_the_error_says_by_whom(desk, kind, there, named):
    desk.change_number(**there)
    before = desk.number
    with pytest.raises(InvalidInput) as caught:
        desk.create(kind, **number(desk))
    assert caught.value.field == "onConflict"
    for part in (desk.twilio.number, named, "overwrite"):
        assert part in str(caught.value)
    assert "hunter" not in str(caught.value)
    assert desk.number == before
    assert (desk.ledger.read(), desk.transport.changes) == ({}, [])


def test_overwriting_takes_an_application_out_of_the_way_and_puts_it_back(desk):
    application = desk.add_application(SmsUrl=OTHER)
    desk.change_number(sms_url=THEIRS, sms_application_sid=application)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    assert sms(desk) == (HOOK, "POST", "")
    desk.delete(InboundMessage, **number(desk))
    assert sms(desk) == (THEIRS, "POST", application)


def test_another_flow_of_the_host_is_not_even_overwritten(desk):
    desk.change_number(sms_url=OTHER)
    desk.ledger.owners = {OTHER: "the flow 'Answer' of 'Reception'"}
    with pytest.raises(InvalidInput, match="registered for the flow 'Answer' of 'Reception'"):
        desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    assert desk.number.sms_url == OTHER


def test_secrets_in_what_was_there_are_kept_and_not_shown(desk):
    desk.change_number(sms_url=THEIRS)
    created = desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    deleted = desk.delete(InboundMessage, **number(desk))
    assert "hunter" not in repr(created + deleted)
    assert created[0].before == "https://theirs.example/sms?…"
    assert desk.number.sms_url == THEIRS


# ── again, elsewhere, and what is no longer ours ─────────────────────────────────────────────────────────────────────────────


def test_registering_again_changes_nothing(desk):
    desk.change_number(sms_url=THEIRS)
    first = desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.transport.sent.clear()
    assert desk.create(InboundMessage, **number(desk)) == first
    assert desk.transport.changes == []


def test_an_address_of_ours_that_moved_is_known_as_ours(desk):
    desk.change_number(sms_url=THEIRS)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.hook = "https://moved.example.com/trigger/one"
    desk.create(InboundMessage, **number(desk))
    assert desk.number.sms_url == desk.hook
    desk.delete(InboundMessage, **number(desk))
    assert desk.number.sms_url == THEIRS


def test_an_address_of_ours_that_was_entered_by_hand_is_taken_away_with_the_flow(desk):
    desk.change_number(sms_url=HOOK)
    desk.create(InboundMessage, **number(desk))
    assert desk.transport.changes == []
    desk.delete(InboundMessage, **number(desk))
    assert desk.number.sms_url == ""


def test_what_is_no_longer_ours_is_left_alone_and_said(desk):
    desk.create(InboundMessage, **number(desk))
    desk.change_number(sms_url=OTHER)
    desk.transport.sent.clear()
    (change,) = desk.delete(InboundMessage, **number(desk))
    assert "left as it is" in change.note
    assert desk.number.sms_url == OTHER
    assert desk.transport.changes == []
    assert desk.ledger.read() == {}


def test_what_somebody_put_in_the_way_since_stays_there(desk):
    application = desk.add_application(SmsUrl=OTHER)
    desk.change_number(sms_url=THEIRS)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.change_number(sms_application_sid=application)
    desk.delete(InboundMessage, **number(desk))
    assert sms(desk) == (THEIRS, "POST", application)


def test_what_was_pointed_elsewhere_since_is_what_is_put_back(desk):
    desk.change_number(sms_url=THEIRS)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.change_number(sms_url=OTHER)
    with pytest.raises(InvalidInput, match=r"SmsUrl is https://other\.example"):
        desk.create(InboundMessage, **number(desk))
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.delete(InboundMessage, **number(desk))
    assert desk.number.sms_url == OTHER


def test_without_restoring_the_number_points_nowhere(desk):
    desk.change_number(sms_url=THEIRS)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.delete(InboundMessage, **number(desk, restoreOnRemove="false"))
    assert desk.number.sms_url == ""


def test_another_target_takes_the_place_of_the_first(desk):
    service = desk.service.sid
    desk.change_number(sms_url=THEIRS)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    other = {"target": "messagingService", "messagingServiceSid": service, "onConflict": "overwrite"}
    changes = desk.create(InboundMessage, **other)  # a service that defers to its numbers is not taken without a word
    assert (desk.number.sms_url, desk.service.inbound_request_url) == (THEIRS, HOOK)
    assert [change.target for change in changes][-1] == f"number {desk.twilio.number}"
    desk.create(InboundMessage)
    assert not desk.service.inbound_request_url
    assert desk.ledger.read() == {}


def test_a_number_that_was_released_needs_nothing_put_back(desk):
    desk.create(InboundMessage, **(inputs := number(desk)))
    desk.twilio.state.remove_number(desk.number_sid)
    (change,) = desk.delete(InboundMessage, **inputs)
    assert change.note == "is gone"
    assert desk.ledger.read() == {}


def test_what_cannot_be_put_back_is_cleared_and_said(desk):
    desk.change_number(sms_url=THEIRS)
    desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.twilio.state.faults.add("status", method="POST", path="*/IncomingPhoneNumbers/*", status=400)
    (change,) = desk.delete(InboundMessage, **number(desk))
    assert "cannot be put back" in change.note
    assert desk.number.sms_url == ""


def test_the_connection_of_another_account_undoes_nothing(desk):
    desk.create(InboundMessage, **(inputs := number(desk)))
    account = desk.twilio.state.add_account("Other")
    other = desk.connection.model_copy(update={"username": account.sid, "password": account.auth_token})
    with pytest.raises(ConnectionFailed, match=f"registered in account {desk.twilio.account_sid}"):
        desk.delete(InboundMessage, **inputs | {"twilioConnection": other})
    assert desk.number.sms_url == HOOK


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_target_that_is_not_there_is_named(desk):
    with pytest.raises(InvalidInput, match=r"phoneNumberSid: account AC.* has no number PN0") as caught:
        desk.create(InboundMessage, target="number", phoneNumberSid="PN" + "0" * 32)
    assert caught.value.field == "phoneNumberSid"


@pytest.mark.parametrize("hook", ["", "/trigger/one", "ftp://a.example/x"])
def test_a_host_that_does_not_know_its_address_registers_nothing(desk, hook):
    desk.hook = hook
    with pytest.raises(InvalidInput, match="public URL"):
        desk.create(InboundMessage, **number(desk))
    assert desk.transport.sent == []


def test_a_change_that_is_refused_leaves_no_trace(desk):
    desk.change_number(sms_url=THEIRS)
    desk.twilio.state.faults.add("status", method="POST", status=400)
    with pytest.raises(Refused):
        desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    assert (desk.number.sms_url, desk.ledger.read()) == (THEIRS, {})


def test_a_change_that_was_not_answered_is_repeated(desk):
    desk.twilio.state.faults.add("drop-after", method="POST")
    desk.create(InboundMessage, **number(desk))
    assert desk.number.sms_url == HOOK


def test_where_twilio_goes_silent_the_ledger_tells(desk):
    desk.change_number(sms_url=THEIRS)
    desk.twilio.state.faults.add("drop-after", method="POST", times=None)
    with pytest.raises(ConnectorError):
        desk.create(InboundMessage, **number(desk, onConflict="overwrite"))
    desk.twilio.state.faults.clear()
    desk.delete(InboundMessage, **number(desk))
    assert (desk.number.sms_url, desk.ledger.read()) == (THEIRS, {})


def test_an_unreachable_twilio_is_said_as_such(desk):
    desk.twilio.state.faults.add("status", times=None, status=503)
    with pytest.raises(TryLater):
        desk.create(InboundMessage, **number(desk))


@pytest.mark.parametrize("then", ["create", "delete"])
@pytest.mark.parametrize("killed", ["create", "delete"])
def test_a_process_that_dies_between_any_two_steps_is_followed_by_one_that_ends_right(desk, killed, then):
    inputs = number(desk, onConflict="overwrite")
    for step, after in ((step, after) for step in count(1) for after in (False, True)):
        desk.twilio.state.reset()
        desk.ledger.entries.clear()
        inputs["phoneNumberSid"] = desk.number_sid
        desk.change_number(sms_url=THEIRS, sms_method="GET")
        if killed == "delete":
            desk.transport.again()
            desk.create(InboundMessage, **inputs)
        desk.transport.again(step, after=after)
        try:
            getattr(desk, killed)(InboundMessage, **inputs)
        except Killed:
            died = True
        else:
            died = False
        desk.transport.again()
        getattr(desk, then)(InboundMessage, **inputs)
        assert sms(desk) == ((HOOK, "POST", "") if then == "create" else (THEIRS, "GET", ""))
        desk.delete(InboundMessage, **inputs)
        assert sms(desk) == (THEIRS, "GET", "")
        if not died:
            assert step > 2  # both requests were died at
            break


# ── a law: whatever happens in whatever order, what was there before comes back, and nobody else's is touched ────────────────

EVENTS = st.sampled_from(["create", "die in create", "delete", "die in delete", "somebody", "move"])


@settings(max_examples=25)
@given(events=st.lists(EVENTS, max_size=8), dies_at=st.integers(1, 2), after=st.booleans())
def test_the_last_address_of_somebody_else_is_what_remains(running, transport, events, dies_at, after):
    running.state.reset()
    transport.again()
    desk, elsewhere = Desk(running, transport), "https://first.example/sms"
    desk.change_number(sms_url=elsewhere)
    inputs = number(desk, onConflict="overwrite")
    for place, event in enumerate(events):
        name = event.removeprefix("die in ")
        if event == "somebody":
            elsewhere = f"https://somebody.example/{place}"
            desk.change_number(sms_url=elsewhere)
        elif event == "move":
            desk.hook = f"https://moved.example/{place}"
        else:
            desk.transport.again(dies_at if name != event else 0, after=after)
            try:
                getattr(desk, name)(InboundMessage, **inputs)
            except Killed:
                assert name != event
    desk.transport.again()
    desk.delete(InboundMessage, **inputs)
    assert desk.number.sms_url == elsewhere
    assert desk.ledger.read() == {}


# ── inputs ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

PN, MG = "PN" + "1" * 32, "MG" + "1" * 32


@pytest.mark.parametrize(
    ("kind", "given", "field", "says"),
    [
        (InboundMessage, {"target": "number"}, "phoneNumberSid", "is required for the target number"),
        (InboundMessage, {"phoneNumberSid": PN}, "phoneNumberSid", "choose the target number"),
        (
            InboundMessage,
            {"target": "number", "phoneNumberSid": PN, "messagingServiceSid": MG},
            "messagingServiceSid",
            "leave it blank",
        ),
    ],
)
def test_inputs_that_do_not_go_together_name_the_one_to_mend(desk, kind, given, field, says):
    with pytest.raises(ValidationError) as caught:
        desk.inputs(kind, **given)
    error = caught.value.errors()[0]["ctx"]["error"]
    assert (error.field, says in str(error)) == (field, True)


@pytest.mark.parametrize("kind", [MessageStatus, InboundCall, CallStatus])
def test_an_event_offers_only_the_targets_that_twilio_has_for_it(desk, kind):
    other = "number" if kind is MessageStatus else "messagingService"
    with pytest.raises(ValidationError, match="target"):
        desk.inputs(kind, target=other)


def test_the_main_accounts_services_and_sinks_are_not_taken_for_a_subaccounts(desk):
    desk.subaccount = desk.twilio.state.add_account("Sub").sid
    for kind, target in (
        (InboundMessage, {"target": "messagingService", "messagingServiceSid": desk.service.sid}),
        (EventStream, {"target": "sink", "eventTypes": ("com.twilio.messaging.message.delivered",)}),
    ):
        with pytest.raises(ConnectionFailed, match="subaccount's own SID") as raised:
            desk.create(kind, **target)
        assert raised.value.field == "subaccountSid"
        assert (desk.transport.sent, desk.ledger.read()) == ([], {})
