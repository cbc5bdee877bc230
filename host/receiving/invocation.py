"""Executions that the host starts by itself: of a flow that another one invokes, or that a deployment fires."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from ...connector.payload import WebhookRequest, json_default
from ..definition.names import did_you_mean
from ..settings import Limits
from ..store import Store, portable
from ..store.executions import ExecutionRecord
from ..store.ids import rising_ids
from .acceptance import inbound
from .inbox import Inbox
from .routes import Route, Routes

MAX_DEPTH = 100  # a flow that invokes itself for ever must end


@dataclass(frozen=True, kw_only=True)
class Invocations:
    """``identity`` names what is started: the same again gives the execution that it gave before."""

    store: Store
    routes: Routes
    inbox: Inbox
    limits: Limits
    new_id: Callable[[], str] = field(default_factory=rising_ids)

    def invoke(self, parent: ExecutionRecord, flow: str, data: Any, identity: str) -> str:
        """Start a flow of the same instance. Raises InvalidInput for one that is not there or cannot be invoked."""
        route = self._route(parent.instance_id, flow)
        if route.flow.synchronous:
            raise InvalidInput(
                f"flowName: {flow!r} is synchronous and its answer is not waited for here; make it asynchronous",
                field="flowName",
            )
        if parent.depth >= MAX_DEPTH:
            raise InvalidInput(f"flowName: flows invoke each other {MAX_DEPTH} deep; let one end", field="flowName")
        body = json.dumps(data, default=json_default).encode()
        if len(body) > self.limits.body:
            raise InvalidInput(f"data: takes {len(body)} bytes and the limit is {self.limits.body}", field="data")
        request = WebhookRequest(
            url=self.routes.address(route.endpoint_id), headers=(("Content-Type", "application/json"),), body=body
        )
        return self._start(route, request, identity, parent)

    def fire(self, instance_id: str, event: str, identity: str) -> list[str]:
        """Start each flow of the instance whose trigger fires on the event; their executions."""
        flows = self._firing(instance_id, event)
        endpoints = [one for one in self.store.instances.endpoints(instance_id) if one.flow in flows]
        fired = [route for endpoint in endpoints if (route := self.routes.load(endpoint.id))]
        return [self._start(route, WebhookRequest(method="HOST", url=""), identity, None) for route in fired]

    def _firing(self, instance_id: str, event: str) -> set[str]:
        """By the manifests alone: where nothing fires, no connection is opened."""
        version_id = self.store.instances.require(instance_id).version_id
        flows = self.routes.versions.load(version_id).flows
        return {flow.name for flow in flows if self.routes.configuration.trigger(flow).fires_on == event}

    def _start(self, route: Route, request: WebhookRequest, identity: str, parent: ExecutionRecord | None) -> str:
        execution_id = self.new_id()
        context = route.context.of_execution(execution_id, portable.instant(utc_now()))
        result = route.trigger.emit(context, request, route.inputs)
        named = replace(result, dedupe=(f"invocation:{identity}", *result.dedupe))
        parent_id, depth = (parent.id, parent.depth + 1) if parent else (None, 0)
        item = inbound(route, execution_id, named, parent_id=parent_id, depth=depth)
        return self.inbox.accept_now(item).execution_id

    def _route(self, instance_id: str, flow: str) -> Route:
        endpoints = {endpoint.flow: endpoint.id for endpoint in self.store.instances.endpoints(instance_id)}
        route = self.routes.load(endpoints[flow]) if flow in endpoints else None
        if route is None:
            raise InvalidInput(
                f"flowName: the instance has no flow {flow!r}; {did_you_mean(flow, endpoints)}", field="flowName"
            )
        return route
