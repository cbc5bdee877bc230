"""Makes a webhook sink of Event Streams and its subscription for a flow, and deletes them: the subscription first.

A sink that a subscription uses cannot be deleted (error 91007). Neither has a key of ours, so a sink is known by its
destination: what a process made before it died is found again, and made only once.

Sources: https://www.twilio.com/docs/events/event-streams/sink-resource, …/subscription.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ..connector.context import ActionContext
from ..connector.errors import ConnectorError, Refused
from ..connector.twilio.client import TwilioClient
from ..connector.twilio.resource import Resource
from ..connector.twilio.resources.event_streams import SINKS, SUBSCRIBED_EVENTS, SUBSCRIPTIONS
from ..connector.webhooks import Change, Ledger
from .registration import GONE, address, client_for, shown
from .targets import RegistersEvents

KEY = "sink"
DESCRIPTION = "twilio-connector"
IN_USE = 91007

Undo = Callable[[], None]


def create_webhook(context: ActionContext, inputs: RegistersEvents, ledger: Ledger) -> Iterator[Change]:
    """Make what is missing of sink, subscription and types, and delete what is not wanted any more."""
    if inputs.target == "none":
        yield from delete_webhook(context, inputs, ledger)
        return
    known, url = ledger.read().get(KEY), address(context)
    client = client_for(context, inputs, known)
    urls, types = sorted({url, *(known["urls"] if known else ())}), sorted(set(inputs.event_types))
    entry = {"account": client.account_sid, "urls": urls, "types": types}
    if entry != known:
        ledger.write(KEY, entry)
    undo: list[Undo] = []
    try:
        sid = _sink(client, url, undo)
        _subscribe(client, sid, types, undo)
    except ConnectorError:
        if _undone(undo):
            ledger.write(KEY, known)
        raise
    for other in _sinks(client, urls):
        if other["sid"] != sid:
            _delete_sink(client, other["sid"])
    yield Change(target=f"sink {sid}", setting="destination", after=shown(url))
    yield Change(target=f"sink {sid}", setting="event types", after=", ".join(types))


def delete_webhook(context: ActionContext, inputs: RegistersEvents, ledger: Ledger) -> Iterator[Change]:
    """Delete subscription and sink. What is gone already is as good as deleted."""
    known = ledger.read().get(KEY)
    if known is None:
        return
    client = client_for(context, inputs, known)
    for sink in _sinks(client, known["urls"]):
        _delete_sink(client, sink["sid"])
        yield Change(target=f"sink {sink['sid']}", setting="destination", before=shown(_destination(sink)))
    ledger.write(KEY, None)


def _sink(client: TwilioClient, url: str, undo: list[Undo]) -> str:
    """The sink with that destination, made if there is none."""
    for found in _sinks(client, [url]):
        return str(found["sid"])
    configuration = json.dumps({"destination": url, "method": "POST", "batch_events": False})
    undo.append(partial(_delete_sinks, client, url))
    values = {"Description": DESCRIPTION, "SinkConfiguration": configuration, "SinkType": "webhook"}
    return str(client.create(SINKS, values)["sid"])


def _subscribe(client: TwilioClient, sink_sid: str, types: Sequence[str], undo: list[Undo]) -> None:
    """Let the sink's subscription have these types; new ones come before old ones go, so that it is never empty."""
    subscriptions = list(client.list(SUBSCRIPTIONS, {"SinkSid": sink_sid}))
    if not subscriptions:
        wanted = [json.dumps({"type": name}) for name in types]
        values = {"Description": DESCRIPTION, "SinkSid": sink_sid, "Types": wanted}
        client.create(SUBSCRIPTIONS, values)
        return
    own = str(subscriptions[-1]["sid"])
    there = {found["type"] for found in client.list(SUBSCRIBED_EVENTS, subscription_sid=own)}
    for name in types:
        if name not in there:
            undo.append(partial(_delete, client, SUBSCRIBED_EVENTS, name, subscription_sid=own))
            client.create(SUBSCRIBED_EVENTS, {"Type": name}, subscription_sid=own)
    for name in there - set(types):
        undo.append(partial(client.create, SUBSCRIBED_EVENTS, {"Type": name}, subscription_sid=own))
        _delete(client, SUBSCRIBED_EVENTS, name, subscription_sid=own)


def _undone(undo: list[Undo]) -> bool:
    """Take back what was done, the last first; False where that fails too, so that the ledger must tell."""
    with suppress(ConnectorError):
        while undo:
            undo[-1]()
            undo.pop()
    return not undo


def _sinks(client: TwilioClient, urls: Sequence[str]) -> list[Mapping[str, Any]]:
    """The webhook sinks with one of these destinations, the oldest first. An account has at most 100 of all kinds."""
    return [found for found in client.list(SINKS) if _destination(found) in urls][::-1]


def _destination(sink: Mapping[str, Any]) -> str:
    configuration = sink.get("sinkConfiguration")
    return str(configuration.get("destination", "")) if isinstance(configuration, Mapping) else ""


def _delete_sinks(client: TwilioClient, url: str) -> None:
    for sink in _sinks(client, [url]):
        _delete_sink(client, sink["sid"])


def _delete_sink(client: TwilioClient, sid: str) -> None:
    _delete_subscriptions(client, sid)
    try:
        _delete(client, SINKS, sid)
    except Refused as error:
        if error.code != IN_USE:
            raise
        _delete_subscriptions(client, sid)  # one that was made meanwhile
        _delete(client, SINKS, sid)


def _delete_subscriptions(client: TwilioClient, sink_sid: str) -> None:
    for subscription in list(client.list(SUBSCRIPTIONS, {"SinkSid": sink_sid})):
        _delete(client, SUBSCRIPTIONS, subscription["sid"])


def _delete(client: TwilioClient, resource: Resource, sid: str, **parents: str) -> None:
    try:
        client.delete(resource, sid, **parents)
    except ConnectorError as error:
        if error.status != GONE:
            raise
