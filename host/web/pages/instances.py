"""Instances: list; one with its flows, their addresses, its configuration and what ran last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import is_told
from ...definition.model import Flow, Step
from ...registry import Registry
from ...store.instances import EndpointKey, InstanceRecord
from ..cards import unit_label
from ..forms import Form
from ..hints import about_refusals
from ..site import missing, names_of, notice, see_other, site_of, with_form
from .schedules import ScheduleCard, card_of

NOTICES = {
    "deployed": "Deployed. Give the webhook addresses below to whoever calls them.",
    "removed": "The key was removed; requests with it are refused.",
    "paused": "Paused: its webhooks are answered with 404.",
    "resumed": "It runs again.",
    "configured": "Saved, and deployed with it.",
    "upgraded": "Upgraded. What runs already ends on the version that it began with.",
    "registered": "Done: the webhook is as it is meant to be.",
    "scheduled": "The schedule was changed; its next time is below.",
    "started": "It starts now; what it gives is below in a moment.",
    "busy": "Not started: it is paused, or runs just now.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCard:
    """A step as the flow's card shows it; ``branch`` is set on the first step of a branch."""

    name: str
    unit: str
    depth: int
    branch: str = ""
    is_trigger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCard:
    name: str
    description: str = ""
    synchronous: bool = False
    runs_as: str = ""
    endpoint_id: str = ""
    url: str = ""
    security: str = ""
    keys: Sequence[EndpointKey] = ()
    steps: Sequence[StepCard] = ()
    schedule: ScheduleCard | None = None
    takes_requests: bool = True


def listing(request: Request) -> Response:
    site = site_of(request)
    return site.pages.page(
        request,
        "instances.html",
        section="instances",
        notice=notice(request, {"removed": "The instance was removed."}),
        instances=site.host.store.instances.all(),
        leaving=site.host.store.registrations.leaving(),
    )


def detail(request: Request) -> Response:
    return draw(request)


def draw(request: Request, new_key: tuple[str, str] = ("", ""), *, problem: str = "") -> Response:
    """The instance; ``new_key`` is an endpoint's id and the key that was made for it just now, shown this once.

    ``problem`` is what kept something from being done.
    """
    site, instance = site_of(request), instance_of(request)
    store = site.host.store
    flows, unreadable = _flows(request, instance)
    endpoints = _endpoints(request).values()
    registrations = store.registrations.of(instance.id)
    shown = {flow.endpoint_id for flow in flows}
    refusals = [refusal for refusal in store.refusals.recent() if refusal.endpoint_id in endpoints][:5]
    return site.pages.page(
        request,
        "instance.html",
        status=400 if problem else 200,
        section="instances",
        notice=notice(request, NOTICES),
        instance=instance,
        flows=flows,
        new_key=new_key,
        problem=problem or unreadable,
        newest=store.integrations.newest(instance.integration_id),
        registrations={record.endpoint_id: record for record in registrations},
        leftover=[record for record in registrations if record.endpoint_id not in shown],
        leaving=instance.removing or any(record.leaving for record in registrations),
        config=list(_config(request, instance)),
        executions=store.executions.recent(instance_id=instance.id, limit=8),
        names=names_of([instance]),
        refusals=refusals,
        hint=about_refusals(refusals, site.host.settings.public_url),
    )


def pause(request: Request, _form: Form) -> Response:
    return _enable(request, enabled=False)


def resume(request: Request, _form: Form) -> Response:
    return _enable(request, enabled=True)


def add_key(request: Request, form: Form) -> Response:
    endpoint_id = form.get("endpoint")
    if endpoint_id not in _endpoints(request).values():
        raise missing("flow")
    return draw(request, (endpoint_id, site_of(request).host.endpoints.add_key(endpoint_id)))


def remove_key(request: Request, form: Form) -> Response:
    host, key_id = site_of(request).host, form.get("key")
    if not any(
        key.id == key_id for endpoint in _endpoints(request).values() for key in host.store.instances.keys(endpoint)
    ):
        raise missing("key")
    host.endpoints.remove_key(key_id)
    return see_other(f"/instances/{instance_of(request).id}", done="removed")


