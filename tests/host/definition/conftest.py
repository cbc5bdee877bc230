"""What the tests of integration files share: writing integration files, and the host's own components."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from twilio_connector.connector.component import Component, load
from twilio_connector.host.definition import parse
from twilio_connector.host.definition.model import Integration

COMPONENTS = Path(__file__).parents[3] / "host" / "components"
TRIGGER = """\
      - name: Start
        isTrigger: true
        action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
"""


def document(steps: str = "", flow: str = "", top: str = "") -> str:
    """An integration with one flow; ``steps`` are indented by six blanks, ``flow`` by four."""
    return f"definitionVersion: 7\nname: Test\n{top}flows:\n  - name: Flow 1\n{flow}    steps:\n{TRIGGER}{steps}"


@pytest.fixture
def integration() -> Callable[..., Integration]:
    """Parse the document that is made of the given parts."""
    return lambda *args, folder=None, **parts: parse(document(*args, **parts).encode(), folder=folder)


@pytest.fixture(scope="session")
def own() -> Mapping[str, Component]:
    """The host's own components, found by folder as any other."""
    found = [load(file.parent) for file in sorted(COMPONENTS.glob("*/component.yaml"))]
    return {component.key: component for component in found}
