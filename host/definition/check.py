"""Whether this host can run an integration: its components, their inputs, and what the host does not do.

Nothing that a file asks for is passed over: what cannot be honoured is a problem, with its line and what to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...connector.component import Component, Unit
from ...connector.errors import InvalidComponent
from ...connector.manifest import inputs_of
from . import model, rules, structure
from .cursor import Notes
from .names import did_you_mean
from .parse import draft, read_bytes
from .problems import IntegrationInvalid, Problem, Where
from .unsupported import note_unsupported

Definition = Mapping[str, Any]
_NO_NUMBERS = frozenset(
    {
        *("int_parsing", "int_from_float", "float_parsing", "finite_number", "multiple_of"),
        *("greater_than", "greater_than_equal", "less_than", "less_than_equal"),
    }
)


def check(integration: model.Integration, registry: Mapping[str, Component]) -> tuple[Problem, ...]:
    """All that keeps the integration from running here; nothing if it can run."""
    try:
        require(integration, registry)
    except IntegrationInvalid as error:
        return error.problems
    return ()


def require(integration: model.Integration, registry: Mapping[str, Component]) -> None:
    """Raises IntegrationInvalid if the integration cannot run here."""
    notes = Notes(integration.file)
    _note(integration, registry, notes)
    if notes.problems:
        raise IntegrationInvalid(notes.problems)


def load(path: Path, registry: Mapping[str, Component]) -> model.Integration:
    """The integration in a file, ready to be deployed. Raises IntegrationInvalid with all that is wrong, whatever its kind."""
    return examine(read_bytes(path), registry, file=str(path), folder=path.resolve().parent)


def examine(
    data: bytes,
    registry: Mapping[str, Component],
    file: str = "integration.yaml",
    folder: Path | None = None,
) -> model.Integration:
    """The same for the bytes of a file."""
    integration, notes = draft(data, file, folder)
    _note(integration, registry, notes)
    if notes.problems:
        raise IntegrationInvalid(dict.fromkeys(notes.problems))
    return integration


def _note(integration: model.Integration, registry: Mapping[str, Component], notes: Notes) -> None:
    note_unsupported(integration, notes)
    checking = _Check(integration, registry, notes)
    for var in integration.config_vars:
        checking.config_var(var)
    for flow in integration.flows:
        checking.flow(flow)


class _Check:
    def __init__(self, integration: model.Integration, registry: Mapping[str, Component], notes: Notes) -> None:
        self._integration = integration
        self._registry = registry
        self._notes = notes

    def config_var(self, var: model.ConfigVar) -> None:
        connection = self._unit(var.connection, "connections", "connection")
        if connection:
            self._presets(var, inputs_of(connection.model))
        source = self._unit(var.data_source, "data_sources", "data source")
        if source:
            self._inputs(var.inputs, source, var.at)

    def _presets(self, var: model.ConfigVar, declared: Sequence[Definition]) -> None:
        self._keys(var.inputs, declared, var.at)
        for definition in declared:
            value = var.inputs.get(definition["key"])
            if value is None or _is_blank(value):
                continue
            if definition["type"] == "password":
                self._notes.add(
                    value.at, "is a secret, which no file should hold; empty it and enter it in the connection"
                )
            else:
                self._input(value, definition, "")

    def flow(self, flow: model.Flow) -> None:
        for step in flow.walk():
            self._step(flow, step)
        structure.note_run_as(flow, self._integration.folder, self._notes)
        structure.note_breaks(flow.steps, self._notes, in_loop=False)

    def _step(self, flow: model.Flow, step: model.Step) -> None:
        kind = "trigger" if step.is_trigger else "action"
        unit = self._unit(step.action, f"{kind}s", kind)
        if unit is None:
            return
        self._inputs(step.inputs, unit, step.at)
        if step.is_trigger:
            structure.note_trigger(flow, step, unit.flags, self._notes)
        else:
            structure.note_step(step, unit.flags, self._notes)
            structure.note_invoked(step, self._integration, self._notes)

    def _component(self, ref: model.UnitRef) -> Component | None:
        key = ref.component.key
        if key and key not in self._registry:  # without one that was said already
            hint = f"install it, or use another: {did_you_mean(key, self._registry)}"
            self._notes.add(ref.component.at.key("key"), f"the component {key!r} is not installed; {hint}")
        return self._registry.get(key)

    def _unit(self, ref: model.UnitRef | None, where: str, kind: str) -> Unit | None:
        """The unit, if there is one and its code can be imported."""
        component = self._component(ref) if ref else None
        if ref is None or component is None:
            return None
        units: Mapping[str, Unit] = getattr(component, where)
        if not ref.key:
            return None  # said already
        if ref.key not in units:
            hint = did_you_mean(ref.key, units)
            self._notes.add(ref.at.key("key"), f"{ref.component.key} has no {kind} {ref.key!r}; {hint}")
            return None
        try:
            return units[ref.key] if units[ref.key].model else None
        except InvalidComponent as error:
            self._notes.add(ref.at.key("key"), str(error))
            return None

    def _keys(self, inputs: model.Inputs, declared: Sequence[Definition], at: Where) -> None:
        known = [definition["key"] for definition in declared]
        for key in sorted(inputs.keys() - set(known)):
            where = at.key("inputs").key(key, inputs[key].at.line)
            self._notes.add(where, f"is not an input here; {did_you_mean(key, known)}")

    def _inputs(self, inputs: model.Inputs, unit: Unit, at: Where) -> None:
        declared = inputs_of(unit.model)
        self._keys(inputs, declared, at)
        for definition in declared:
            value = inputs.get(definition["key"])
            if value is None or _is_blank(value):
                if definition.get("required") and not definition.get("default"):
                    where = value.at if value else at.key("inputs").key(definition["key"])
                    self._notes.add(where, f"is required; {definition.get('comments') or 'give it a value'}")
            else:
                self._input(value, definition, unit.component.key)
        for key, problem in _numbers(inputs, unit):
            self._notes.add(inputs[key].at, problem)

    def _input(self, value: model.Input, definition: Definition, component: str) -> None:
        if definition["type"] == "connection":
            self._connection(value, component)
            return
        if (definition["type"], definition.get("language")) == ("code", "python"):
            structure.note_code(value, self._integration.folder, self._notes)
            return
        for ref in rules.refs(value):
            var = self._integration.config_var(ref.name)
            if var and var.data_type == "connection":
                self._notes.add(ref.at, f"{ref.name!r} is a connection, which only a connection input may be given")
        for problem in _mismatches(value, definition):
            self._notes.add(value.at, problem)

    def _connection(self, value: model.Input, component: str) -> None:
        if not isinstance(value, model.ConfigVarRef):
            self._notes.add(value.at, "must be of type configVar and name a config variable with a connection")
            return
        var = self._integration.config_var(value.name)
        if var is None or var.scoped:
            return  # said already
        if var.connection is None:
            self._notes.add(value.at, f"{value.name!r} is of type {var.data_type}; name one of type connection")
        elif var.connection.component.key != component:
            other = var.connection.component.key
            self._notes.add(value.at, f"{value.name!r} is a connection of {other}; this needs one of {component}")


def _numbers(inputs: model.Inputs, unit: Unit) -> Iterator[tuple[str, str]]:
    """The numbers written out that are none, or out of bounds. What else a model says may depend on inputs not yet known."""
    texts = {key: value.text for key, value in inputs.items() if isinstance(value, model.Text)}
    try:
        unit.model.model_validate(texts)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            if item["type"] in _NO_NUMBERS and item["loc"][0] in texts:
                yield str(item["loc"][0]), f"does not fit: {item['msg'][:1].lower()}{item['msg'][1:]}"


def _mismatches(value: model.Input, definition: Definition) -> Iterator[str]:
    """What of a value can be seen to be wrong before it runs."""
    collection = definition.get("collection")
    is_conditional = definition["type"] == "conditional"
    match value:
        case model.Conditional() if not is_conditional:
            yield "takes no conditions"
        case model.KeyValueList() if collection != "keyvaluelist" or is_conditional:
            yield "takes no names; give it " + ("a list of values" if collection else "one value")
        case model.ValueList(items=items) if items and collection != "valuelist":
            yield "must have a name at each entry" if collection else "takes one value, not a list"
        case model.Text(text=text):
            yield from _text(text, definition)


def _text(text: str, definition: Definition) -> Iterator[str]:
    if definition["type"] == "boolean" and text not in {"true", "false"}:
        yield f"must be true or false, not {text!r}"
    choices = [choice["value"] for choice in definition.get("model") or ()]
    if choices and text not in choices:
        yield f"must be one of {', '.join(choices)}, not {text!r}"


def _is_blank(value: model.Input) -> bool:
    match value:
        case model.Text(text=text) | model.Template(text=text):
            return not text
        case model.ConfigVarRef(name=name):
            return not name
        case model.ValueList(items=items):
            return not items
    return False
