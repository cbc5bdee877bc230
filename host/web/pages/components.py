"""The catalogue: which components are installed, and which units they bring."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ....connector.component import Component, Unit
from ..site import missing, site_of

KINDS = {"actions": "action", "triggers": "trigger", "dataSources": "data source"}
ICONS = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A unit as lists show it."""

    component: Component
    kind: str
    unit: Unit

    @property
    def href(self) -> str:
        return f"/components/{self.component.key}/{self.kind}/{self.unit.key}"

    @property
    def what(self) -> str:
        return KINDS[self.kind]

    def has(self, words: Sequence[str]) -> bool:
        """Whether each word is in its names or its description."""
        unit, shown = self.unit, self.component.display["label"]
        text = f"{shown} {self.component.key} {unit.key} {unit.label} {unit.description} {self.what}".casefold()
        return all(word in text for word in words)


def listing(request: Request) -> Response:
    site, wanted = site_of(request), _wanted(request)
    registry = site.host.registry.values()
    components = sorted(registry, key=lambda c: (c.root.parent.name == "components", c.display["label"].casefold()))
    found = [entry for component in components for entry in _entries(component) if wanted and entry.has(wanted)]
    return site.pages.page(
        request,
        "components.html",
        section="components",
        components=components,
        query=request.query_params.get("q", ""),
        found=found if wanted else None,
    )


def detail(request: Request) -> Response:
    component, wanted = _component(request), _wanted(request)
    entries = [entry for entry in _entries(component) if entry.has(wanted)]
    return site_of(request).pages.page(
        request,
        "component.html",
        section="components",
        component=component,
        parts=[(what, [e for e in entries if e.kind == kind]) for kind, what in KINDS.items()],
        query=request.query_params.get("q", ""),
        connections=site_of(request).host.store.connections.all(component.key),
    )


def icon(request: Request) -> Response:
    """The picture that the component brings: a small file of its own folder."""
    root = _component(request).root.resolve()
    named = _component(request).display.get("iconPath", "")
    path = (root / named).resolve() if named else root
    if not (path.is_relative_to(root) and path.is_file() and path.suffix in ICONS):
        raise missing("icon")
    return FileResponse(path, media_type=ICONS[path.suffix], headers={"cache-control": "private, max-age=3600"})


def _wanted(request: Request) -> list[str]:
    return request.query_params.get("q", "").casefold().split()


def _entries(component: Component) -> Iterator[Entry]:
    groups: Mapping[str, Mapping[str, Unit]] = {
        "actions": component.actions,
        "triggers": component.triggers,
        "dataSources": component.data_sources,
    }
    for kind, units in groups.items():
        yield from (Entry(component=component, kind=kind, unit=item) for item in units.values())


def _component(request: Request) -> Component:
    found = site_of(request).host.registry.get(request.path_params["component"])
    if found is None:
        raise missing("component")
    return found


def entry_of(request: Request) -> Entry:
    kind, key = request.path_params["kind"], request.path_params["unit"]
    for entry in _entries(_component(request)):
        if (entry.kind, entry.unit.key) == (kind, key):
            return entry
    raise missing("unit")


def routes() -> list[Route]:
    return [
        Route("/components", listing),
        Route("/components/{component}", detail),
        Route("/components/{component}/icon", icon),
    ]
