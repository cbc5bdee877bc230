"""The flows of instances: their webhooks' keys, their schedules and registrations, by the flow's name."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ....connector.errors import InvalidInput
from ...definition.timetable import MAX_LENGTH, Timetable
from ...host import Host
from ...store.instances import EndpointRecord
from ...store.schedules import ScheduleRecord
from .problems import missing
from .route import Call, Route, found
from .shapes import Shape


class Key(Shape):
    """An API key that a webhook asks for, known by its last characters."""

    id: str
    hint: str
    created_at: datetime


class NewKey(Shape):
    """``key`` is shown this once."""

    key: str


class Schedule(Shape):
    """``timeZone`` is an IANA name. ``own`` where the times are not the integration file's."""

    times: str
    time_zone: str
    own: bool
    polling: bool
    next_at: datetime | None
    last_at: datetime | None
    failures: int
    error: dict[str, Any] | None


class Times(Shape):
    """A cron line of five fields, or ``every 15 minutes``."""

    times: Annotated[str, Field(max_length=MAX_LENGTH)]
    time_zone: Annotated[str, Field(max_length=MAX_LENGTH)] = "UTC"


class Registration(Shape):
    """``status`` is pending, registered, failed or removing; ``changes`` what is set at the service."""

    status: str
    error: str | None
    attempts: int
    registered_at: datetime | None
    changes: list[dict[str, Any]]


class Flow(Shape):
    """``url`` is where its webhook is called."""

    name: str
    url: str
    keys: list[Key]
    schedule: Schedule | None
    registration: Registration | None


def add_key(call: Call) -> NewKey:
    return NewKey(key=call.host.endpoints.add_key(_endpoint(call).id))


def remove_key(call: Call) -> None:
    keys = call.host.store.instances.keys(_endpoint(call).id)
    call.host.endpoints.remove_key(found(next((key for key in keys if key.id == call.path["key"]), None), "key").id)


def set_schedule(call: Call) -> Schedule:
    given: Times = call.body
    endpoint = _scheduled(call)
    try:
        timetable = Timetable.parse(given.times, given.time_zone)
    except ValueError as error:
        raise InvalidInput(f"times: {error}", field="times") from None
    call.host.endpoints.set_schedule(endpoint.id, timetable)
    return _schedule(call.host.store.schedules.get(endpoint.id))


def reset_schedule(call: Call) -> Schedule:
    endpoint = _scheduled(call)
    call.host.endpoints.set_schedule(endpoint.id, None)
    return _schedule(call.host.store.schedules.get(endpoint.id))


def run_now(call: Call) -> None:
    call.host.endpoints.run_now(_scheduled(call).id)


def register(call: Call) -> Registration:
    endpoint = _endpoint(call)
    found(call.host.store.registrations.get(endpoint.id), "registration")
    call.host.endpoints.register_again(endpoint.id)
    return Registration.model_validate(found(call.host.store.registrations.get(endpoint.id), "registration"))


def flows_of(host: Host, instance_id: str) -> list[Flow]:
    """All of an instance, by name."""
    store = host.store
    registrations = {item.endpoint_id: item for item in store.registrations.of(instance_id)}
    return [
        Flow(
            name=endpoint.flow,
            url=host.address(endpoint.id),
            keys=[Key.model_validate(key) for key in store.instances.keys(endpoint.id)],
            schedule=_schedule(schedule) if (schedule := store.schedules.get(endpoint.id)) else None,
            registration=Registration.model_validate(item) if (item := registrations.get(endpoint.id)) else None,
        )
        for endpoint in store.instances.endpoints(instance_id)
    ]


def _endpoint(call: Call) -> EndpointRecord:
    endpoints = call.host.store.instances.endpoints(
        found(call.host.store.instances.get(call.path["id"]), "instance").id
    )
    return found(next((endpoint for endpoint in endpoints if endpoint.flow == call.path["flow"]), None), "flow")


def _scheduled(call: Call) -> EndpointRecord:
    endpoint = _endpoint(call)
    if call.host.store.schedules.get(endpoint.id) is None:
        raise missing("schedule: the flow starts when its webhook is called")
    return endpoint


def _schedule(record: ScheduleRecord | None) -> Schedule:
    known = found(record, "schedule")
    return Schedule(
        times=known.timetable.line,
        time_zone=known.timetable.zone,
        own=known.override is not None,
        polling=known.polling,
        next_at=known.next_at,
        last_at=known.last_at,
        failures=known.failures,
        error=known.error,
    )


TAG = "flows"
FLOW = "/instances/{id}/flows/{flow:path}"
ROUTES = (
    Route(
        method="POST",
        path=f"{FLOW}/keys",
        handle=add_key,
        gives=NewKey,
        status=201,
        summary="A new API key for the flow's webhook",
        tag=TAG,
    ),
    Route(method="DELETE", path=f"{FLOW}/keys/{{key}}", handle=remove_key, summary="Remove an API key", tag=TAG),
    Route(
        method="PUT",
        path=f"{FLOW}/schedule",
        handle=set_schedule,
        takes=Times,
        gives=Schedule,
        summary="Start the flow at other times than the integration file says",
        tag=TAG,
    ),
    Route(
        method="DELETE",
        path=f"{FLOW}/schedule",
        handle=reset_schedule,
        gives=Schedule,
        summary="At those that the integration file says",
        tag=TAG,
    ),
    Route(method="POST", path=f"{FLOW}/run", handle=run_now, summary="Start a scheduled flow once more, now", tag=TAG),
    Route(
        method="POST",
        path=f"{FLOW}/register",
        handle=register,
        gives=Registration,
        slow=True,
        summary="Register the flow's webhook anew",
        tag=TAG,
    ),
)
