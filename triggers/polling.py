"""What the watchers share: where their first poll begins, how Twilio is asked, and what a poll gives.

A watcher gives one payload a poll, ``{"items": [...]}``, Twilio's resources as the actions give them, the oldest first.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from ..actions.rules import wrong
from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.inputs import Hint, Inputs
from ..connector.payload import Payload, TriggerResult
from ..connector.twilio.client import TwilioClient
from ..connector.twilio.fields import Moment
from ..connector.twilio.parameters import NOT_SENT, parameters
from ..connector.twilio.resource import Resource
from .watching import OVERLAP, Found, Item, Memory, Watched, look, seconds


class Watching(Inputs):
    """Base of what a watcher takes: the connection. Further fields are Twilio's parameters by their own names."""

    connection: Annotated[TwilioConnection, NOT_SENT]


class Starting(Watching):
    """How much a poll gives, and where the first one begins."""

    limit: Annotated[
        int,
        NOT_SENT,
        Field(
            title="Limit",
            description="How many a poll gives at most, 10000 or fewer. The rest comes with the next polls, the oldest first.",
            ge=1,
            le=10_000,
            examples=["1000"],
        ),
    ] = 1000
    start_from: Annotated[
        Literal["now", "date", "all"] | None,
        NOT_SENT,
        Field(
            title="Start From",
            description="What the first poll gives: only what is new after it (now), what is dated since the start date "
            "(date), or all there is (all). Blank: since the start date if there is one, else now. "
            "Changed later, or with other filters, the watch goes on from its last poll, and gives nothing twice.",
            examples=["now"],
        ),
    ] = None
    start_date: Annotated[
        Moment | None,
        NOT_SENT,
        Field(title="Start Date", description="The first poll gives what is dated at this time (UTC) or after."),
        Hint(placeholder="2026-03-15T00:00:00Z"),
    ] = None

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if self.start_from == "date" and self.start_date is None:
            raise wrong(self, "start_date", "is required, since startFrom is date")
        if self.start_from in {"now", "all"} and self.start_date is not None:
            problem = f"has no effect where startFrom is {self.start_from}: leave one of them out"
            raise wrong(self, "start_date", problem)
        return self

    @property
    def start(self) -> int | None:
        """Where the first poll begins, in seconds since 1970; None: now."""
        if self.start_from == "all":
            return 0
        return None if self.start_date is None else max(0, seconds(self.start_date))


def watch(context: ActionContext, inputs: Starting, watched: Watched, until: datetime | None = None) -> TriggerResult:
    """Poll once. Raises ConnectorError; nothing is given then, and the state stays as it is."""
    end = None if until is None else seconds(until)
    found, state = poll(context, inputs, watched, start=inputs.start, limit=inputs.limit, until=end)
    return result(context, {"items": found.new}, state)


def result(context: ActionContext, body: Mapping[str, list[Item]], state: Mapping[str, Any]) -> TriggerResult:
    """What a poll gives; with empty lists, that there is nothing new."""
    return TriggerResult(
        payload=Payload(context=context, query_parameters={}, body=dict(body)),
        instance_state=state,
        polled_no_changes=not any(body.values()),
    )


def poll(
    context: ActionContext,
    inputs: Watching,
    watched: Watched,
    *,
    limit: int,
    start: int | None = None,
    until: int | None = None,
) -> tuple[Found, dict[str, Any]]:
    """Look once, with the memory of the poll before; what was found, and the state that the next poll needs."""
    client = inputs.connection.client(context)
    filters, now = {**dict(parameters(inputs)), **watched.asked}, seconds(context.clock())
    kind = {"waits": watched.waits, "wanted": sorted(watched.wanted)}
    of = {"account": client.account_sid, "start": start, "filters": filters, **kind}
    memory = Memory.recall(context.instance_state.get(watched.key), of, watched, start, now)
    listing = _listing(client, watched, filters, _reachable(watched, memory, now), until)
    found = look(watched, memory, listing, now, limit=limit, until=until)
    if found.more:
        context.logger.info("%s: there are more than %d; the rest comes with the next polls", watched.key, limit)
    return found, {watched.key: found.memory.to_state(of)}


def example(resource: Resource) -> dict[str, Any]:
    """An example of what a watcher gives."""
    return Payload(query_parameters={}, body={"items": [dict(resource.example)]}).to_json()


def _reachable(watched: Watched, memory: Memory, now: int) -> int:
    """From when on to ask: a second before the window, should Twilio mean later where it says since.

    Of as much as Twilio answers for an hour less is asked, lest its clock is ahead of ours.
    """
    reach = 0 if watched.reach is None else now - int(watched.reach.total_seconds()) + OVERLAP
    return max(memory.low - 1, reach)


def _listing(
    client: TwilioClient, watched: Watched, filters: Mapping[str, Any], since: int, until: int | None
) -> Iterable[Item]:
    """The list, page by page as it is read. Twilio may know days where we know seconds, so it may hold more than was asked."""
    if until is not None and since > until:
        return ()
    bounds = {watched.since: since if since > 0 else None, watched.until: until}
    dates = {name: datetime.fromtimestamp(date, UTC) for name, date in bounds.items() if name and date is not None}
    return _records(client.list(watched.resource, {**filters, **dates}))


def _records(listed: Iterable[Any]) -> Iterator[Item]:
    return (item for item in listed if isinstance(item, Mapping) and isinstance(item.get("sid"), str))
