"""A flow of an instance as cards: its trigger, its steps with what they are given, its branches and loops."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import is_told
from ...definition.model import Flow
from ...store.instances import InstanceRecord
from ..cards import Drawing, retry_in_words
from ..site import Site, missing, names_of, site_of
from .schedules import card_of


def flow_page(request: Request) -> Response:
    site = site_of(request)
    store = site.host.store
    instance = store.instances.get(request.path_params["id"])
    if instance is None:
        raise missing("instance")
    flow = flow_of(site, instance.version_id, request.path_params["flow"])
    if flow is None:
        raise missing("flow")
    endpoint = next((item for item in store.instances.endpoints(instance.id) if item.flow == flow.name), None)
    schedule = store.schedules.get(endpoint.id) if endpoint else None
    return site.pages.page(
        request,
        "flow.html",
        section="instances",
        instance=instance,
        flow=flow,
        cards=Drawing(registry=site.host.registry, connections=connections_of(site, instance)).cards(flow),
        retry=retry_in_words(flow.retry),
        schedule=card_of(schedule) if schedule else None,
        executions=store.executions.recent(instance_id=instance.id, limit=5),
        names=names_of([instance]),
    )


def flow_of(site: Site, version_id: str, name: str) -> Flow | None:
    """The flow of that name in a version; None where it has none, or cannot be read any more."""
    try:
        return site.host.versions.load(version_id).flow(name)
    except KeyError:
        return None
    except Exception as error:
        if not is_told(error):
            raise
        return None


def connections_of(site: Site, instance: InstanceRecord | None) -> Mapping[str, tuple[str, str]]:
    """Name and id of the connection in use, by config variable."""
    if instance is None:
        return {}
    found = {name: site.host.store.connections.get(id_) for name, id_ in instance.connections.items()}
    return {name: (record.name, record.id) for name, record in found.items() if record}


def routes() -> list[Route]:
    return [Route("/instances/{id}/flows/{flow:path}", flow_page)]
