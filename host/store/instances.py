"""Instances: an integration version deployed for a customer, and the endpoints that reach its flows."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from . import schedules
from .database import insert, reading, storable
from .ids import digest, opaque_id, time_id
from .registrations import intend
from .schema import customers, endpoint_keys, endpoints, instances, integrations, states, versions
from .states import flow_owner


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    """``config`` maps config variables to values, ``connections`` those of type connection to connection ids."""

    id: str
    name: str
    integration_id: str
    integration: str
    version_id: str
    version: int
    customer_id: str
    customer: str
    config: Mapping[str, Any]
    connections: Mapping[str, str]
    enabled: bool
    removing: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecord:
    """The address of one flow of one instance; whoever knows ``id`` may call it."""

    id: str
    instance_id: str
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointKey:
    """An API key that an endpoint asks for. Only its SHA-256 is kept: it is random, so that is enough."""

    id: str
    hint: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Instances:
    engine: sa.Engine

    def put(
        self,
        *,
        name: str,
        version_id: str,
        integration_id: str,
        customer_id: str,
        config: Mapping[str, Any],
        connections: Mapping[str, str],
        flows: Sequence[str],
        registering: Collection[str] = (),
        starts: Mapping[str, schedules.Start] = MappingProxyType({}),
        renamed: Mapping[str, str] = MappingProxyType({}),
        enabled: bool | None = None,
    ) -> InstanceRecord:
        """Make the customer's instance of that name, or give it this version and configuration.

        Without ``enabled`` a new one is on and another stays as it is. Endpoints stay while their flow does, so deploying
        again changes no address; ``renamed`` flows, new name by old one, take theirs and their state along. ``starts`` tells
        which of the flows start by themselves. The webhooks of the flows that are ``registering`` are to be registered from
        now on, and those of all others to be put back. Raises InvalidInput when the name belongs to an instance of another
        integration, or to one that is being removed.
        """
        with self.engine.begin() as connection:
            fixed = {"integration_id": integration_id, "customer_id": customer_id, "name": name}
            changes: dict[str, Any] = {
                "version_id": version_id,
                "config": dict(config),
                "connections": dict(connections),
            }
            now = utc_now()
            instance_id = _put(connection, fixed, changes | {"updated_at": now})
            for old, new in renamed.items():
                _rename(connection, instance_id, old, new)
            _put_endpoints(connection, instance_id, flows)
            intend(connection, instance_id, registering, changes)
            if enabled is not None:
                schedules.switch(connection, instance_id, on=enabled, now=now)
            schedules.arrange(connection, instance_id, starts, now)
        return self.require(instance_id)

    def get(self, instance_id: str) -> InstanceRecord | None:
        if not storable(instance_id):
            return None
        with reading(self.engine).begin() as connection:
            row = connection.execute(_ONE, {"id_": instance_id}).mappings().one_or_none()
        return None if row is None else InstanceRecord(**row)

    def of_customer(self, customer_id: str, name: str) -> InstanceRecord | None:
        if not storable(name):
            return None
        with reading(self.engine).begin() as connection:
            where = (instances.c.customer_id == customer_id, instances.c.name == name)
            row = connection.execute(_query().where(*where)).mappings().one_or_none()
        return None if row is None else InstanceRecord(**row)

    def require(self, instance_id: str) -> InstanceRecord:
        """Like get; raises InvalidInput when there is none."""
        record = self.get(instance_id)
        if record is None:
            raise InvalidInput(f"there is no instance {instance_id}; it was removed", field="instance")
        return record

    def all(self) -> list[InstanceRecord]:
        with reading(self.engine).begin() as connection:
            rows = connection.execute(_query().order_by(customers.c.name, instances.c.name)).mappings()
            return [InstanceRecord(**row) for row in rows]

    def enable(self, instance_id: str, *, enabled: bool) -> None:
        """Nothing happens to one that is being removed: it is off, and stays so."""
        with self.engine.begin() as connection:
            query = sa.select(instances.c.removing).where(instances.c.id == instance_id).with_for_update()
            if connection.scalar(query) is False:
                schedules.switch(connection, instance_id, on=enabled, now=utc_now())

    def retire(self, instance_id: str) -> None:
        """It takes nothing more, and is removed when what still runs has ended."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(instances).where(instances.c.id == instance_id).values(removing=True))
            schedules.switch(connection, instance_id, on=False, now=utc_now())

    def leaving(self) -> list[str]:
        with reading(self.engine).begin() as connection:
            return list(connection.execute(sa.select(instances.c.id).where(instances.c.removing)).scalars())

    def settle(self, instance_id: str) -> None:
        """Its removal is under way, and no more to be begun."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(instances).where(instances.c.id == instance_id).values(removing=False))

    def endpoint(self, endpoint_id: str) -> EndpointRecord | None:
        with reading(self.engine).begin() as connection:
            query = sa.select(endpoints.c.id, endpoints.c.instance_id, endpoints.c.flow)
            row = connection.execute(query.where(endpoints.c.id == endpoint_id)).mappings().one_or_none()
        return None if row is None else EndpointRecord(**row)

    def endpoints(self, instance_id: str) -> tuple[EndpointRecord, ...]:
        with reading(self.engine).begin() as connection:
            query = sa.select(endpoints.c.id, endpoints.c.instance_id, endpoints.c.flow)
            rows = connection.execute(query.where(endpoints.c.instance_id == instance_id).order_by(endpoints.c.flow))
            return tuple(EndpointRecord(**row) for row in rows.mappings())

    def add_key(self, endpoint_id: str) -> str:
        """A new API key of the endpoint, to be shown now: it cannot be read back."""
        key = secrets.token_urlsafe(32)
        values = {"id": time_id(), "endpoint_id": endpoint_id, "digest": digest(key), "hint": key[-4:]}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(endpoint_keys).values(**values, created_at=utc_now()))
        return key

    def keys(self, endpoint_id: str) -> tuple[EndpointKey, ...]:
        with reading(self.engine).begin() as connection:
            query = sa.select(endpoint_keys.c.id, endpoint_keys.c.hint, endpoint_keys.c.created_at)
            rows = connection.execute(query.where(endpoint_keys.c.endpoint_id == endpoint_id)).mappings()
            return tuple(EndpointKey(**row) for row in rows)

    def remove_key(self, key_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.delete(endpoint_keys).where(endpoint_keys.c.id == key_id))

    def key_digests(self, endpoint_id: str) -> tuple[str, ...]:
        """SHA-256 of each of the endpoint's keys."""
        with reading(self.engine).begin() as connection:
            query = sa.select(endpoint_keys.c.digest).where(endpoint_keys.c.endpoint_id == endpoint_id)
            return tuple(connection.execute(query).scalars())


