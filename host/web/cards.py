"""A flow as cards: what each step is given, in words, which ways it may go, and what became of it in an execution."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ...connector.component import Unit
from ...connector.errors import ConnectorError
from ...connector.manifest import inputs_of
from ..definition import model
from ..execution.past import REUSED
from ..registry import Registry
from ..store import portable
from ..store.steps import StepRow

Kind = str
Words = Sequence[tuple[Kind, str]]
"""Pieces of a sentence with what they are: ``text``, ``value``, ``result`` of a step, ``config`` variable."""

_OPERATORS: Mapping[str, str] = {
    "equal": "equals",
    "notEqual": "does not equal",
    "greaterThan": "is greater than",
    "greaterThanOrEqual": "is at least",
    "lessThan": "is less than",
    "lessThanOrEqual": "is at most",
    "in": "is in",
    "notIn": "is not in",
    "exactlyMatches": "is exactly",
    "doesNotExactlyMatch": "is not exactly",
    "startsWith": "begins",
    "doesNotStartWith": "does not begin",
    "endsWith": "ends",
    "doesNotEndWith": "does not end",
    "dateTimeAfter": "is after",
    "dateTimeBefore": "is before",
    "dateTimeSame": "is at the time of",
}
_LONG = 400
_FIRST = ("failed", "cancelled", "running", "looping", "retrying", "ignored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A branch. ``condition`` is when it is taken; ``is_taken`` is None where nothing ran yet."""

    name: str
    condition: Words
    cards: Sequence["Card"]
    is_taken: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A step. ``state`` is what became of it in an execution, ``skipped`` where it did not run; empty outside of one."""

    name: str
    unit: str
    description: str = ""
    is_trigger: bool = False
    inputs: Sequence[tuple[str, Words]] = ()
    connection: tuple[str, str] = ("", "")
    errors: str = ""
    state: str = ""
    turns: int = 0
    body: Sequence["Card"] | None = None
    ways: Sequence[Way] | None = None


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What cards are made from. ``connections`` maps config variables to the name and id of the connection in use.

    ``rows`` are the steps of an execution, None for the flow by itself; ``is_over`` when it has ended.
    """

    registry: Registry
    connections: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rows: Sequence[StepRow] | None = None
    is_over: bool = True

    def cards(self, flow: model.Flow) -> list[Card]:
        names = {step.key: step.name for step in flow.walk()}
        return [self._card(step, names, "") for step in flow.steps]

    def _card(self, step: model.Step, names: Mapping[str, str], prefix: str) -> Card:
        unit = _unit(step, self.registry)
        path = prefix + step.key
        component = self.registry.get(step.action.component.key)
        label = f"{component.display['label']}: {unit.label}" if component and unit else ""
        body = None if step.body is None else [self._card(inner, names, f"{path}.") for inner in step.body]
        return Card(
            name=step.name,
            unit=label or f"{step.action.component.key}.{step.action.key}",
            description=step.description,
            is_trigger=step.is_trigger,
            inputs=list(_inputs(step, unit, names, self.connections)),
            connection=self._connection(step),
            errors=errors_in_words(step.errors),
            state=self._state(step, path),
            turns=self._turns(path),
            body=body,
            ways=None if step.branches is None else [self._way(step, way, names, prefix) for way in step.branches],
        )

    def _way(self, step: model.Step, branch: model.Branch, names: Mapping[str, str], prefix: str) -> Way:
        cards = [self._card(inner, names, prefix) for inner in branch.steps]
        return Way(
            name=branch.name,
            condition=_condition_of(step, branch.name, names),
            cards=cards,
            is_taken=self._is_taken(step, branch.name, prefix),
        )

    def _connection(self, step: model.Step) -> tuple[str, str]:
        """Name and id of the first one that the step is given."""
        given = (value.name for value in step.inputs.values() if isinstance(value, model.ConfigVarRef))
        return next((self.connections[name] for name in given if name in self.connections), ("", ""))

    def _is_taken(self, step: model.Step, name: str, prefix: str) -> bool | None:
        """By what the branching step gave; in a loop, by any of its turns."""
        if self.rows is None:
            return None
        gave = [row.output for row in self.rows if plain(row.path) == prefix + step.key and row.output]
        return portable.dumps(name) in gave if gave or self.is_over else None

    def _state(self, step: model.Step, path: str) -> str:
        if self.rows is None:
            return ""
        if step.is_trigger:
            return "succeeded"
        found = [row.status for row in self.rows if plain(row.path) == path]
        if not found:
            return "skipped" if self.is_over else "pending"
        last = "succeeded" if found[-1] not in {REUSED, *_FIRST} else found[-1]
        return next((status for status in _FIRST[:3] if status in found), last)

    def _turns(self, path: str) -> int:
        """How often it ran, where that was more than once."""
        count = len({row.path for row in self.rows or () if plain(row.path) == path})
        return count if count > 1 else 0


def plain(path: str) -> str:
    """A step's path without the turns of the loops around it."""
    return re.sub(r"\[\d+\]", "", path)


def _unit(step: model.Step, registry: Registry) -> Unit | None:
    component = registry.get(step.action.component.key)
    if component is None:
        return None
    return component.triggers.get(step.action.key) if step.is_trigger else component.actions.get(step.action.key)