def _endpoints(request: Request) -> dict[str, str]:
    """Ids by flow."""
    found = site_of(request).host.store.instances.endpoints(instance_of(request).id)
    return {endpoint.flow: endpoint.id for endpoint in found}


def _enable(request: Request, *, enabled: bool) -> Response:
    instance = instance_of(request)
    site_of(request).host.instances.enable(instance.id, enabled=enabled)
    return see_other(f"/instances/{instance.id}", done="resumed" if enabled else "paused")


def instance_of(request: Request) -> InstanceRecord:
    instance = site_of(request).host.store.instances.get(request.path_params["id"])
    if instance is None:
        raise missing("instance")
    return instance


def _flows(request: Request, instance: InstanceRecord) -> tuple[list[FlowCard], str]:
    """The cards, and what is wrong with the integration where it cannot be read any more."""
    site = site_of(request)
    endpoints = _endpoints(request)
    try:
        flows: Mapping[str, Flow] = {flow.name: flow for flow in site.host.versions.load(instance.version_id).flows}
        problem = ""
    except Exception as error:
        if not is_told(error):
            raise
        flows, problem = {}, str(error)
    names = [*flows, *(name for name in endpoints if name not in flows)]
    return [_card(request, name, flows.get(name), endpoints.get(name)) for name in names], problem


def _card(request: Request, name: str, flow: Flow | None, endpoint_id: str | None) -> FlowCard:
    host = site_of(request).host
    schedule = host.store.schedules.get(endpoint_id) if endpoint_id else None
    return FlowCard(
        name=name,
        description=flow.description if flow else "",
        synchronous=bool(flow and flow.synchronous),
        runs_as=flow.run_as.value if flow else "",
        endpoint_id=endpoint_id or "",
        security=flow.security if flow else "",
        url=host.address(endpoint_id) if endpoint_id else "",
        keys=host.store.instances.keys(endpoint_id) if endpoint_id else (),
        steps=list(step_cards(flow.steps, host.registry)) if flow else (),
        schedule=card_of(schedule) if schedule else None,
        takes_requests=flow is None or _takes_requests(flow, host.registry),
    )


def _takes_requests(flow: Flow, registry: Registry) -> bool:
    ref = flow.trigger.action
    component = registry.get(ref.component.key)
    trigger = component.triggers.get(ref.key) if component else None
    return trigger is None or trigger.takes_requests


def step_cards(steps: Sequence[Step], registry: Registry, depth: int = 0, branch: str = "") -> Iterator[StepCard]:
    """All steps in order, those of loops and branches after theirs and one level deeper."""
    for index, step in enumerate(steps):
        yield StepCard(
            name=step.name,
            unit=unit_label(registry, step.action.component.key, step.action.key),
            depth=depth,
            branch="" if index else branch,
            is_trigger=step.is_trigger,
        )
        yield from step_cards(step.body or (), registry, depth + 1)
        for way in step.branches or ():
            yield from step_cards(way.steps, registry, depth + 1, way.name)


def _config(request: Request, instance: InstanceRecord) -> Iterator[dict[str, Any]]:
    connections = site_of(request).host.store.connections
    for name, connection_id in instance.connections.items():
        record = connections.get(connection_id)
        href = f"/connections/{connection_id}" if record else ""
        yield {"name": name, "value": record.name if record else "removed", "href": href}
    for name, value in instance.config.items():
        yield {"name": name, "value": value, "href": ""}


def routes() -> list[Route]:
    return [
        Route("/instances", listing),
        Route("/instances/{id}", detail),
        Route("/instances/{id}/keys", with_form(add_key), methods=["POST"]),
        Route("/instances/{id}/keys/remove", with_form(remove_key), methods=["POST"]),
        Route("/instances/{id}/pause", with_form(pause), methods=["POST"]),
        Route("/instances/{id}/resume", with_form(resume), methods=["POST"]),
    ]
