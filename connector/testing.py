"""Test a component as a host runs it: with cleaning, defaults and signatures, without a host.

    harness = Harness("twilio_connector", connection={"key": "basic", "fields": {…}})
    harness.perform("sendSMS", {"to": "+1555…", "from": "+1555…", "message": "Hi"})["data"]["sid"]
    harness.receive("webhook", params={"From": "+1555…"})["body"]["data"]["From"]

A component adopts the contract that hosts rely on with one line in its tests::

    test_contract = contract("twilio_connector")
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import manifest
from .component import Action, Component, ConnectionType, DataSource, Trigger, Unit, load
from .context import ActionContext
from .errors import ConnectorError, InvalidInput, WebhookRejected
from .http import HttpRequest, Transport
from .inputs import Connection
from .payload import WebhookRequest, json_default
from .webhooks import Change, Ledger, LedgerInMemory

HOOK_URL = "https://hooks.example.com/trigger/test"
FORM = "application/x-www-form-urlencoded"


class Harness:
    """Runs the units of a component. ``connection`` fills every connection input that a call leaves out.

    What it returns is what a host would store: JSON values. Errors are the units' own.
    """

    def __init__(
        self,
        component: Component | str | Path,
        *,
        connection: Mapping[str, Any] | None = None,
        context: ActionContext | None = None,
    ) -> None:
        self.component = component if isinstance(component, Component) else load(component)
        self.connection = connection
        self.context = context or ActionContext()

    def perform(self, action: str, inputs: Mapping[str, Any] | None = None) -> Any:
        """Run an action; ``{"data": …}`` as the platform has it."""
        unit = self.component.actions[action]
        return {"data": _as_json(unit.perform(self.context, self._complete(unit, inputs)).data)}

    def choices(self, data_source: str, inputs: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
        """Run a data source."""
        unit = self.component.data_sources[data_source]
        return unit.perform(self.context, self._complete(unit, inputs))

    def receive(
        self,
        trigger: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, Any] | Sequence[tuple[str, str]] | None = None,
        data: Any = None,
        request: WebhookRequest | None = None,
        signed: bool = True,
    ) -> Any:
        """Give a trigger a request, signed as the service signs; the payload as the platform has it.

        The request is a form of ``params``, JSON of ``data``, or ``request`` as it stands.
        """
        unit = self.component.triggers[trigger]
        values = self._complete(unit, inputs)
        request = request or _request(params, data)
        if signed and self.connection is not None:
            request = unit.sign(request, self.component.connect(self.connection))
        return _as_json(unit.receive(self.context, request, values).payload.to_json())

    def create_webhook(
        self, trigger: str, inputs: Mapping[str, Any] | None = None, *, ledger: Ledger | None = None
    ) -> tuple[Change, ...]:
        """Let a trigger register its webhook, ``context.invoke_url``, as on deployment."""
        return self._register(trigger, inputs, ledger, "create_webhook")

    def delete_webhook(
        self, trigger: str, inputs: Mapping[str, Any] | None = None, *, ledger: Ledger
    ) -> tuple[Change, ...]:
        """Let a trigger put back what the ledger holds, as on removal."""
        return self._register(trigger, inputs, ledger, "delete_webhook")

    def _register(
        self, trigger: str, inputs: Mapping[str, Any] | None, ledger: Ledger | None, method: str
    ) -> tuple[Change, ...]:
        unit = self.component.triggers[trigger]
        prepared = unit.prepare(self._complete(unit, inputs))
        changes: tuple[Change, ...] = getattr(unit, method)(self.context, prepared, ledger or LedgerInMemory())
        return changes

    def test_connection(self) -> str:
        """Try the connection; the verdict."""
        return self.component.connect(self.connection).test(self.context)

    def _complete(self, unit: Unit, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
        return dict.fromkeys(unit.connection_inputs, self.connection) | dict(inputs or {})


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=json_default))


def _request(params: Mapping[str, Any] | Sequence[tuple[str, str]] | None, data: Any) -> WebhookRequest:
    if data is not None:
        body, content_type = json.dumps(data).encode(), "application/json"
    else:
        body, content_type = urlencode(params or (), doseq=True).encode(), FORM
    return WebhookRequest(url=HOOK_URL, headers=(("Content-Type", content_type),), body=body)


def contract(source: Component | str | Path) -> Callable[..., None]:
    """One parametrised test: all that a host relies on, for every unit of a component."""
    import pytest

    component = source if isinstance(source, Component) else load(source)
    cases = [pytest.param(check, id=name) for name, check in _checks(component)]

    @pytest.mark.parametrize("check", cases)
    def test_contract(check: Callable[[], None]) -> None:
        check()

    return test_contract


def _checks(component: Component) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "component.yaml holds the schema", partial(_holds_the_schema, component)
    yield "the resolved manifest is JSON", partial(_manifest_is_json, component)
    for unit in _units(component):
        for check in _checks_of(unit):
            yield f"{unit.key}: {check.__name__.strip('_').replace('_', ' ')}", partial(check, unit)


def _units(component: Component) -> Iterable[Unit]:
    groups = (component.connections, component.actions, component.triggers, component.data_sources)
    return (unit for group in groups for unit in group.values())


def _checks_of(unit: Unit) -> Iterator[Callable[[Any], None]]:
    yield _is_documented
    yield _inputs_are_labelled
    yield _accepts_its_own_examples
    yield _refuses_what_it_does_not_know
    yield _names_each_input_that_is_missing
    if isinstance(unit, ConnectionType):
        yield _keeps_its_secrets
    if isinstance(unit, Action | DataSource):
        yield _gives_an_example
    if isinstance(unit, Trigger) and "sign" in unit.flags:
        yield _refuses_an_unsigned_request
    if isinstance(unit, Trigger) and unit.registers:
        yield _registers_nothing_unasked


def _holds_the_schema(component: Component) -> None:
    manifest.check(manifest.read(component.root / manifest.FILE_NAME))


def _manifest_is_json(component: Component) -> None:
    json.dumps(component.manifest(), allow_nan=False)


def _is_documented(unit: Unit) -> None:
    assert (unit.target.__doc__ or "").strip(), f"{unit.entry} has no docstring"


def _inputs_are_labelled(unit: Unit) -> None:
    for name, field in unit.model.model_fields.items():
        assert field.title, f"{unit.key}.{name} has no title: a form would show its key"
        assert field.description, f"{unit.key}.{name} has no description: a form would explain nothing"


def _accepts_its_own_examples(unit: Unit) -> None:
    _prepare(unit, _example_values(unit))


def _refuses_what_it_does_not_know(unit: Unit) -> None:
    error = _error_of(unit, _example_values(unit) | {"noSuchInput": "x"})
    assert "noSuchInput" in str(error), f"{unit.key}: the error does not name the unknown input: {error}"


def _names_each_input_that_is_missing(unit: Unit) -> None:
    values = _example_values(unit)
    for item in manifest.inputs_of(unit.model):
        if item["required"] and not item.get("default"):
            error = _error_of(unit, {**values, item["key"]: ""})
            assert error.field == item["key"], f"{unit.key}: a missing {item['key']} is reported on {error.field}"


def _keeps_its_secrets(unit: ConnectionType) -> None:
    values = _example_values(unit)
    shown = repr(unit.build(values)) + str(unit.build(values)) + str(_error_of(unit, values | {"noSuchInput": "x"}))
    for item in unit.inputs:
        assert item["type"] != "password" or values[item["key"]] not in shown, f"{unit.key} shows {item['key']}"


def _gives_an_example(unit: Unit) -> None:
    assert unit.example is not None, f"{unit.key}: the return type carries no Example"


def _refuses_an_unsigned_request(unit: Trigger) -> None:
    values = _example_values(unit)
    for given in (values, dict.fromkeys(values, "")):
        try:
            unit.receive(ActionContext(), _request({"From": "+15551234567"}, None), given)
        except (WebhookRejected, InvalidInput):  # what cannot even be deployed accepts nothing
            continue
        message = f"{unit.key} accepted a request without a signature"
        raise AssertionError(message)


def _registers_nothing_unasked(unit: Trigger) -> None:
    """With the form's defaults nothing is sent: no network is there to send it over."""
    values = {item["key"]: _example_value(unit, item) for item in manifest.inputs_of(unit.model) if item["required"]}
    ledger = LedgerInMemory()
    context = ActionContext(transport=_NoTransport(), invoke_url=HOOK_URL)
    changes = unit.create_webhook(context, unit.prepare(values), ledger)
    assert not changes, f"{unit.key} registers a webhook that nobody asked for: {changes}"
    assert not ledger.read(), f"{unit.key} writes down a registration that nobody asked for"
    assert not unit.delete_webhook(context, unit.prepare(values), ledger), f"{unit.key} undoes what it never did"


