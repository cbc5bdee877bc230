"""What the inputs of a step are worth when it runs.

References keep their native types; a path that leads nowhere, or to a step that did not run, is None. Only keys and list
indexes are followed, never attributes or methods. Empty text, and None, mean "not given": the input is left out.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...connector.errors import ConnectionFailed, InvalidInput, Refused
from ...connector.payload import text_of
from . import model
from .names import resolve_step

LONGEST_TEXT = 4 << 20
"""Characters that a template may make: as many bytes as a step's output may have."""
_LONGEST_INDEX = 20  # digits; a number of thousands of them is slow to read, and Python refuses to


@dataclass(frozen=True)
class Withheld:
    """Stands for a connection that the execution may not use: nothing of it is here, and a step that asks for it fails."""

    reason: str


@dataclass(frozen=True)
class TooLarge:
    """Stands for results that are too large to be kept: a step that asks for them fails, and the flow goes on without."""

    size: int  # in bytes
    reason: str

    @property
    def note(self) -> dict[str, int]:
        """What the record of an execution has instead."""
        return {"$tooLarge": self.size}


@dataclass(frozen=True)
class Turn:
    """One turn of a loop. ``index`` counts from 0."""

    item: Any
    index: int


@dataclass(frozen=True)
class Scope:
    """What a step can see: the values of config variables, the results of steps before it, the loops around it.

    A connection's value is ``{"key": …, "fields": {…}}``. ``results`` grows as steps end.
    """

    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    results: dict[str, Any] = field(default_factory=dict, repr=False)
    turns: Mapping[str, Turn] = field(default_factory=dict)

    @classmethod
    def begin(cls, flow: model.Flow, payload: Any, config: Mapping[str, Any] | None = None) -> "Scope":
        """The scope after the trigger has given ``payload``."""
        return cls(config or {}, {flow.trigger.key: payload})

    def turn(self, loop: str, item: Any, index: int) -> "Scope":
        """The scope inside a turn: results of the turn's steps end with it."""
        return replace(self, results=dict(self.results), turns={**self.turns, loop: Turn(item, index)})

    def visible(self) -> dict[str, Any]:
        """Results by step key; a loop around the step has ``{"currentItem", "index"}``."""
        around = {loop: {"currentItem": turn.item, "index": turn.index} for loop, turn in self.turns.items()}
        return {**self.results, **around}


if TYPE_CHECKING:
    _Dict = dict[str, Any]
else:

    class _Dict(MutableMapping, dict):
        """By ``MutableMapping``, as dict's own ``get``, ``items`` and ``json`` would bypass ``__getitem__``."""


class Copied(_Dict):
    """A dict that a code step may change: a value is copied when it is first looked at, never before."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        dict.__init__(self, values)
        self._own: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        value = kept(dict.__getitem__(self, key))
        if key not in self._own:
            self[key] = value = copied(value)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        dict.__setitem__(self, key, value)
        self._own.add(key)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.keys(self))

    def __reversed__(self) -> Iterator[str]:
        return reversed(dict.keys(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    __delitem__ = dict.__delitem__
    __contains__ = dict.__contains__
    __len__ = dict.__len__


def kept(value: Any) -> Any:
    """The value. Raises Refused for what is TooLarge."""
    if isinstance(value, TooLarge):
        raise Refused(value.reason)
    return value


def copied(value: Any) -> Any:
    """Data with lists and objects of its own. Nothing else of what a flow holds can be changed."""
    match value:
        case dict():
            return {key: copied(item) if isinstance(item, dict | list) else item for key, item in value.items()}
        case list():
            return [copied(item) if isinstance(item, dict | list) else item for item in value]
    return value


def resolve_inputs(inputs: model.Inputs, scope: Scope) -> dict[str, Any]:
    """The values to hand to a unit; inputs that are not given are left out. Raises InvalidInput, ConnectionFailed, Refused."""
    values = {key: _top(key, value, scope) for key, value in inputs.items()}
    return {key: value for key, value in values.items() if value is not None and value != ""}


def shown(inputs: model.Inputs, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a log may keep them: of connections only which one it is."""
    return {key: _shown(inputs.get(key), value) for key, value in values.items()}


def _shown(declared: model.Input | None, value: Any) -> Any:
    if is_connection(value) and isinstance(declared, model.ConfigVarRef):
        return {"key": value["key"], "configVarKey": declared.name}
    return value


