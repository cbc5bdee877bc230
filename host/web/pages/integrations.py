"""Integrations: their versions, which never change, and which instances are on which."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import is_told
from ...store.integrations import VersionRecord
from ..site import missing, site_of


def listing(request: Request) -> Response:
    store = site_of(request).host.store
    groups = [list(group) for _, group in groupby(store.integrations.all(), key=lambda item: item.integration_id)]
    return site_of(request).pages.page(
        request,
        "integrations.html",
        section="instances",
        integrations=[(group[0], len(group)) for group in groups],
        counts=Counter(instance.integration_id for instance in store.instances.all()),
    )


def detail(request: Request) -> Response:
    site, versions = site_of(request), _versions(request)
    instances = [item for item in site.host.store.instances.all() if item.integration_id == versions[0].integration_id]
    return site.pages.page(
        request,
        "integration.html",
        section="instances",
        newest=versions[0],
        versions=versions,
        instances=instances,
        description=_description(request, versions[0]),
    )


def _description(request: Request, version: VersionRecord) -> str:
    try:
        return site_of(request).host.versions.load(version.id).description
    except Exception as error:
        if not is_told(error):
            raise
        return f"It cannot be read any more: {error}"


def _versions(request: Request) -> Sequence[VersionRecord]:
    """Newest first."""
    wanted = request.path_params["id"]
    found = [item for item in site_of(request).host.store.integrations.all() if item.integration_id == wanted]
    if not found:
        raise missing("integration")
    return found


def routes() -> list[Route]:
    return [Route("/integrations", listing), Route("/integrations/{id}", detail)]
