"""Ask for new and changed messages, losing none and giving none twice.

Twilio cannot be asked what changed, only what was sent since when, and a message may appear late or change hours after it was
sent. So each poll looks back over a window that overlaps the one before it, and knows what it has seen and with which status.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from ..actions.messages import EXAMPLE as MESSAGE
from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.inputs import Hint, Inputs
from ..connector.payload import Payload, TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.fields import Address
from ..connector.twilio.resources import MESSAGES

STATE = "pollChangesTrigger"
OVERLAP = timedelta(hours=1)
"""How late a message may appear in Twilio's list."""
LONGEST_WATCH = timedelta(hours=12)
"""How long an unfinished message is watched: Twilio queues for up to 10 hours."""

FINAL = frozenset({"delivered", "undelivered", "failed", "received", "read", "canceled"})

EXAMPLE: dict[str, Any] = Payload(query_parameters={}, body={"created": [MESSAGE], "updated": []}).to_json()


class PollChanges(Inputs):
    """Which messages to watch."""

    connection: TwilioConnection
    from_: Annotated[
        Address | None,
        Field(
            alias="from",
            title="From Filter",
            description="Only messages from this sender, in E.164 format. Leave blank to include all senders.",
            examples=["+15557654321"],
        ),
        Hint(placeholder="Enter sender phone number"),
    ] = None
    to: Annotated[
        Address | None,
        Field(
            title="To Filter",
            description="Only messages to this recipient, in E.164 format. Leave blank to include all recipients.",
            examples=["+15551234567"],
        ),
        Hint(placeholder="Enter recipient phone number"),
    ] = None
    show_new_records: Annotated[
        bool, Field(title="Show New Records", description="Give messages that were not there before.")
    ] = True
    show_updated_records: Annotated[
        bool,
        Field(
            title="Show Updated Records",
            description="Give messages whose status has changed. A message is watched until its status is final, "
            "12 hours at most.",
        ),
    ] = True


def poll_changes(
    context: ActionContext, request: WebhookRequest, inputs: PollChanges
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Give what is new and what changed since the poll before. The first poll gives nothing: it only looks."""
    del request  # a poll asks, nobody asks it
    now = context.clock()
    filters = {"From": inputs.from_, "To": inputs.to}
    memory = _Memory.of(context.instance_state.get(STATE), filters)
    since = memory.since(now, watch=inputs.show_updated_records)
    client = inputs.connection.client(context)
    found = [message for message in client.list(MESSAGES, filters | {"DateSent>": since}) if _has_sid(message)][::-1]
    body = {
        "created": [m for m in found if memory.is_new(m)] if inputs.show_new_records else [],
        "updated": [m for m in found if memory.is_changed(m)] if inputs.show_updated_records else [],
    }
    return TriggerResult(
        payload=Payload.of(context, query_parameters={}, body=body),
        instance_state={STATE: _remember(found, filters, now)},
        polled_no_changes=not any(body.values()),
    )


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the poll before saw. ``seen``: by message SID, when it was sent and its status; None before the first poll."""

    polled: datetime | None = None
    seen: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: Any, filters: Mapping[str, Any]) -> "_Memory":
        """Read the state of the poll before; nothing where there was none, or it watched other messages."""
        if not isinstance(state, Mapping) or state.get("filters") != dict(filters):
            return cls()
        seen = {sid: (datetime.fromisoformat(sent), status) for sid, (sent, status) in state["seen"].items()}
        return cls(datetime.fromisoformat(state["polled"]), seen)

    def since(self, now: datetime, *, watch: bool) -> datetime:
        """From when on to look: a window before the last poll, wider where something unfinished is still watched."""
        oldest = _oldest_unfinished(self.seen.values(), now) if watch else None
        return min(filter(None, ((self.polled or now) - OVERLAP, oldest)))

    def is_new(self, message: Mapping[str, Any]) -> bool:
        """True for what was not there at the poll before."""
        return self.polled is not None and message["sid"] not in self.seen

    def is_changed(self, message: Mapping[str, Any]) -> bool:
        """True for what was there with another status."""
        return message["sid"] in self.seen and self.seen[message["sid"]][1] != str(message.get("status"))


def _remember(found: Iterable[Mapping[str, Any]], filters: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the next poll must know: all that its window can show again."""
    seen = {message["sid"]: (_sent(message, now), str(message.get("status"))) for message in found}
    oldest = min(filter(None, (now - OVERLAP, _oldest_unfinished(seen.values(), now))))
    kept = {sid: [sent.isoformat(), status] for sid, (sent, status) in seen.items() if sent >= oldest}
    return {"polled": now.isoformat(), "filters": dict(filters), "seen": kept}


def _oldest_unfinished(seen: Iterable[tuple[datetime, str]], now: datetime) -> datetime | None:
    return min((sent for sent, status in seen if status not in FINAL and sent >= now - LONGEST_WATCH), default=None)


def _sent(message: Mapping[str, Any], now: datetime) -> datetime:
    """When it was sent; when it was made, while it waits."""
    for key in ("dateSent", "dateCreated"):
        try:
            return datetime.fromisoformat(message[key])
        except (KeyError, TypeError, ValueError):
            continue
    return now


def _has_sid(message: Any) -> bool:
    return isinstance(message, Mapping) and isinstance(message.get("sid"), str)
