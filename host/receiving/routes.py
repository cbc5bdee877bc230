"""Endpoints, looked up once and kept for a moment: what a webhook needs is there before its request has ended."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import BaseModel

from ...connector.component import Trigger
from ...connector.context import ActionContext, Customer, Flow, Instance, Integration
from ...connector.http import Transport
from ..definition import model
from ..integrations.configuration import Configuration
from ..integrations.versions import Versions
from ..store import Store
from ..store.ids import digest
from ..store.instances import InstanceRecord

KEPT = 2.0  # seconds that a change made by another process may go unseen


@dataclass(frozen=True, kw_only=True)
class Route:
    """A flow that a request can reach. ``inputs`` are its trigger's, prepared, and hold secrets."""

    endpoint_id: str
    instance: InstanceRecord
    flow: model.Flow
    trigger: Trigger
    inputs: BaseModel = field(repr=False)
    context: ActionContext = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)

    def admits(self, key: str | None) -> bool:
        """Whether the flow's security lets in a request with this API key, or with none."""
        if self.flow.security == "unsecured" or (self.flow.security == "customer_optional" and not self.keys):
            return True
        given = digest(key or "")
        return any(secrets.compare_digest(given, own) for own in self.keys)


@dataclass(frozen=True, kw_only=True)
class Routes:
    store: Store
    versions: Versions
    configuration: Configuration
    transport: Transport
    address: Callable[[str], str]
    clock: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, Route]] = field(default_factory=dict, repr=False)
    _contexts: dict[tuple[str, str, str], tuple[float, ActionContext]] = field(default_factory=dict, repr=False)

    async def find(self, endpoint_id: str) -> Route | None:
        """None for an address that nobody was given. Raises what keeps an instance from running."""
        kept = self._kept.get(endpoint_id)
        if kept and self.clock() < kept[0]:
            return kept[1]
        if kept:  # one asks anew, and those that come meanwhile do not wait for it
            self._kept[endpoint_id] = (self.clock() + KEPT, kept[1])
        try:
            route = await asyncio.to_thread(self.load, endpoint_id)
        finally:
            self._kept.pop(endpoint_id, None)
        if route:  # addresses that do not exist are not kept: there is no end of them
            self._kept[endpoint_id] = (self.clock() + KEPT, route)
        return route

    def forget(self) -> None:
        """Something was configured anew."""
        self._kept.clear()
        self._contexts.clear()

    def load(self, endpoint_id: str) -> Route | None:
        endpoint = self.store.instances.endpoint(endpoint_id)
        instance = endpoint and self.store.instances.get(endpoint.instance_id)
        if not endpoint or not instance:
            return None
        integration = self.versions.load(instance.version_id)
        flow = integration.flow(endpoint.flow)
        return Route(
            endpoint_id=endpoint_id,
            instance=instance,
            flow=flow,
            trigger=self.configuration.trigger(flow),
            inputs=self.configuration.trigger_inputs(integration, flow, instance.config, instance.connections),
            context=self._context(instance, integration, flow),
            keys=self.store.instances.key_digests(endpoint_id),
        )

    def context(self, instance_id: str, version_id: str, flow: str) -> ActionContext:
        """What a unit is told about where it runs, without what is one execution's own. Raises InvalidInput."""
        key = (instance_id, version_id, flow)
        kept = self._contexts.get(key)
        if kept and self.clock() < kept[0]:
            return kept[1]
        integration = self.versions.load(version_id)
        found = self._context(self.store.instances.require(instance_id), integration, integration.flow(flow))
        self._contexts[key] = (self.clock() + KEPT, found)
        return found

    def _context(self, instance: InstanceRecord, integration: model.Integration, flow: model.Flow) -> ActionContext:
        urls = {e.flow: self.address(e.id) for e in self.store.instances.endpoints(instance.id)}
        return ActionContext(
            transport=self.transport,
            customer=self.store.customers.get(instance.customer_id) or Customer(),
            instance=Instance(id=instance.id, name=instance.name),
            integration=Integration(
                id=instance.integration_id,
                name=integration.name,
                version_sequence_id=str(instance.version),
                external_version=integration.version,
                folder=integration.folder,
            ),
            flow=Flow(id=flow.stable_key or flow.name, name=flow.name, stable_id=flow.stable_key),
            config_vars=instance.config,
            webhook_urls=urls,
            invoke_url=urls.get(flow.name, ""),
        )
