"""What is installed: components with their connections, actions, triggers and data sources; and this document."""

from typing import Any

from pydantic import RootModel

from ....connector.component import Component
from .route import Call, Route, found
from .shapes import Page, Shape


class ComponentBrief(Shape):
    """A component, with the keys of its units."""

    key: str
    label: str
    description: str
    documentation_url: str
    connections: list[str]
    actions: list[str]
    triggers: list[str]
    data_sources: list[str]


class Manifest(RootModel[dict[str, Any]]):
    """The resolved manifest, in the platform's stored-definition shape."""


class Document(RootModel[dict[str, Any]]):
    """OpenAPI 3.1."""


def listing(call: Call) -> dict[str, Any]:
    return {"items": [_brief(component) for component in call.host.registry.values()]}


def detail(call: Call) -> dict[str, Any]:
    return component_of(call).manifest()


def document(call: Call) -> dict[str, Any]:
    return call.document()


def component_of(call: Call) -> Component:
    """That of the address. Raises Refusal."""
    return found(call.host.registry.get(call.path["component"]), "component")


def _brief(component: Component) -> ComponentBrief:
    return ComponentBrief(
        key=component.key,
        label=component.display["label"],
        description=component.display.get("description", ""),
        documentation_url=component.documentation_url,
        connections=list(component.connections),
        actions=list(component.actions),
        triggers=list(component.triggers),
        data_sources=list(component.data_sources),
    )


TAG = "components"
ROUTES = (
    Route(method="GET", path="/openapi.json", handle=document, gives=Document, summary="This document", tag=TAG),
    Route(
        method="GET",
        path="/components",
        handle=listing,
        gives=Page[ComponentBrief],
        summary="List what is installed",
        tag=TAG,
    ),
    Route(
        method="GET",
        path="/components/{component}",
        handle=detail,
        gives=Manifest,
        summary="A component's manifest",
        tag=TAG,
    ),
)