class _NoTransport(Transport):
    def send(self, request: HttpRequest) -> Any:
        message = f"{request.method} {request.url} was sent"
        raise AssertionError(message)


def _error_of(unit: Unit, values: Mapping[str, Any]) -> ConnectorError:
    try:
        _prepare(unit, values)
    except ConnectorError as error:
        return error
    message = f"{unit.key} accepted {sorted(values)}"
    raise AssertionError(message)


def _prepare(unit: Unit, values: Mapping[str, Any]) -> Any:
    return unit.build(values) if isinstance(unit, ConnectionType) else unit.prepare(values)


def _example_values(unit: Unit) -> dict[str, Any]:
    """What the form itself gives as examples; for a secret, which shows none, some letters."""
    return {item["key"]: _example_value(unit, item) for item in manifest.inputs_of(unit.model) if _has_example(item)}


def _has_example(item: Mapping[str, Any]) -> bool:
    return item["required"] or "example" in item or item["type"] == "password"


def _example_value(unit: Unit, item: Mapping[str, Any]) -> Any:
    match item:
        case {"type": "connection"}:
            return _example_connection(unit.component)
        case {"example": example}:
            return example
        case {"type": "password", "key": key}:
            return f"example-{key}"
    message = f"{unit.key}.{item['key']} is required and has no example"
    raise AssertionError(message)


def _example_connection(component: Component) -> Connection:
    kind = next(iter(component.connections.values()))
    return kind.build(_example_values(kind))