def is_connection(value: Any) -> bool:
    """True for the value of a connection, which holds secrets."""
    return isinstance(value, Mapping) and isinstance(value.get("fields"), Mapping) and "key" in value


def _top(key: str, value: model.Input, scope: Scope) -> Any:
    """An input itself may be a connection; anything inside one may not."""
    if isinstance(value, model.ConfigVarRef) and value.name:
        found = scope.config.get(value.name)
        if isinstance(found, Withheld):
            raise ConnectionFailed(found.reason, field=key)
        return found
    try:
        return resolve(value, scope)
    except InvalidInput as error:
        raise InvalidInput(f"{key}: {error}", field=key) from None


def resolve(value: model.Input, scope: Scope) -> Any:
    """The value of an input.

    Raises InvalidInput where a connection stands inside a text or a list, Refused where it asks for what is TooLarge.
    """
    match value:
        case model.Text(text=text):
            return text
        case model.ConfigVarRef(name=name):
            return _config(name, scope)
        case model.Reference():
            return _reference(value, scope)
        case model.Template(parts=parts):
            return _joined(parts, scope)
    return _collection(value, scope)


def _joined(parts: Sequence[model.Input | str], scope: Scope) -> str:
    """Cut off where it grows: a template of a thousand holes makes gigabytes of one payload."""
    texts, size = [], 0
    for part in parts:
        texts.append(part if isinstance(part, str) else text_of(resolve(part, scope)))
        size += len(texts[-1])
        if size > LONGEST_TEXT:
            raise InvalidInput(f"makes a text of more than {LONGEST_TEXT} characters; put less into one template")
    return "".join(texts)


def _collection(value: model.Collection, scope: Scope) -> list[Any]:
    match value:
        case model.ValueList(items=items):
            return [resolve(item, scope) for item in items]
        case model.KeyValueList(items=pairs):
            return [_pair(pair, scope) for pair in pairs]
        case model.Conditional(branches=branches):
            return [{"name": name, "value": _condition(group, scope)} for name, group in branches]


def _config(name: str, scope: Scope) -> Any:
    value = scope.config.get(name) if name else ""
    if is_connection(value) or isinstance(value, Withheld):
        message = (
            f"the connection {name!r} holds secrets and cannot be part of a text or list; give it to a connection input"
        )
        raise InvalidInput(message)
    return value


def _reference(reference: model.Reference, scope: Scope) -> Any:
    if reference.field == "results":
        key = resolve_step(reference.step, scope.results)
        return _result(key, reference.path, scope.results) if key else None
    key = resolve_step(reference.step, scope.turns)
    if key is None:
        return None
    turn = scope.turns[key]
    return turn.index if reference.field == "index" else dig(turn.item, reference.path)


def _result(key: str, path: tuple[str, ...], results: Mapping[str, Any]) -> Any:
    """Headers of the trigger, which is the first to have a result, are found in any case: servers write them in lower case."""
    result = kept(results[key])
    match path:
        case ("headers", name, *rest) if key == next(iter(results)):
            headers = dig(result, ("headers",))
            return dig(headers, (_in_any_case(name, headers), *rest))
    return dig(result, path)


def _in_any_case(name: str, headers: Any) -> str:
    if not isinstance(headers, Mapping) or name in headers:
        return name
    return next((key for key in headers if isinstance(key, str) and key.lower() == name.lower()), name)


def dig(value: Any, path: tuple[str, ...]) -> Any:
    """Follow keys, list indexes and the ``length`` of lists; None where one is missing."""
    for name in path:
        match value:
            case Mapping():
                value = value.get(name)
            case list() | tuple() if name.isdecimal() and len(name) < _LONGEST_INDEX and int(name) < len(value):
                value = value[int(name)]
            case list() | tuple() if name == "length":
                value = len(value)
            case _:
                return None
    return value


def _pair(pair: model.Pair, scope: Scope) -> dict[str, Any]:
    name = pair.name if isinstance(pair.name, str) else text_of(resolve(pair.name, scope))
    return {"key": name, "value": resolve(pair.value, scope)}


def _condition(node: model.Group | model.Term, scope: Scope) -> list[Any]:
    """The condition in the grammar's own form, its operands resolved: ``["and", ["equal", 1, 2]]``."""
    match node:
        case model.Group(operator=operator, terms=terms):
            return [operator, *(_condition(term, scope) for term in terms)]
        case model.Term(operator=operator, left=left, right=right):
            operands = [left] if right is None else [left, right]
            return [operator, *(resolve(operand, scope) for operand in operands)]
