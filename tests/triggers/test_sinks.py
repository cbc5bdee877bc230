"""A sink and its subscription, made and deleted at the local Twilio."""

from dataclasses import replace
from itertools import count

import pytest
from pydantic import ValidationError
from twilio_connector.connector.errors import ConnectorError, Refused
from twilio_connector.triggers.event_stream import EventStream

from .registering import HOOK, Killed

DELIVERED, RECEIVED = "com.twilio.messaging.message.delivered", "com.twilio.messaging.inbound-message.received"
READ = "com.twilio.messaging.message.read"
ONE, TWO = {"target": "sink", "eventTypes": (DELIVERED,)}, {"target": "sink", "eventTypes": (RECEIVED, READ)}


def there(desk):
    """Every sink's destination, with the types of each of its subscriptions."""
    state = desk.twilio.state
    return {
        sink.sink_configuration["destination"]: [
            {event.type for event in state.subscribed_events.newest() if event.subscription_sid == it.sid}
            for it in state.subscriptions.newest()
            if it.sink_sid == sink.sid
        ]
        for sink in state.sinks.newest()
    }


def test_a_sink_and_a_subscription_are_made_and_deleted(desk):
    changes = desk.create(EventStream, **ONE)
    assert there(desk) == {HOOK: [{DELIVERED}]}
    assert {change.after for change in changes} == {HOOK, DELIVERED}
    (sink,) = desk.twilio.state.sinks.newest()
    assert sink.sink_configuration == {"destination": HOOK, "method": "post", "batch_events": False}
    desk.delete(EventStream, **ONE)
    assert (there(desk), desk.ledger.read()) == ({}, {})


def test_the_subscription_goes_before_the_sink(desk):
    desk.create(EventStream, **ONE)
    desk.transport.sent.clear()
    desk.delete(EventStream, **ONE)
    subscription, sink = desk.transport.changes
    assert "/Subscriptions/DF" in subscription
    assert "/Sinks/DG" in sink


def test_a_subscription_that_was_added_by_hand_does_not_keep_the_sink(desk):
    desk.create(EventStream, **ONE)
    (sink,) = desk.twilio.state.sinks.newest()
    (subscription,) = desk.twilio.state.subscriptions.newest()
    desk.twilio.state.subscriptions.add(replace(subscription, sid="DF" + "9" * 32))
    desk.delete(EventStream, **ONE)
    assert there(desk) == {}
    assert desk.twilio.state.sinks.get(sink.sid) is None


def test_registering_again_changes_nothing(desk):
    first = desk.create(EventStream, **ONE)
    desk.transport.sent.clear()
    assert desk.create(EventStream, **ONE) == first
    assert desk.transport.changes == []


def test_other_types_are_added_before_old_ones_go(desk):
    desk.create(EventStream, **ONE)
    (before,) = desk.twilio.state.subscriptions.newest()
    desk.transport.sent.clear()
    desk.create(EventStream, **TWO)
    assert there(desk) == {HOOK: [{RECEIVED, READ}]}
    assert desk.twilio.state.subscriptions.newest() == [before]
    assert [each.partition(" ")[0] for each in desk.transport.changes] == ["POST", "POST", "DELETE"]


def test_an_address_that_moved_gets_a_sink_of_its_own_and_the_old_one_goes(desk):
    desk.create(EventStream, **ONE)
    desk.hook = "https://moved.example.com/trigger/one"
    desk.create(EventStream, **ONE)
    assert there(desk) == {desk.hook: [{DELIVERED}]}
    desk.delete(EventStream, **ONE)
    assert there(desk) == {}


def test_a_flow_that_registers_no_more_leaves_no_sink(desk):
    desk.create(EventStream, **ONE)
    desk.create(EventStream)
    assert (there(desk), desk.ledger.read()) == ({}, {})


def test_sinks_of_others_stay(desk):
    desk.create(EventStream, **ONE)
    theirs, desk.hook = desk.ledger.entries, "https://other.example.com/trigger/two"
    desk.ledger.entries = {}
    desk.create(EventStream, **TWO)
    desk.delete(EventStream, **TWO)
    assert there(desk) == {HOOK: [{DELIVERED}]}
    desk.ledger.entries = theirs
    desk.delete(EventStream, **ONE)
    assert there(desk) == {}


def test_what_was_deleted_by_hand_is_no_error(desk):
    desk.create(EventStream, **ONE)
    for shelf in (desk.twilio.state.subscriptions, desk.twilio.state.sinks):
        for it in shelf.newest():
            shelf.remove(it.sid)
    assert desk.delete(EventStream, **ONE) == ()
    assert desk.ledger.read() == {}


@pytest.mark.parametrize("path", ["*/Sinks", "*/Subscriptions"])
def test_what_a_refused_registration_made_is_taken_back(desk, path):
    desk.twilio.state.faults.add("status", method="POST", path=path, status=400)
    with pytest.raises(Refused):
        desk.create(EventStream, **ONE)
    assert (there(desk), desk.ledger.read()) == ({}, {})


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_types_that_cannot_be_changed_are_as_they_were(desk, method):
    desk.create(EventStream, **ONE)
    desk.twilio.state.faults.add("status", method=method, path="*/SubscribedEvents*", status=400)
    with pytest.raises(Refused):
        desk.create(EventStream, **TWO)
    assert there(desk) == {HOOK: [{DELIVERED}]}
    desk.create(EventStream, **TWO)
    assert there(desk) == {HOOK: [{RECEIVED, READ}]}


def test_a_sink_that_was_made_unanswered_is_not_left_behind(desk):
    desk.twilio.state.faults.add("drop-after", method="POST", path="*/Sinks")
    with pytest.raises(ConnectorError):
        desk.create(EventStream, **ONE)
    assert (there(desk), desk.ledger.read()) == ({}, {})


@pytest.mark.parametrize("killed", ["create", "change", "move", "delete"])
def test_a_process_that_dies_between_any_two_steps_is_followed_by_one_that_ends_right(desk, killed):
    """Once created again and once deleted at once; never two sinks, and none that stays."""
    steps = 0
    for step, after in ((step, after) for step in count(1) for after in (False, True)):
        died = False
        for then in ("create", "delete"):
            desk.twilio.state.reset()
            desk.ledger.entries.clear()
            desk.hook = HOOK
            desk.transport.again()
            if killed != "create":
                desk.create(EventStream, **ONE)
            inputs = TWO if killed == "change" else ONE
            desk.hook = "https://moved.example.com/trigger/one" if killed == "move" else HOOK
            desk.transport.again(step, after=after)
            try:
                getattr(desk, "delete" if killed == "delete" else "create")(EventStream, **inputs)
            except Killed:
                died = True
            desk.transport.again()
            if then == "create":
                desk.create(EventStream, **inputs)
                assert there(desk) == {desk.hook: [set(inputs["eventTypes"])]}
            desk.delete(EventStream, **inputs)
            assert (there(desk), desk.ledger.read()) == ({}, {})
        if not died:
            break
        steps = step
    assert steps >= 4


def test_a_subscription_needs_types(desk):
    with pytest.raises(ValidationError) as caught:
        desk.inputs(EventStream, target="sink")
    assert caught.value.errors()[0]["ctx"]["error"].field == "eventTypes"
