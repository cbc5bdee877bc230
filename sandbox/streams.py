"""Event Streams: tells webhook sinks, as CloudEvents 1.0, what happens to messages and calls, and of errors.

https://www.twilio.com/docs/events/event-types; each request is a JSON array, signed through the hash of its body.
An event of a call comes only where the call has a status callback that is to hear of it too.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from . import parameters
from .agenda import Agenda
from .courier import Courier
from .products import PhoneCall, Sink
from .records import Account, Alert, Message
from .shapes import VERSION, iso
from .state import Change, State

MESSAGE, INBOUND = "com.twilio.messaging.message", "com.twilio.messaging.inbound-message.received"
CALL = "com.twilio.voice.status-callback.call"
ERROR = "com.twilio.error-logs.error.logged"
TEST = "com.twilio.eventstreams.test-event"
WEBHOOK = "webhook"  # the only type of sink that is delivered to here
TOLD = frozenset({"queued", "sent", "delivered", "undelivered", "failed", "read"})  # statuses that are events
CALL_EVENTS = {"queued": "initiated", "ringing": "ringing", "in-progress": "answered"}  # by status; others end it
TYPES = frozenset(
    {
        INBOUND,
        ERROR,
        *(f"{MESSAGE}.{it}" for it in TOLD),
        *(f"{CALL}.{it}" for it in (*CALL_EVENTS.values(), "completed")),
    }
)
REMEMBERED = 10_000  # of what was told: a record may change without a new status


class Streams:
    """Give it a state and it tells the sinks, until it is closed."""

    def __init__(self, state: State, courier: Courier, agenda: Agenda) -> None:
        self._state = state
        self._courier = courier
        self._agenda = agenda
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._unsubscribe = state.subscribe(self._heed)

    def close(self) -> None:
        self._unsubscribe()

    def _heed(self, change: Change) -> None:
        if change.message and (kind := _kind_of_message(change.message)):
            self._tell(change.message, kind, _message(change.message, kind))
        elif change.call and (event := CALL_EVENTS.get(change.call.status, "completed")) in change.call.events:
            self._tell(change.call, f"{CALL}.{event}", _call(change.call))
        elif change.alert and change.made and not change.alert.resource_sid.startswith("DG"):  # telling a sink failed
            self._tell(change.alert, ERROR, _error(change.alert, self._state.accounts[change.alert.account_sid]))
        elif change == Change():
            self._tell_tests()

    def _tell_tests(self) -> None:
        for sink in self._state.sinks.newest():
            if sink.test_id and sink.sink_type == WEBHOOK and self._is_new(sink.test_id, TEST):
                event = _event(sink, TEST, self._state.settings.clock(), {"test_id": sink.test_id})
                self._post(sink, event)

    def _tell(self, about: Message | PhoneCall | Alert, kind: str, data: dict[str, Any]) -> None:
        sinks = list(self._sinks(about.account_sid, kind))
        if sinks and self._is_new(about.sid, kind):
            for sink in sinks:
                self._post(sink, _event(about, kind, about.updated, data))

    def _is_new(self, sid: str, kind: str) -> bool:
        if (sid, kind) in self._told:
            return False
        self._told[sid, kind] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True

    def _sinks(self, account_sid: str, kind: str) -> Iterator[Sink]:
        """The webhook sinks of the account with a subscription to it, each once."""
        wanted = {it.subscription_sid for it in self._state.subscribed_events.newest() if it.type == kind}
        sids = {it.sink_sid for it in self._state.subscriptions.newest() if it.sid in wanted}
        for sink in self._state.sinks.newest():
            if sink.sid in sids and sink.account_sid == account_sid and sink.sink_type == WEBHOOK:
                yield sink

    def _post(self, sink: Sink, event: dict[str, Any]) -> None:
        url, method = str(sink.sink_configuration["destination"]), str(sink.sink_configuration["method"]).upper()
        webhook = replace(
            self._courier.webhook(sink.account_sid, url, method, ()),
            body=json.dumps([event]).encode(),
            token=event["id"],
        )
        self._agenda.after(0, sink.sid, lambda: self._deliver(sink.account_sid, webhook, sink.sid))

    def _deliver(self, account_sid: str, webhook: Any, sink_sid: str) -> None:
        self._courier.call(account_sid, webhook, sink_sid)


def _kind_of_message(it: Message) -> str:
    if it.direction == "inbound":
        return INBOUND
    return f"{MESSAGE}.{it.status}" if it.status in TOLD else ""


def _event(about: Any, kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": kind,
        "source": f"/{VERSION}/Accounts/{about.account_sid}/{about.sid}",
        "id": f"EZ{uuid4().hex}",
        "dataschema": f"https://events-schemas.twilio.com/{kind}/1",
        "datacontenttype": "application/json",
        "time": iso(at),
        "data": data,
    }


def _message(it: Message, kind: str) -> dict[str, Any]:
    known = {
        "messageSid": it.sid,
        "timestamp": iso(it.updated),
        "accountSid": it.account_sid,
        "eventName": kind,
        "from": it.from_,
        "to": it.to,
        "body": it.body,
        "messagingServiceSid": it.messaging_service_sid,
    }
    if it.direction == "inbound":
        more: dict[str, Any] = {"numMedia": len(it.media)}
    else:
        more = {"apiVersion": VERSION, "messageStatus": it.status.upper(), "errorCode": it.error_code}
        more["numberOfSegments"] = it.num_segments
    return {key: value for key, value in (known | more).items() if value is not None}


def _call(it: PhoneCall) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "timestamp": iso(it.updated),
        "eventSid": f"VW{uuid4().hex}",
        "request": {
            "method": it.asked_for("StatusCallbackMethod") or "POST",
            "url": it.asked_for("StatusCallback"),
            "parameters": dict(parameters.call(it)),
        },
    }


def _error(it: Alert, account: Account) -> dict[str, Any]:
    """https://www.twilio.com/docs/events/event-types/errors/error-logs."""
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "master_account_sid": account.owner_sid,
        "date_created": iso(it.created),
        "level": it.level.upper(),
        "resource_sid": it.resource_sid or None,
        "error_code": str(it.error_code),
    }
