"""The host's own components, found by folder as any other."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from twilio_connector.connector.component import Component, load

COMPONENTS = Path(__file__).parents[3] / "host" / "components"


@pytest.fixture(scope="session")
def own() -> Mapping[str, Component]:
    found = [load(file.parent) for file in sorted(COMPONENTS.glob("*/component.yaml"))]
    return {component.key: component for component in found}
