"""Event Streams: where events go, and which: https://www.twilio.com/docs/events/event-streams."""

from ..resource import ACCOUNT_SID, Resource, example_sid

_EVENTS = "https://events.twilio.com/v1"
_SINK, _SUBSCRIPTION = f"{_EVENTS}/Sinks/{example_sid('DG')}", f"{_EVENTS}/Subscriptions/{example_sid('DF')}"
_DATES = {"dateCreated": "2026-03-01T09:00:00.000Z", "dateUpdated": "2026-03-01T09:00:00.000Z"}
_TYPE = "com.twilio.messaging.message.delivered"

SINKS = Resource(
    name="sink",
    path="/v1/Sinks",
    items="sinks",
    product="events",
    example={
        **_DATES,
        "description": "Delivered messages",
        "links": {"sink_test": f"{_SINK}/Test", "sink_validate": f"{_SINK}/Validate"},
        "sid": example_sid("DG"),
        "sinkConfiguration": {"destination": "https://example.com/events", "method": "post", "batch_events": False},
        "sinkType": "webhook",
        "status": "active",
        "url": _SINK,
    },
)

SUBSCRIPTIONS = Resource(
    name="subscription",
    path="/v1/Subscriptions",
    items="subscriptions",
    product="events",
    example={
        "accountSid": ACCOUNT_SID,
        **_DATES,
        "description": "Delivered messages",
        "links": {"subscribed_events": f"{_SUBSCRIPTION}/SubscribedEvents"},
        "sid": example_sid("DF"),
        "sinkSid": example_sid("DG"),
        "url": _SUBSCRIPTION,
    },
)

SUBSCRIBED_EVENTS = Resource(
    name="subscribed event",
    path="/v1/Subscriptions/{subscription_sid}/SubscribedEvents",
    items="types",
    product="events",
    example={
        "accountSid": ACCOUNT_SID,
        "schemaVersion": 1,
        "subscriptionSid": example_sid("DF"),
        "type": _TYPE,
        "url": f"{_SUBSCRIPTION}/SubscribedEvents/{_TYPE}",
    },
)
"""Known by its type instead of a SID."""
