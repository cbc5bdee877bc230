"""Connections. Their secrets are write-only: an answer tells which have a value, never the value."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ...secrets.named_secrets import Place
from ...store.connections import ConnectionRecord
from .route import Call, Route, found
from .shapes import MAX_PAGE, Name, Page, Shape, Text

Fields = Annotated[
    dict[str, Any], Field(description="Values by field, as the connection's type in the manifest has them.")
]
ReservedFor = Annotated[list[str], Field(max_length=MAX_PAGE, description="Ids of users; empty: any flow may use it.")]


class Connection(Shape):
    """``fields`` are those that may be shown, and ``{"$secret": "<name>"}`` where a named secret is called.

    ``secrets`` are the secret fields that have a value or a call.
    """

    id: str
    name: str
    component: str
    key: str
    fields: dict[str, Any]
    secrets: list[str]
    reserved_for: list[str]
    healthy: bool | None
    verdict: str | None
    tested_at: datetime | None
    created_at: datetime
    updated_at: datetime


class NewConnection(Shape):
    """A value ``{"$secret": "<name>"}`` in a secret field calls a named secret; see GET /secrets."""

    name: Name
    component: Text
    key: Text
    fields: Fields
    reserved_for: ReservedFor = Field(default_factory=list)


class ConnectionChange(Shape):
    """What is left out stays. ``fields`` replaces all that is shown; a secret left out keeps its value or its call."""

    name: Name | None = None
    fields: Fields | None = None
    forget: Annotated[list[str], Field(max_length=MAX_PAGE, description="Secret fields whose value is to go.")] = Field(
        default_factory=list
    )
    reserved_for: ReservedFor | None = None


class NamedSecret(Shape):
    """A secret that connections may call by its name. It is in the ``vault``, the ``environment`` or a ``file``."""

    name: str
    place: Place
    connections: list[str]


class Asked(Shape):
    """Which connections."""

    component: Text | None = None


def listing(call: Call) -> dict[str, Any]:
    return {"items": [_shown(call, record) for record in call.host.store.connections.all(call.query.component)]}


def create(call: Call) -> Connection:
    given: NewConnection = call.body
    record = call.host.connections.add(
        name=given.name, component=given.component, key=given.key, fields=given.fields, reserved_for=given.reserved_for
    )
    return _shown(call, record)


def detail(call: Call) -> Connection:
    return _shown(call, _record(call))


def update(call: Call) -> Connection:
    record, given = _record(call), call.body
    shown = {key: value for key, value in call.host.connections.form(record.id)[0].items() if key not in given.forget}
    fields = shown if given.fields is None else given.fields
    saved = call.host.connections.update(
        record.id, name=given.name or record.name, fields=fields, forget=given.forget, reserved_for=given.reserved_for
    )
    return _shown(call, saved)


def test(call: Call) -> Connection:
    return _shown(call, call.host.connections.test(_record(call).id))


def remove(call: Call) -> None:
    call.host.connections.remove(_record(call).id)


def secrets(call: Call) -> dict[str, Any]:
    found, users = call.host.secrets.names(), call.host.custody.users()
    return {"items": [{"name": name, "place": at, "connections": users.get(name, [])} for name, at in found.items()]}


def _record(call: Call) -> ConnectionRecord:
    return found(call.host.store.connections.get(call.path["id"]), "connection")


def _shown(call: Call, record: ConnectionRecord) -> Connection:
    fields, secrets = call.host.connections.form(record.id)
    return Connection(
        id=record.id,
        name=record.name,
        component=record.component,
        key=record.key,
        fields=fields,
        secrets=sorted(secrets),
        reserved_for=list(record.reserved_for),
        healthy=record.healthy,
        verdict=record.verdict,
        tested_at=record.tested_at,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


TAG = "connections"
ONE = "/connections/{id}"
ROUTES = (
    Route(
        method="GET",
        path="/connections",
        handle=listing,
        asks=Asked,
        gives=Page[Connection],
        summary="List them",
        tag=TAG,
    ),
    Route(
        method="POST",
        path="/connections",
        handle=create,
        takes=NewConnection,
        gives=Connection,
        status=201,
        summary="Make one",
        tag=TAG,
    ),
    Route(method="GET", path=ONE, handle=detail, gives=Connection, summary="One of them", tag=TAG),
    Route(
        method="PATCH", path=ONE, handle=update, takes=ConnectionChange, gives=Connection, summary="Change one", tag=TAG
    ),
    Route(method="DELETE", path=ONE, handle=remove, summary="Remove one that no instance uses", tag=TAG),
    Route(
        method="POST",
        path=f"{ONE}/test",
        handle=test,
        gives=Connection,
        slow=True,
        summary="Try it for real; the verdict is in the answer",
        tag=TAG,
    ),
    Route(
        method="GET",
        path="/secrets",
        handle=secrets,
        gives=Page[NamedSecret],
        summary="The named secrets that connections may call, without their values",
        tag=TAG,
    ),
)
