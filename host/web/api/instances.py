"""Instances: deploy, configure, upgrade, enable, remove; their flows' addresses, keys, schedules and registrations."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ....connector.errors import InvalidInput
from ...definition.timetable import MAX_LENGTH, Timetable
from ...store.instances import EndpointRecord, InstanceRecord
from ...store.schedules import ScheduleRecord
from .problems import missing
from .route import Call, Route, found
from .shapes import Name, Page, Shape, Text

Config = Annotated[
    dict[str, Any], Field(description="Values by config variable; for a connection its name or id. See the version.")
]


class Instance(Shape):
    """``config`` holds plain values, ``connections`` the ids of connections, both by config variable."""

    id: str
    name: str
    integration_id: str
    integration: str
    version_id: str
    version: int
    customer_id: str
    customer: str
    config: dict[str, Any]
    connections: dict[str, str]
    enabled: bool
    created_at: datetime
    updated_at: datetime


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


class InstanceDetail(Instance):
    """With its flows."""

    flows: list[Flow]


class Deployment(Shape):
    """``versionId``, or ``integration`` for the newest version of that name. The customer is made where there is none."""

    version_id: Text = ""
    integration: Text = ""
    customer: Annotated[Name, Field(description="The customer's external id.")]
    customer_name: Text = ""
    name: Annotated[Text, Field(description="The integration's name unless given.")] = ""
    config: Config = Field(default_factory=dict)
    enabled: Annotated[bool | None, Field(description="Left out: a new one is on, another stays as it is.")] = None


class InstanceChange(Shape):
    """What is left out stays. ``config`` is merged into what is there."""

    enabled: bool | None = None
    config: Config | None = None


class Upgrade(Shape):
    """The newest version unless one is given; ``config`` is merged into what is there."""

    version_id: Text = ""
    config: Config = Field(default_factory=dict)


class AskedRemoval(Shape):
    """How to remove."""

    force: Annotated[bool, Field(description="At once; webhooks at the service stay as they are.")] = False


def listing(call: Call) -> dict[str, Any]:
    return {"items": call.host.store.instances.all()}


def deploy(call: Call) -> InstanceDetail:
    given: Deployment = call.body
    instance = call.host.deploy_version(
        given.version_id or _newest(call, given.integration),
        customer=given.customer,
        customer_name=given.customer_name,
        config=given.config,
        name=given.name,
        enabled=given.enabled,
    )
    return _shown(call, instance)


def detail(call: Call) -> InstanceDetail:
    return _shown(call, _record(call))


def update(call: Call) -> InstanceDetail:
    record, given = _record(call), call.body
    if given.config is not None:
        call.host.upgrade(record.id, version_id=record.version_id, config=given.config)
    if given.enabled is not None:
        call.host.enable(record.id, enabled=given.enabled)
    return _shown(call, _record(call))


def upgrade(call: Call) -> InstanceDetail:
    given: Upgrade = call.body
    return _shown(call, call.host.upgrade(_record(call).id, version_id=given.version_id, config=given.config))


def remove(call: Call) -> None:
    call.host.remove_instance(_record(call).id, force=call.query.force)


def add_key(call: Call) -> NewKey:
    return NewKey(key=call.host.add_key(_endpoint(call).id))


def remove_key(call: Call) -> None:
    keys = call.host.store.instances.keys(_endpoint(call).id)
    call.host.remove_key(found(next((key for key in keys if key.id == call.path["key"]), None), "key").id)


def set_schedule(call: Call) -> Schedule:
    given: Times = call.body
    endpoint = _scheduled(call)
    try:
        timetable = Timetable.parse(given.times, given.time_zone)
    except ValueError as error:
        raise InvalidInput(f"times: {error}", field="times") from None
    call.host.set_schedule(endpoint.id, timetable)
    return _schedule(call.host.store.schedules.get(endpoint.id))


def reset_schedule(call: Call) -> Schedule:
    endpoint = _scheduled(call)
    call.host.set_schedule(endpoint.id, None)
    return _schedule(call.host.store.schedules.get(endpoint.id))


def run_now(call: Call) -> None:
    call.host.run_now(_scheduled(call).id)


def register(call: Call) -> Registration:
    endpoint = _endpoint(call)
    found(call.host.store.registrations.get(endpoint.id), "registration")
    call.host.register_again(endpoint.id)
    return Registration.model_validate(found(call.host.store.registrations.get(endpoint.id), "registration"))


def _newest(call: Call, integration: str) -> str:
    versions = call.host.store.integrations.all()
    mine = next((version for version in versions if version.integration == integration), None)
    if mine is None:
        raise InvalidInput(
            "integration: name one that is published, or give a versionId; publish with POST /api/integrations",
            field="integration",
        )
    return mine.id


def _record(call: Call) -> InstanceRecord:
    return found(call.host.store.instances.get(call.path["id"]), "instance")


def _endpoint(call: Call) -> EndpointRecord:
    endpoints = call.host.store.instances.endpoints(_record(call).id)
    return found(next((endpoint for endpoint in endpoints if endpoint.flow == call.path["flow"]), None), "flow")


def _scheduled(call: Call) -> EndpointRecord:
    endpoint = _endpoint(call)
    if call.host.store.schedules.get(endpoint.id) is None:
        raise missing("schedule: the flow starts when its webhook is called")
    return endpoint


def _shown(call: Call, record: InstanceRecord) -> InstanceDetail:
    store = call.host.store
    registrations = {item.endpoint_id: item for item in store.registrations.of(record.id)}
    flows = [
        Flow(
            name=endpoint.flow,
            url=call.host.address(endpoint.id),
            keys=[Key.model_validate(key) for key in store.instances.keys(endpoint.id)],
            schedule=_schedule(schedule) if (schedule := store.schedules.get(endpoint.id)) else None,
            registration=Registration.model_validate(item) if (item := registrations.get(endpoint.id)) else None,
        )
        for endpoint in store.instances.endpoints(record.id)
    ]
    return InstanceDetail(**Instance.model_validate(record).model_dump(), flows=flows)


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


TAG = "instances"
ALL, ONE = "/instances", "/instances/{id}"
FLOW = "/instances/{id}/flows/{flow:path}"
DETAIL = InstanceDetail
ROUTES = (
    Route(method="GET", path=ALL, handle=listing, gives=Page[Instance], summary="List them", tag=TAG),
    Route(
        method="POST",
        path=ALL,
        handle=deploy,
        takes=Deployment,
        gives=DETAIL,
        slow=True,
        summary="Deploy a version for a customer; once more of that name gives it this version",
        tag=TAG,
    ),
    Route(method="GET", path=ONE, handle=detail, gives=DETAIL, summary="One of them, with its flows", tag=TAG),
    Route(
        method="PATCH",
        path=ONE,
        handle=update,
        takes=InstanceChange,
        gives=DETAIL,
        slow=True,
        summary="Enable, disable, configure",
        tag=TAG,
    ),
    Route(
        method="DELETE",
        path=ONE,
        handle=remove,
        asks=AskedRemoval,
        slow=True,
        summary="Put back what it registered, and remove it",
        tag=TAG,
    ),
    Route(
        method="POST",
        path=f"{ONE}/upgrade",
        handle=upgrade,
        takes=Upgrade,
        gives=DETAIL,
        slow=True,
        summary="Give it another version",
        tag=TAG,
    ),
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
