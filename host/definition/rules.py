"""What holds in every integration file, whatever components are installed: order, names, references."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from . import model, values
from .cursor import Notes
from .names import did_you_mean, resolve_step

T = TypeVar("T", bound=model.Placed)


def apply(integration: model.Integration, notes: Notes) -> None:
    """Note each rule that the integration breaks."""
    if not integration.flows:
        notes.add(integration.at.key("flows"), "is required; an integration has at least one flow")
    _unique(integration.flows, lambda flow: flow.name, "flow", notes)
    _unique(integration.config_vars, lambda var: var.key, "config variable", notes)
    for var in integration.config_vars:
        _config_var(var, integration, notes)
    for page in integration.config_pages:
        _page(page, integration, notes)
    for flow in integration.flows:
        _flow(flow, integration, notes)


def _unique(items: Iterable[T], name: Callable[[T], str], what: str, notes: Notes) -> None:
    lines: dict[str, int] = {}
    for item in items:
        if (key := name(item)) in lines:
            notes.add(
                item.at.key("name" if what != "config variable" else "key"),
                f"another {what} in line {lines[key]} is called {key!r}; rename one",
            )
        lines.setdefault(key, item.at.line)


def _config_var(var: model.ConfigVar, integration: model.Integration, notes: Notes) -> None:
    is_connection = var.data_type == "connection"
    if is_connection and not (var.connection or var.scoped):
        notes.add(var.at.key("connection"), "is required for a connection; write connection: {component: …, key: …}")
    if not is_connection and (var.connection or var.scoped):
        notes.add(var.at.key("dataType"), f"must be connection, not {var.data_type}, where a connection is named")
    if var.collection and (is_connection or var.data_type in values.JSON_TYPES):
        notes.add(var.at.key("collectionType"), f"a {var.data_type} is no collection; remove it")
    elif var.default and not is_connection:
        _default(var, notes)
    for value in var.inputs.values():
        for ref in refs(value):
            _known_config_var(ref, integration, notes)
        for reference in references(value):
            notes.add(reference.at, "there are no steps here; use a value or a config variable")


def _default(var: model.ConfigVar, notes: Notes) -> None:
    try:
        values.read(var, var.default)
    except ValueError as error:
        notes.add(var.default_at or var.at.key("defaultValue"), str(error))


def _page(page: model.ConfigPage, integration: model.Integration, notes: Notes) -> None:
    for element in page.elements:
        if element.type != "htmlElement":
            _known_config_var(model.ConfigVarRef(name=element.value, at=element.at.key("value")), integration, notes)


def _known_config_var(ref: model.ConfigVarRef, integration: model.Integration, notes: Notes) -> None:
    if ref.name and integration.config_var(ref.name) is None:
        known = [var.key for var in integration.config_vars]
        notes.add(ref.at, f"there is no config variable {ref.name!r}; {did_you_mean(ref.name, known)}")


def _flow(flow: model.Flow, integration: model.Integration, notes: Notes) -> None:
    if not flow.steps or not flow.steps[0].is_trigger:
        at = flow.steps[0].at.key("isTrigger") if flow.steps else flow.at.key("steps")
        notes.add(at, "the first step of a flow must be its trigger; write isTrigger: true")
    for step in [step for step in flow.walk() if step is not (flow.steps[0] if flow.steps else None)]:
        _later_step(step, notes)
    _names(flow, notes)
    _schedule_and_queue(flow, notes)
    _schedule_config_var(flow, integration, notes)
    visible = _Visible({}, notes, integration)
    visible.steps(flow.steps)
    for reference in (flow.retry and flow.retry.unique_request_id, flow.queue and flow.queue.dedupe_id):
        if reference and flow.steps:
            _Visible({flow.trigger.key: _Seen(flow.trigger)}, notes, integration).reference(reference)


def _later_step(step: model.Step, notes: Notes) -> None:
    if step.is_trigger:
        notes.add(step.at.key("isTrigger"), "only the first step of a flow is its trigger; remove isTrigger")
    if step.schedule:
        notes.add(step.schedule.at, "only a trigger has a schedule; remove it")


def _names(flow: model.Flow, notes: Notes) -> None:
    seen: dict[str, model.Step] = {}
    for step in flow.walk():
        if not step.key:
            if not step.name.strip():
                continue  # said already
            notes.add(step.at.key("name"), "must have a letter or a digit, for references to name the step by")
        elif (twin := seen.setdefault(step.key, step)) is not step:
            message = (
                f"{step.name!r} and {twin.name!r} in line {twin.at.line} are both {step.key} in references; rename one"
            )
            notes.add(step.at.key("name"), message)
        _unique(step.branches or (), lambda branch: branch.name, "branch", notes)


def _schedule_and_queue(flow: model.Flow, notes: Notes) -> None:
    """The platform's own rules for what excludes what."""
    queue = flow.queue or model.QueueConfig()
    scheduled = flow.schedule is not None
    trigger_at = flow.steps[0].at.key("schedule") if flow.steps else flow.at
    broken = (
        (queue.fifo and scheduled, queue.at, "a FIFO queue cannot be scheduled; remove usesFifoQueue or the schedule"),
        (queue.fifo and queue.singleton, queue.at, "choose usesFifoQueue or singletonExecutions, not both"),
        (queue.singleton and not scheduled, queue.at, "singletonExecutions is for scheduled flows; remove it"),
        (
            flow.synchronous and scheduled,
            trigger_at,
            "a synchronous flow answers a request; remove the schedule or isSynchronous",
        ),
    )
    for is_broken, at, message in broken:
        if is_broken:
            notes.add(at, message)
    if flow.retry and flow.retry.max_attempts and flow.synchronous:
        notes.add(
            flow.retry.at, "a synchronous flow cannot be retried, its caller waits; remove retryConfig or isSynchronous"
        )