def _inputs(
    step: model.Step, unit: Unit | None, names: Mapping[str, str], connections: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, Words]]:
    """Those that are given, by their labels; connections stand by themselves, conditions with their branches."""
    labels = _labels(unit)
    for key, value in step.inputs.items():
        is_connection = isinstance(value, model.ConfigVarRef) and value.name in connections
        is_branching = step.branches is not None and isinstance(value, model.Conditional | model.KeyValueList)
        said = [] if is_connection or is_branching else list(words(value, names))
        if any(text for _, text in said):
            yield labels.get(key, key), said


def _labels(unit: Unit | None) -> dict[str, str]:
    """By key; none of a unit that is gone or cannot be imported, whose keys then have to do."""
    with suppress(ConnectorError):
        return {item["key"]: item["label"] for item in inputs_of(unit.model)} if unit else {}
    return {}


def words(value: model.Input, names: Mapping[str, str]) -> Iterator[tuple[Kind, str]]:
    """An input as a reader would say it: where it comes from, or what it is."""
    match value:
        case model.Text(text=text):
            yield "value", _short(text)
        case model.ConfigVarRef(name=name):
            yield "config", name
        case model.Reference():
            yield "result", _reference(value, names)
        case model.Template(parts=parts):
            for part in parts:
                yield from [("value", _short(part))] if isinstance(part, str) else words(part, names)
        case _:
            yield from _listed(value, names)


def _listed(value: model.Collection, names: Mapping[str, str]) -> Iterator[tuple[Kind, str]]:
    match value:
        case model.ValueList(items=items):
            yield from _joined(", ", [words(item, names) for item in items])
        case model.KeyValueList(items=pairs):
            yield from _joined(", ", [_pair(pair, names) for pair in pairs])
        case model.Conditional(branches=branches):
            ways = ([("text", f"{name} if "), *condition(group, names)] for name, group in branches)
            yield from _joined("; ", ways)


def _pair(pair: model.Pair, names: Mapping[str, str]) -> Iterator[tuple[Kind, str]]:
    yield from [("text", pair.name)] if isinstance(pair.name, str) else words(pair.name, names)
    yield "text", " = "
    yield from words(pair.value, names)


def _joined(between: str, parts: Iterable[Iterable[tuple[Kind, str]]]) -> Iterator[tuple[Kind, str]]:
    for index, part in enumerate(parts):
        yield from [("text", between)] if index else []
        yield from part


def condition(node: model.Group | model.Term, names: Mapping[str, str]) -> Iterator[tuple[Kind, str]]:
    """``Body equals STOP and From exists``."""
    if isinstance(node, model.Group):
        for index, term in enumerate(node.terms):
            yield from ([("text", f" {node.operator} ")] if index else [])
            is_inner = isinstance(term, model.Group) and len(term.terms) > 1
            yield from [("text", "(")] if is_inner else []
            yield from condition(term, names)
            yield from [("text", ")")] if is_inner else []
        return
    yield from words(node.left, names)
    spelled = re.sub("([A-Z])", r" \1", node.operator).lower()
    yield "text", f" {_OPERATORS.get(node.operator, spelled)}"
    if node.right is not None:
        yield "text", " "
        yield from words(node.right, names)


def _condition_of(step: model.Step, name: str, names: Mapping[str, str]) -> Words:
    """When a branch is taken; nothing for the one that is taken otherwise."""
    for value in step.inputs.values():
        if isinstance(value, model.Conditional):
            for branch, group in value.branches:
                if branch == name:
                    return list(condition(group, names))
        if isinstance(value, model.KeyValueList):
            for pair in value.items:
                if pair.name == name or (isinstance(pair.name, model.Text) and pair.name.text == name):
                    return [("text", "is "), *words(pair.value, names)]
    return [("text", "otherwise")]


def _reference(reference: model.Reference, names: Mapping[str, str]) -> str:
    step = names.get(reference.step, reference.step)
    told = {"results": "", "currentItem": "the item", "index": "the number of the turn"}[reference.field]
    return " · ".join(part for part in (step, told, *reference.path) if part)


def errors_in_words(config: model.ErrorConfig) -> str:
    """What happens when the step fails; empty where the flow fails with it."""
    if config.handler == "ignore":
        return "If it fails, the flow goes on."
    if config.handler == "fail":
        return ""
    wait = f"{config.delay_seconds} s apart" + (", doubled each time" if config.exponential else "")
    after = "the flow goes on" if config.ignore_final_error else "the flow fails"
    return f"If it fails, it is tried {config.max_attempts} more times, {wait}; then {after}."


def retry_in_words(config: model.RetryConfig | None) -> str:
    """What happens when the whole flow fails; empty where that is the end."""
    if config is None or not config.max_attempts:
        return ""
    doubled = ", doubled each time" if config.exponential else ""
    return f"If the flow fails, it begins again up to {config.max_attempts} times, {config.delay_minutes} min apart{doubled}."


def _short(text: str) -> str:
    return text if len(text) <= _LONG else text[:_LONG] + "…"


def unit_label(registry: Registry, component: str, key: str) -> str:
    """``Twilio: Send SMS``; the keys where the component is gone."""
    known = registry.get(component)
    unit = (known.actions.get(key) or known.triggers.get(key)) if known else None
    return f"{known.display['label']}: {unit.label}" if known and unit else f"{component}.{key}"
