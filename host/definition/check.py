"""Whether this host can run an integration: its components, their inputs, and what the host does not do.

Nothing that a file asks for is passed over: what cannot be honoured is a problem, with its line and what to do.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from ...connector.component import Component
from ...connector.errors import InvalidInput
from .. import code
from . import model, rules
from .cursor import Notes
from .names import did_you_mean
from .problems import IntegrationInvalid, Problem, Where
from .unsupported import note_unsupported

Definition = Mapping[str, Any]
_LOOPS = frozenset({"loopOverItems", "loopNTimes"})


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
    note_unsupported(integration, notes)
    checking = _Check(integration, registry, notes)
    for var in integration.config_vars:
        checking.config_var(var)
    for flow in integration.flows:
        checking.flow(flow)
    if notes.problems:
        raise IntegrationInvalid(notes.problems)


class _Check:
    def __init__(self, integration: model.Integration, registry: Mapping[str, Component], notes: Notes) -> None:
        self._integration = integration
        self._registry = registry
        self._notes = notes
        self._manifest: Callable[[str], Definition] = cache(lambda key: registry[key].manifest())

    def config_var(self, var: model.ConfigVar) -> None:
        if var.connection and (manifest := self._component(var.connection)):
            connections = {connection["key"]: connection for connection in manifest["connections"]}
            if self._is_known(var.connection, connections, "connection"):
                self._keys(var.inputs, connections[var.connection.key]["inputs"], var.at)
        if var.data_source and (manifest := self._component(var.data_source)):
            sources = manifest["dataSources"]
            if self._is_known(var.data_source, sources, "data source"):
                self._inputs(var.inputs, sources[var.data_source.key]["inputs"], var.at, var.data_source.component.key)

    def flow(self, flow: model.Flow) -> None:
        for step in flow.walk():
            if manifest := self._component(step.action):
                kind = "trigger" if step.is_trigger else "action"
                if self._is_known(step.action, manifest[f"{kind}s"], kind):
                    unit = manifest[f"{kind}s"][step.action.key]
                    self._inputs(step.inputs, unit["inputs"], step.at, step.action.component.key)
                    self._trigger(flow, step, unit) if step.is_trigger else self._step(step, unit)
        self._breaks(flow.steps, in_loop=False)

    def _component(self, ref: model.UnitRef) -> Definition | None:
        key = ref.component.key
        if key in self._registry:
            return self._manifest(key)
        message = (
            f"the component {key!r} is not installed; install it, or use another: {did_you_mean(key, self._registry)}"
        )
        self._notes.add(ref.component.at.key("key"), message)
        return None

    def _is_known(self, ref: model.UnitRef, units: Mapping[str, Any], kind: str) -> bool:
        if ref.key not in units:
            hint = did_you_mean(ref.key, units)
            self._notes.add(ref.at.key("key"), f"{ref.component.key} has no {kind} {ref.key!r}; {hint}")
        return ref.key in units

    def _trigger(self, flow: model.Flow, step: model.Step, unit: Definition) -> None:
        if unit.get("isPollingTrigger"):
            self._notes.add(step.action.at, "polling triggers are not run here yet; use a webhook trigger")
        support = unit.get("synchronousResponseSupport", "valid")
        if flow.synchronous and support == "invalid":
            self._notes.add(flow.at.key("isSynchronous"), f"{step.action.key} cannot answer its caller; make it false")
        if not flow.synchronous and support == "required":
            self._notes.add(flow.at.key("isSynchronous"), f"{step.action.key} must answer its caller; make it true")
        if unit.get("scheduleSupport") == "required":
            self._notes.add(step.action.at, "scheduled triggers are not run here yet; use a webhook trigger")

    def _step(self, step: model.Step, unit: Definition) -> None:
        loops = step.action.component.key == "loop" and step.action.key in _LOOPS
        if step.body is not None and not loops:
            self._notes.add(step.at.key("steps"), f"{step.action.key} does not loop; move the steps after it")
        if step.body is None and loops:
            self._notes.add(step.at.key("steps"), "is required; a loop has the steps that it repeats")
        if step.branches is not None and not unit.get("allowsBranching"):
            self._notes.add(step.at.key("branches"), f"{step.action.key} does not branch; move the steps after it")
        if step.branches is None and unit.get("allowsBranching"):
            self._notes.add(step.at.key("branches"), "is required; a branching step has branches, each with its steps")
        if (loops or step.branches is not None) and step.errors.handler != "fail":
            mend = "handle errors at the steps inside it"
            self._notes.add(
                step.errors.at, f"error handling of a loop or branch does not reach the steps inside; {mend}"
            )
        self._branch_names(step)
        if (step.action.component.key, step.action.key) == ("code", "runCode"):
            self._code(step)

    def _branch_names(self, step: model.Step) -> None:
        """Every branch that a choice names is there, and every branch that is there is named."""
        named = {name: at for value in step.inputs.values() for name, at in _choices(value)}
        branches = {branch.name: branch.at for branch in step.branches or ()}
        if step.branches is None or not named:
            return
        for name in sorted(named.keys() - branches.keys() - {"Else"}):
            self._notes.add(named[name], f"there is no branch {name!r} in branches; {did_you_mean(name, branches)}")
        for name in sorted(branches.keys() - named.keys() - {"Else"}):
            self._notes.add(branches[name], f"nothing leads to the branch {name!r}; remove it or name it in the inputs")

    def _code(self, step: model.Step) -> None:
        value = step.inputs.get("code")
        if not isinstance(value, model.Text):
            at = value.at if value else step.at
            self._notes.add(at, "must be of type value, so that the code is known when the file is loaded")
        elif self._integration.folder is not None:
            try:
                code.find(self._integration.folder, value.text)
            except InvalidInput as error:
                self._notes.add(value.at, str(error))

    def _breaks(self, steps: tuple[model.Step, ...], *, in_loop: bool) -> None:
        for step in steps:
            is_break = (step.action.component.key, step.action.key) == ("loop", "breakLoop")
            if is_break and not in_loop:
                self._notes.add(step.at, "there is no loop around this step to break; move it into one")
            self._breaks(step.body or (), in_loop=True)
            for branch in step.branches or ():
                self._breaks(branch.steps, in_loop=in_loop)

    def _keys(self, inputs: model.Inputs, declared: list[Definition], at: Where) -> None:
        known = [definition["key"] for definition in declared]
        for key in sorted(inputs.keys() - set(known)):
            where = at.key("inputs").key(key, inputs[key].at.line)
            self._notes.add(where, f"is not an input here; {did_you_mean(key, known)}")

    def _inputs(self, inputs: model.Inputs, declared: list[Definition], at: Where, component: str) -> None:
        self._keys(inputs, declared, at)
        for definition in declared:
            value = inputs.get(definition["key"])
            if value is None or _is_blank(value):
                if definition.get("required") and not definition.get("default"):
                    where = value.at if value else at.key("inputs").key(definition["key"])
                    self._notes.add(where, f"is required; {definition.get('comments') or 'give it a value'}")
            else:
                self._input(value, definition, component)

    def _input(self, value: model.Input, definition: Definition, component: str) -> None:
        if definition["type"] == "connection":
            self._connection(value, component)
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


def _choices(value: model.Input) -> Iterator[tuple[str, Where]]:
    match value:
        case model.KeyValueList(items=pairs):
            yield from ((pair.name, pair.value.at) for pair in pairs if isinstance(pair.name, str))
        case model.Conditional(branches=branches):
            yield from ((name, group.at) for name, group in branches)