def _schedule_config_var(flow: model.Flow, integration: model.Integration, notes: Notes) -> None:
    schedule = flow.schedule
    if schedule is None or schedule.type == "value":
        return
    at = schedule.at.key("value")
    if not schedule.value:
        notes.add(at, "is required; name the config variable with the schedule")
        return
    _known_config_var(model.ConfigVarRef(name=schedule.value, at=at), integration, notes)
    var = integration.config_var(schedule.value)
    if var and var.data_type != "schedule":
        notes.add(at, f"{var.key!r} is of type {var.data_type}; name one of type schedule")


@dataclass(frozen=True)
class _Seen:
    """A step that is earlier in the file, and how it may be named from here."""

    step: model.Step
    as_loop: bool = False
    inside: str = ""


@dataclass
class _Visible:
    """Which steps may be referred to, while walking down a flow."""

    known: dict[str, _Seen]
    notes: Notes
    integration: model.Integration
    gone: dict[str, _Seen] = field(default_factory=dict)

    def steps(self, steps: Iterable[model.Step]) -> None:
        for step in steps:
            for value in step.inputs.values():
                self.input(value)
            self._inside(step)
            self.known[step.key] = _Seen(step)

    def _inside(self, step: model.Step) -> None:
        for branch in step.branches or ():
            self.known[step.key] = _Seen(step)
            self.steps(branch.steps)
        if step.body is not None:
            turn = _Visible(
                {**self.known, step.key: _Seen(step, as_loop=True)}, self.notes, self.integration, dict(self.gone)
            )
            turn.steps(step.body)
            self.gone |= {inner.key: _Seen(inner, inside=step.key) for inner in step.walk() if inner is not step}

    def input(self, value: model.Input) -> None:
        for ref in refs(value):
            _known_config_var(ref, self.integration, self.notes)
        for reference in references(value):
            self.reference(reference)

    def reference(self, reference: model.Reference) -> None:
        found = resolve_step(reference.step, self.known)
        if found is None:
            self.notes.add(reference.at, f"{reference.text!r}: {self._missing(reference.step)}")
            return
        seen = self.known[found]
        if seen.as_loop and reference.field == "results":
            message = (
                f"the results of {found} are there when the loop has ended; inside it there are currentItem and index"
            )
            self.notes.add(reference.at, message)
        if reference.field != "results" and not seen.as_loop:
            self.notes.add(reference.at, f"{reference.field} is there only inside a loop; {found} has results here")

    def _missing(self, name: str) -> str:
        gone = resolve_step(name, self.gone)
        if gone:
            loop = self.gone[gone].inside
            return f"the step is inside the loop {loop} and has a result for each turn; use {loop}.results"
        return f"no earlier step is called {name}; {did_you_mean(name, self.known)}"


def references(value: model.Input | model.Term | model.Group | str | None) -> Iterator[model.Reference]:
    """All references in an input."""
    return (leaf for leaf in leaves(value) if isinstance(leaf, model.Reference))


def refs(value: model.Input | model.Term | model.Group | str | None) -> Iterator[model.ConfigVarRef]:
    """All config variables in an input."""
    return (leaf for leaf in leaves(value) if isinstance(leaf, model.ConfigVarRef))


def leaves(value: model.Input | model.Term | model.Group | str | None) -> Iterator[model.Input]:
    """The inputs in an input that hold no others."""
    match value:
        case model.Text() | model.Reference() | model.ConfigVarRef():
            yield value
        case model.Template(parts=parts):
            yield from (part for part in parts if not isinstance(part, str))
        case _:
            for child in _children(value):
                yield from leaves(child)


def _children(value: Any) -> tuple[Any, ...]:
    match value:
        case model.ValueList(items=items):
            return items
        case model.KeyValueList(items=pairs):
            return tuple(side for pair in pairs for side in (pair.name, pair.value))
        case model.Conditional(branches=branches):
            return tuple(group for _, group in branches)
        case model.Group(terms=terms):
            return terms
        case model.Term(left=left, right=right):
            return left, right
    return ()