def _query() -> sa.Select[Any]:
    mine = [c for c in instances.c if c.name not in {"integration_id", "version_id", "customer_id"}]
    return (
        sa.select(
            *mine,
            instances.c.integration_id,
            instances.c.version_id,
            instances.c.customer_id,
            integrations.c.name.label("integration"),
            versions.c.number.label("version"),
            customers.c.name.label("customer"),
        )
        .join(integrations, integrations.c.id == instances.c.integration_id)
        .join(versions, versions.c.id == instances.c.version_id)
        .join(customers, customers.c.id == instances.c.customer_id)
    )


_ONE = _query().where(instances.c.id == sa.bindparam("id_"))


def _put(connection: sa.Connection, fixed: Mapping[str, str], changes: Mapping[str, Any]) -> str:
    where = (instances.c.customer_id == fixed["customer_id"], instances.c.name == fixed["name"])
    query = sa.select(instances.c.id, instances.c.integration_id, instances.c.removing)
    found = connection.execute(query.where(*where)).one_or_none()
    if found is None:
        new = {"id": time_id(), "enabled": True, **fixed, **changes, "created_at": utc_now()}
        connection.execute(sa.insert(instances).values(new))
        return str(new["id"])
    if found.removing:
        raise InvalidInput(f"name: {fixed['name']!r} is being removed; wait until it is gone", field="name")
    if found.integration_id != fixed["integration_id"]:
        raise InvalidInput(
            f"name: the customer has an instance {fixed['name']!r} of another integration; choose another name",
            field="name",
        )
    connection.execute(sa.update(instances).where(instances.c.id == found.id).values(changes))
    return str(found.id)


def _rename(connection: sa.Connection, instance_id: str, old: str, new: str) -> None:
    """Its address and what it keeps go with the flow, in the place of what a removed flow of the new name has left."""
    where = (endpoints.c.instance_id == instance_id, endpoints.c.flow == old)
    connection.execute(sa.update(endpoints).where(*where).values(flow=new))
    mine, left = (
        (states.c.scope == "instance", states.c.owner == flow_owner(instance_id, flow)) for flow in (old, new)
    )
    connection.execute(sa.delete(states).where(*left))
    connection.execute(sa.update(states).where(*mine).values(owner=flow_owner(instance_id, new)))


def _put_endpoints(connection: sa.Connection, instance_id: str, flows: Sequence[str]) -> None:
    gone = endpoints.c.flow.not_in(flows)
    connection.execute(sa.delete(endpoints).where(endpoints.c.instance_id == instance_id, gone))
    for flow in flows:
        values = {"id": opaque_id(), "instance_id": instance_id, "flow": flow, "created_at": utc_now()}
        connection.execute(insert(connection, endpoints).values(values).on_conflict_do_nothing())
