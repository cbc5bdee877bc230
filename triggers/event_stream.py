"""Event Streams: batches of CloudEvents about everything that Twilio does. https://www.twilio.com/docs/events."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ..connector.context import ActionContext
from ..connector.errors import WebhookRejected
from ..connector.inputs import Values, trim
from ..connector.payload import HttpResponse, TriggerResult, WebhookRequest
from ..connector.result import Example
from .events import identities
from .signed import check_account, example, hear
from .targets import RegistersEvents

_ATTRIBUTES = ("id", "type", "source", "specversion")
"""Those that every CloudEvent has, as text: https://github.com/cloudevents/spec, required attributes."""
_ACCOUNTS = ("accountSid", "account_sid", "AccountSid")
"""How the products write it in an event's data."""
_PARENT = "master_account_sid"
"""The account that a subaccount's error is told to as well."""

Event = Mapping[str, Any]


def body_of(events: list[Event]) -> dict[str, Any]:
    """The events as Twilio sent them, each with its account in one place, and the types that are among them."""
    return {
        "types": sorted({event["type"] for event in events}),
        "events": [{**event, "accountSid": _account(event)} for event in events],
    }


def _account(event: Event) -> str | None:
    """The account that an event is about: in its data, or in the parameters of the request that the data is about."""
    data = event.get("data")
    request = data.get("request") if isinstance(data, Mapping) else None
    asked = request.get("parameters") if isinstance(request, Mapping) else None
    found = (_text(part, name) for part in (data, asked) for name in _ACCOUNTS)
    return next(filter(None, found), None)


def _text(part: Any, name: str) -> str | None:
    value = part.get(name) if isinstance(part, Mapping) else None
    return value if isinstance(value, str) and value else None


SAID = [
    {
        "specversion": "1.0",
        "type": "com.twilio.messaging.message.delivered",
        "source": "/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Messages/SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d.json",
        "id": "EZ1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
        "dataschema": "https://events-schemas.twilio.com/Messaging.MessageStatus/8",
        "datacontenttype": "application/json",
        "time": "2026-11-26T10:09:00.000Z",
        "data": {
            "messageSid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
            "accountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
            "messageStatus": "DELIVERED",
            "from": "+15557654321",
            "to": "+15551234567",
        },
    }
]
EXAMPLE: dict[str, Any] = example(SAID, body_of(list(SAID)))


def _types(values: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(trimmed for value in values if (trimmed := trim(value)))
    if wrong := [value for value in found if not value.startswith("com.twilio.")]:
        message = f"{wrong[0]!r} is no type of event; write it as com.twilio.messaging.message.delivered"
        raise ValueError(message)
    return found


class EventStream(RegistersEvents):
    """Which events to hear of, and whether to subscribe to them."""

    event_types: Annotated[
        Values,
        AfterValidator(_types),
        Field(
            title="Event Types",
            description="The types of events that start the flow; what else comes is accepted and left out. Leave blank for "
            "all that the subscription sends.",
            examples=['["com.twilio.messaging.message.delivered"]'],
        ),
    ] = ()


def event_stream(
    context: ActionContext, request: WebhookRequest, inputs: EventStream
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept a batch of events that Twilio signed; one without an event that is asked for starts no flow.

    Raises WebhookRejected for all else, and for a batch with an event of another account.
    """
    heard = hear(request, inputs.twilio_connection)
    events = _events(heard.said, is_form=heard.is_form)
    for event in events:
        if account := _account(event):
            check_account(inputs.twilio_connection.accounts, account, _text(event.get("data"), _PARENT))
    wanted = [event for event in events if not inputs.event_types or event["type"] in inputs.event_types]
    return TriggerResult(
        payload=heard.payload(context, body_of(wanted)),
        response=HttpResponse(),
        wait=False,
        dedupe=identities(request, heard.said),
        polled_no_changes=not wanted,
    )


def _events(said: Any, *, is_form: bool) -> list[Event]:
    """The events of a batch, or the one. Raises WebhookRejected where anything else is among them."""
    batch = said if isinstance(said, list) else [said]
    if is_form or not batch:
        raise WebhookRejected("the request is no batch of CloudEvents; is this the URL of the sink at Twilio?")
    for event in batch:
        missing = [name for name in _ATTRIBUTES if _text(event, name) is None]
        if missing:
            raise WebhookRejected(f"{missing[0]}: every CloudEvent has it, and one of these has not", field=missing[0])
    return batch
