"""Event Streams: sinks, subscriptions and the types of event in them.

https://www.twilio.com/docs/events/event-streams/sink-resource and …/subscription
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .. import forms, shapes
from ..errors import TwilioError
from ..products import Sink, SubscribedEvent, Subscription
from ..rest import ApiRequest, ApiResponse, Operation, Resource
from ..settings import new_sid
from ..streams import TYPES
from ..urls import is_url

MAX_SINKS = 100
SINK_TYPES = ("kinesis", "webhook", "segment", "email")
METHODS = ("GET", "POST")
UNDATED = {"date_created": shapes.ABSENT, "date_updated": shapes.ABSENT}


def _in_use(wanted: str) -> Any:
    raise TwilioError(20001, f"InUse {wanted}: this local Twilio does not filter by it")


SINKS = Resource(
    product="events",
    path="/v1/Sinks",
    items="sinks",
    element="Sink",
    prefix="DG",
    record=Sink,
    shelf=lambda state: state.sinks,
    permission="sinks",
    writable=("description",),
    filters={"Status": lambda wanted: lambda it: it.status == wanted, "InUse": _in_use},
    shape=lambda _, path: {
        "account_sid": shapes.ABSENT,
        "links": {"sink_test": f"{path}/Test", "sink_validate": f"{path}/Validate"},
    },
)
SUBSCRIPTIONS = Resource(
    product="events",
    path="/v1/Subscriptions",
    items="subscriptions",
    element="Subscription",
    prefix="DF",
    record=Subscription,
    shelf=lambda state: state.subscriptions,
    permission="subscriptions",
    writable=("description",),
    filters={"SinkSid": lambda wanted: lambda it: it.sink_sid == wanted},
    shape=lambda _, path: {"links": {"subscribed_events": f"{path}/SubscribedEvents"}},
)
EVENTS = Resource(
    product="events",
    path="/v1/Subscriptions/{subscription_sid}/SubscribedEvents",
    items="types",
    element="SubscribedEvent",
    record=SubscribedEvent,
    shelf=lambda state: state.subscribed_events,
    permission="subscriptions",
    shape=lambda it, path: UNDATED | {"sid": shapes.ABSENT, "url": path.removesuffix(it.sid) + it.type},
    parent=SUBSCRIPTIONS,
)


def create_sink(request: ApiRequest) -> ApiResponse:
    """Make a sink, which is active at once. Raises TwilioError 20001, 91003."""
    account, kind = request.account("sinks:create"), request.given("SinkType") or ""
    description = _required(request, "Description")
    if kind not in SINK_TYPES:
        raise TwilioError(20001, f"SinkType must be one of {', '.join(SINK_TYPES)}")
    configuration = _object("SinkConfiguration", _required(request, "SinkConfiguration"))
    if kind == "webhook":
        configuration = _webhook(configuration)
    if sum(it.account_sid == account for it in request.state.sinks.newest()) >= MAX_SINKS:
        raise TwilioError(91003)
    return SINKS.add(request, account, description=description, sink_configuration=configuration, sink_type=kind)


def _webhook(given: dict[str, Any]) -> dict[str, Any]:
    destination, method = given.get("destination"), str(given.get("method", "POST")).upper()
    if not isinstance(destination, str) or not is_url(destination):
        raise TwilioError(20001, "SinkConfiguration.destination must be an absolute URL")
    if method not in METHODS:
        raise TwilioError(20001, "SinkConfiguration.method must be GET or POST")
    return {"destination": destination, "method": method.lower(), "batch_events": bool(given.get("batch_events", True))}


def delete_sink(request: ApiRequest) -> ApiResponse:
    """Delete a sink that no subscription uses. Raises TwilioError 91007."""
    sink = SINKS.find(request, "delete")
    if any(it.sink_sid == sink.sid for it in request.state.subscriptions.newest()):
        raise TwilioError(91007)
    return SINKS.delete(request)


def test_sink(request: ApiRequest) -> ApiResponse:
    """Send a test event to the sink."""
    sink = SINKS.find(request, "update")
    request.state.sinks.change(sink.sid, test_id=new_sid("TE"))
    return ApiResponse({"result": "submitted"}, 201, "SinkTest")


def validate_sink(request: ApiRequest) -> ApiResponse:
    """Take the id that came with the test event."""
    sink = SINKS.find(request, "update")
    if not sink.test_id or request.given("TestId") != sink.test_id:
        raise TwilioError(20001, "TestId is not of the test event that was sent last")
    return ApiResponse({"result": "valid"}, 201, "SinkValidate")


def create_subscription(request: ApiRequest) -> ApiResponse:
    """Subscribe a sink to types of events. Raises TwilioError 20001, 20404."""
    account, description = request.account("subscriptions:create"), _required(request, "Description")
    sink = SINKS.find(request, "read", _required(request, "SinkSid"))
    types = dict(_types(request))
    if not types:
        raise TwilioError(20001, "Missing required parameter Types")
    reply = SUBSCRIPTIONS.add(request, account, description=description, sink_sid=sink.sid)
    for name, version in types.items():
        _subscribe(request, account, reply.data["sid"], name, version)
    return reply


def _types(request: ApiRequest) -> Iterator[tuple[str, int]]:
    for text in request.form.get("Types", ()):
        said = _object("Types", text)
        yield _type(said.get("type")), _version(said.get("schema_version", 1))


def delete_subscription(request: ApiRequest) -> ApiResponse:
    sid = SUBSCRIPTIONS.find(request, "delete").sid
    for event in request.state.subscribed_events.newest():
        if event.subscription_sid == sid:
            request.state.subscribed_events.remove(event.sid)
    return SUBSCRIPTIONS.delete(request)


def subscribe(request: ApiRequest) -> ApiResponse:
    """Add a type to a subscription: 201, or 200 where it has it."""
    account = request.account("subscriptions:update")
    subscription = SUBSCRIPTIONS.find(request, "update", request.ids["subscription_sid"])
    name, version = _type(request.given("Type")), _version(request.given("SchemaVersion") or 1)
    known = request.state.subscribed_events.get(_key(subscription.sid, name))
    made = _subscribe(request, account, subscription.sid, name, version)
    return ApiResponse(EVENTS.shown(made, request.state), 200 if known else 201, "SubscribedEvent")


def _subscribe(request: ApiRequest, account: str, subscription_sid: str, name: str, version: int) -> SubscribedEvent:
    now, sid = request.state.settings.clock(), _key(subscription_sid, name)
    event = SubscribedEvent(
        sid=sid, account_sid=account, created=now, updated=now, subscription_sid=subscription_sid, type=name
    )
    return request.state.subscribed_events.add(replace(event, schema_version=version))


def fetch_event(request: ApiRequest) -> ApiResponse:
    return ApiResponse(EVENTS.shown(_event(request, "read"), request.state), name="SubscribedEvent")


def update_event(request: ApiRequest) -> ApiResponse:
    event, version = _event(request, "update"), _version(request.given("SchemaVersion") or 1)
    changed = request.state.subscribed_events.change(event.sid, schema_version=version)
    return ApiResponse(EVENTS.shown(changed or event, request.state), name="SubscribedEvent")


def unsubscribe(request: ApiRequest) -> ApiResponse:
    request.state.subscribed_events.remove(_event(request, "update").sid)
    return ApiResponse({}, 204)


def _event(request: ApiRequest, permission: str) -> SubscribedEvent:
    return EVENTS.find(request, permission, _key(request.ids["subscription_sid"], request.ids["sid"]))


def _key(subscription_sid: str, name: str) -> str:
    return f"{subscription_sid}.{name}"


def _type(name: Any) -> str:
    if not isinstance(name, str) or not name.startswith("com.twilio."):
        raise TwilioError(20001, f"{name!r} is no type of event such as com.twilio.messaging.message.delivered")
    if name not in TYPES:
        raise TwilioError(20001, f"{name}: this local Twilio sends no such event; it sends {', '.join(sorted(TYPES))}")
    return name


def _version(given: Any) -> int:
    return forms.number("SchemaVersion", str(given))


def _required(request: ApiRequest, name: str) -> str:
    value = request.given(name)
    if not value:
        raise TwilioError(20001, f"Missing required parameter {name}")
    return value


def _object(name: str, text: str) -> dict[str, Any]:
    try:
        found = forms.json_of(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TwilioError(20001, f"{name} must be a JSON object")
    return found


ROUTES: dict[str, dict[str, Operation]] = {
    **SINKS.routes(list=SINKS.list, create=create_sink, fetch=SINKS.fetch, update=SINKS.update, delete=delete_sink),
    "/events/v1/Sinks/{sid}/Test": {"POST": test_sink},
    "/events/v1/Sinks/{sid}/Validate": {"POST": validate_sink},
    **SUBSCRIPTIONS.routes(
        list=SUBSCRIPTIONS.list,
        create=create_subscription,
        fetch=SUBSCRIPTIONS.fetch,
        update=SUBSCRIPTIONS.update,
        delete=delete_subscription,
    ),
    **EVENTS.routes(list=EVENTS.list, create=subscribe, fetch=fetch_event, update=update_event, delete=unsubscribe),
}
