"""Instances: deploy, configure, upgrade, enable, remove; their flows' addresses, keys, schedules and registrations."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ....connector.errors import InvalidInput
from ...store.instances import InstanceRecord
from .flows import Flow, flows_of
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
    instance = call.host.instances.deploy_version(
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
        call.host.instances.upgrade(record.id, version_id=record.version_id, config=given.config)
    if given.enabled is not None:
        call.host.instances.enable(record.id, enabled=given.enabled)
    return _shown(call, _record(call))


def upgrade(call: Call) -> InstanceDetail:
    given: Upgrade = call.body
    return _shown(call, call.host.instances.upgrade(_record(call).id, version_id=given.version_id, config=given.config))


def remove(call: Call) -> None:
    call.host.instances.remove(_record(call).id, force=call.query.force)


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


def _shown(call: Call, record: InstanceRecord) -> InstanceDetail:
    return InstanceDetail(**Instance.model_validate(record).model_dump(), flows=flows_of(call.host, record.id))


TAG = "instances"
ALL, ONE = "/instances", "/instances/{id}"
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
)
