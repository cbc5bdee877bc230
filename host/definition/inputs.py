"""Inputs of steps, connections and data sources: from the tree to the model."""

import re
from typing import Literal

from . import model
from .cursor import Cursor
from .names import did_you_mean, split_path
from .problems import Where
from .tree import Scalar, Sequence

TYPES = ("value", "configVar", "reference", "template", "complex")
UNARY = frozenset({"isTrue", "isFalse", "doesNotExist", "exists", "isEmpty", "isNotEmpty"})
BINARY = frozenset(
    {
        *("equal", "notEqual", "greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual", "in", "notIn"),
        *("exactlyMatches", "doesNotExactlyMatch", "startsWith", "doesNotStartWith", "endsWith", "doesNotEndWith"),
        *("dateTimeAfter", "dateTimeBefore", "dateTimeSame"),
    }
)
_HOLE = re.compile(r"\{\{\s*([$#])\s*(.*?)\s*\}\}", re.DOTALL)
_UNCLOSED = re.compile(r"\{\{\s*[$#]")


def read_inputs(cursor: Cursor) -> dict[str, model.Input]:
    """All inputs of a step, connection or data source, by key."""
    return {key: read_input(child) for key, child in cursor.pairs("inputs")}


def read_input(cursor: Cursor) -> model.Input:
    """One ``{type, value}``; empty text where it cannot be read."""
    cursor.only("type", "value", "meta", "name")
    match cursor.choice("type", TYPES, "value"):
        case "configVar":
            return model.ConfigVarRef(name=cursor.text("value"), at=_value_at(cursor))
        case "reference":
            return read_reference(cursor) or model.Text(text="", at=_value_at(cursor))
        case "template":
            return _template(cursor)
        case "complex":
            return _complex(cursor)
        case _:
            return model.Text(text=cursor.text("value"), at=_value_at(cursor))


def read_reference(cursor: Cursor) -> model.Reference | None:
    """The reference in ``value``; None if it is empty or malformed."""
    text = cursor.text("value").strip()
    return _reference(cursor, text) if text else None


def _reference(cursor: Cursor, text: str) -> model.Reference | None:
    try:
        step, part, *path = split_path(text)
    except ValueError as error:
        reason = (
            str(error) if "cannot" in str(error) else "must name a step and its results, such as sendReply.results.sid"
        )
        cursor.notes.add(_value_at(cursor), f"the reference {text!r} {reason}")
        return None
    if (known := _part(part)) is None:
        message = f"the reference {text!r} must go on with results after {step}; loops also have currentItem and index"
        cursor.notes.add(_value_at(cursor), message)
        return None
    return model.Reference(text=text, step=step, field=known, path=tuple(path), at=_value_at(cursor))


def _part(name: str) -> Literal["results", "currentItem", "index"] | None:
    known: tuple[Literal["results", "currentItem", "index"], ...] = ("results", "currentItem", "index")
    return next((part for part in known if part == name), None)


def _template(cursor: Cursor) -> model.Template:
    """``{{$step.results.x}}`` and ``{{#Config Var}}``; any other braces are text, as in Twilio's own ``{{1}}``."""
    text = cursor.text("value")
    parts: list[str | model.Reference | model.ConfigVarRef] = []
    end = 0
    for hole in _HOLE.finditer(text):
        parts += [text[end : hole.start()]] if hole.start() > end else []
        if (part := _hole(cursor, hole[1], hole[2])) is not None:
            parts.append(part)
        end = hole.end()
    if _UNCLOSED.search(text, end):
        cursor.notes.add(_value_at(cursor), "the template has {{ without }}; close it")
    return model.Template(text=text, parts=(*parts, *([text[end:]] if text[end:] else [])), at=_value_at(cursor))


def _hole(cursor: Cursor, sign: str, inner: str) -> model.Reference | model.ConfigVarRef | None:
    if sign == "$":
        return _reference(cursor, inner)
    return model.ConfigVarRef(name=inner, at=_value_at(cursor))


def _complex(cursor: Cursor) -> model.Collection:
    items = cursor.each("value")
    at = _value_at(cursor)
    if items and all(_is_condition(item) for item in items):
        return model.Conditional(branches=tuple(_branch(item) for item in items), at=at)
    if items and any(item.find("name") for item in items):
        return model.KeyValueList(items=tuple(_pair(item) for item in items), at=at)
    return model.ValueList(items=tuple(read_input(item) for item in items), at=at)


def _is_condition(item: Cursor) -> bool:
    """A branch's condition is a complex value that begins with ``and`` or ``or``."""
    value = item.find("value")
    if item.find("name") is None or value is None or item.text("type") != "complex":
        return False
    return isinstance(value.node, Sequence) and bool(value.node.items) and isinstance(value.node.items[0], Scalar)


def _pair(item: Cursor) -> model.Pair:
    name = item.find("name")
    if name is None:
        item.problem("must have a name, as the other entries of this list do")
        return model.Pair(name="", value=read_input(item))
    return model.Pair(name=name.scalar() if isinstance(name.node, Scalar) else read_input(name), value=read_input(item))


def _branch(item: Cursor) -> tuple[str, model.Group]:
    item.only("name", "type", "value")
    value = item.find("value")
    condition = _condition(value) if value else model.Group(operator="and")
    if isinstance(condition, model.Term):
        condition = model.Group(operator="and", terms=(condition,), at=condition.at)
    return item.required("name"), condition


def _condition(cursor: Cursor) -> model.Group | model.Term:
    operator, *operands = [*cursor.elements()] or [cursor]
    name = operator.scalar()
    if name not in {"and", "or"}:
        return _term(cursor, name, operands)
    terms = tuple(_condition(operand) for operand in operands)
    return model.Group(operator="and" if name == "and" else "or", terms=terms, at=cursor.at)


def _term(cursor: Cursor, name: str, operands: list[Cursor]) -> model.Term:
    if name not in UNARY | BINARY:
        cursor.problem(f"{name!r} is not an operator; {did_you_mean(name, {'and', 'or'} | UNARY | BINARY)}")
    elif len(operands) < (wanted := 1 if name in UNARY else 2):
        cursor.problem(
            f"{name} takes {wanted} operand{'s' if wanted > 1 else ''}; write [{name}, left{', right' * (wanted - 1)}]"
        )
    elif len(operands) > 2:  # noqa: PLR2004 - the designer writes an empty second operand for unary operators, too
        cursor.problem(f"{name} has more operands than it takes; remove all after the second")
    left, right, *_ = [*map(read_input, operands), model.Text(text=""), model.Text(text="")]
    return model.Term(operator=name, left=left, right=None if name in UNARY else right, at=cursor.at)


def _value_at(cursor: Cursor) -> Where:
    value = cursor.find("value")
    return value.at if value else cursor.at
