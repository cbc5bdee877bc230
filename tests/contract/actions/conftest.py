"""Every action and data source of the manifest, with inputs to run it by.

A test that takes ``key`` and ``given`` runs once for each case of each unit; one that takes ``key`` alone once for each unit.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from twilio_connector.connector.component import Action, Component, load
from twilio_connector.connector.context import ActionContext

FIELDS = {
    "accountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "apiKey": "SK" + "b" * 32,
    "apiSecret": "secret-of-the-key",
}
CONNECTION = {"key": "apiKeySecret", "fields": FIELDS}

# Every input has its example, but for what a case says. An action whose inputs exclude each other has several cases.
# None leaves an input out. ``minimal`` starts from the required inputs alone.
ALL: Mapping[str, Mapping[str, str | None]] = {"all": {}}
CASES: Mapping[str, Mapping[str, Mapping[str, str | None]]] = {
    "rawRequest": {"read": {"data": None}, "write": {"method": "POST"}},
}
ANYTHING = "additionalParameters"  # its example is no parameter of every operation: it has a test of its own
LOCAL = frozenset({"dryRun"})  # inputs that keep a request from being made


class Units:
    """The units that ask Twilio, and how to run them."""

    def __init__(self, component: Component) -> None:
        manifest = component.manifest()
        self.component = component
        self.manifest = manifest
        self.all = {**component.actions, **component.data_sources}
        self.forms = {
            key: said["inputs"] for group in ("actions", "dataSources") for key, said in manifest[group].items()
        }

    def cases(self, key: str) -> dict[str, dict[str, Any]]:
        """The inputs of each case, without the connection."""
        said = CASES.get(key, ALL) | {"minimal": CASES.get(key, {}).get("minimal", {})}
        return {name: self._values(key, changed, minimal="minimal" in name) for name, changed in said.items()}

    def is_pure(self, key: str) -> bool:
        """True for a unit that asks nobody."""
        unit = self.all[key]
        return isinstance(unit, Action) and unit.pure

    def connected(self, key: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs and the connection."""
        return dict.fromkeys(self.all[key].connection_inputs, CONNECTION) | dict(given)

    def perform(self, key: str, given: Mapping[str, Any], context: ActionContext) -> Any:
        """Run it to the end, as a host does; its data."""
        found = self.all[key].perform(context, self.connected(key, given))
        return getattr(found, "data", found)

    def _values(self, key: str, changed: Mapping[str, str | None], *, minimal: bool) -> dict[str, Any]:
        inputs = [each for each in self.forms[key] if not minimal or (each["required"] and not each.get("default"))]
        found = {each["key"]: _example(each) for each in inputs if each["key"] not in LOCAL | {ANYTHING}}
        return {name: value for name, value in (found | dict(changed)).items() if value is not None}


def _example(said: Mapping[str, Any]) -> Any:
    """The example of an input; for a tick box what is not its default."""
    if said["type"] == "boolean":
        return str(said.get("default") != "true").lower()
    return said.get("example")


UNITS = Units(load("twilio_connector"))


@pytest.fixture
def units() -> Units:
    return UNITS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = set(metafunc.fixturenames)
    if {"key", "given"} <= names:
        metafunc.parametrize(("key", "given"), list(_all_cases()))
    elif {"key", "said"} <= names:
        metafunc.parametrize(("key", "said"), list(_all_inputs()))
    elif "key" in names:
        metafunc.parametrize("key", list(UNITS.all))


def _all_cases() -> Iterator[Any]:
    for key in UNITS.all:
        for name, given in UNITS.cases(key).items():
            yield pytest.param(key, given, id=f"{key}-{name}")


def _all_inputs() -> Iterator[Any]:
    for key, form in UNITS.forms.items():
        for said in form:
            if said["type"] != "connection":
                yield pytest.param(key, said, id=f"{key}-{said['key']}")
