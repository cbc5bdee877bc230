"""The operators of conditions, meaning what they mean on the platform.

Operands that are JSON text are read first, so ``"10"`` is the number 10. ``equal`` and the order are then JavaScript's loose
ones; ``startsWith`` asks whether the *second* operand starts with the first. Where the platform fails on a null, these say that
nothing is empty and contains nothing.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import same, text_of

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_YES = frozenset({"t", "true", "y", "yes"})
_NO = frozenset({"f", "false", "n", "no"})


def evaluate(condition: Sequence[Any]) -> bool:
    """The truth of ``[operator, left, right]`` or ``[and | or, condition, …]``; stops when it is known. Raises InvalidInput."""
    operator, *operands = condition
    match operator:
        case "and":
            return all(evaluate(operand) for operand in operands)
        case "or":
            return any(evaluate(operand) for operand in operands)
    test = OPERATORS.get(operator)
    if test is None:
        raise InvalidInput(f"{operator!r} is not an operator; there are and, or, {', '.join(OPERATORS)}")
    return test(*operands)


def parse(value: Any) -> Any:
    """The value that a JSON text stands for; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return value


def _refuse(name: str) -> Any:
    raise ValueError(name)


def truth(value: Any) -> bool:
    """Yes and no in words, in any case; otherwise whether there is something."""
    parsed = parse(value)
    if isinstance(parsed, str) and parsed.lower() in _YES | _NO:
        return parsed.lower() in _YES
    return isinstance(parsed, list | dict) or exists(parsed)


def exists(value: Any) -> bool:
    """False for null, zero, false and empty text."""
    parsed = parse(value)
    return not (parsed is None or (isinstance(parsed, str | bool | int | float) and not parsed))


def is_empty(value: Any) -> bool:
    """Whether a text, list or object has nothing in it; null has nothing."""
    parsed = parse(value)
    if isinstance(parsed, list | dict):
        return not parsed
    if value is None or isinstance(value, str):
        return not value
    raise _incomparable("isEmpty", value, "give it a text, a list or an object")


def equal(left: Any, right: Any) -> bool:
    """Loosely equal: a number and its text are, lists and objects are if their parts are."""
    return _loose(parse(left), parse(right))


def _loose(left: Any, right: Any) -> bool:
    match left, right:
        case (None, _) | (_, None):
            return left is right
        case (str(), str()):
            return left == right
        case (list(), list()):
            return len(left) == len(right) and all(map(_loose, left, right))
        case (dict(), dict()):
            return left.keys() == right.keys() and all(_loose(left[key], right[key]) for key in left)
        case (list() | dict(), _) | (_, list() | dict()):
            return False
    return _number(left) == _number(right)


def exactly(left: Any, right: Any) -> bool:
    """Equal and of one type, once JSON text is read."""
    return same(parse(left), parse(right))


def _number(value: Any) -> float:
    """JavaScript's number of a scalar; not a number for other text."""
    match value:
        case None:
            return 0
        case bool() | int() | float():
            return value
        case str() if not value.strip():
            return 0
        case str() if _NUMBER.fullmatch(value):
            return float(value)
        case str():
            return math.nan
    raise _incomparable("greaterThan and lessThan", value, "compare numbers or texts")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(left: Any, right: Any) -> bool:
        first, second = parse(left), parse(right)
        if isinstance(first, str) and isinstance(second, str):
            return compare(first, second)
        return compare(_number(first), _number(second))

    return test


def contains(item: Any, container: Any) -> bool:
    """Whether a text has this part, a list this member, an object this key."""
    parsed = parse(container)
    match parsed:
        case list():
            return any(same(item, member) or same(parse(item), member) for member in parsed)
        case dict():
            return text_of(item) in parsed
    return container is not None and text_of(item) in text_of(container)


def starts(part: Any, whole: Any) -> bool:
    """Whether ``whole`` starts with ``part``."""
    return text_of(whole).startswith(text_of(part))


def ends(part: Any, whole: Any) -> bool:
    """Whether ``whole`` ends with ``part``."""
    return text_of(whole).endswith(text_of(part))


def moment(value: Any) -> datetime:
    """A date and time: ISO 8601 text (UTC unless it says), a year, or milliseconds since 1970. Raises InvalidInput."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}", value):
            return datetime(int(value), 1, 1, tzinfo=UTC)
        if isinstance(number := parse(value), int | float) and not isinstance(number, bool):
            return datetime.fromtimestamp(number / 1000, UTC)
        return moment(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError, OSError):
        mend = "give it ISO 8601, such as 2026-03-15T14:32:10Z, or milliseconds since 1970"
        raise _incomparable("dateTime operators", value, mend) from None


def _incomparable(operator: str, value: Any, mend: str) -> InvalidInput:
    return InvalidInput(f"{operator}: cannot compare a {_TYPES.get(type(value), type(value).__name__)}; {mend}")


_TYPES: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text that is no date",
    dict: "object",
}

OPERATORS: Mapping[str, Callable[..., bool]] = {
    "isTrue": truth,
    "isFalse": lambda value: not truth(value),
    "exists": exists,
    "doesNotExist": lambda value: not exists(value),
    "isEmpty": is_empty,
    "isNotEmpty": lambda value: not is_empty(value),
    "equal": equal,
    "notEqual": lambda left, right: not equal(left, right),
    "greaterThan": _ordered(lambda left, right: left > right),
    "greaterThanOrEqual": _ordered(lambda left, right: left >= right),
    "lessThan": _ordered(lambda left, right: left < right),
    "lessThanOrEqual": _ordered(lambda left, right: left <= right),
    "in": contains,
    "notIn": lambda left, right: not contains(left, right),
    "exactlyMatches": exactly,
    "doesNotExactlyMatch": lambda left, right: not exactly(left, right),
    "startsWith": starts,
    "doesNotStartWith": lambda left, right: not starts(left, right),
    "endsWith": ends,
    "doesNotEndWith": lambda left, right: not ends(left, right),
    "dateTimeAfter": lambda left, right: moment(left) > moment(right),
    "dateTimeBefore": lambda left, right: moment(left) < moment(right),
    "dateTimeSame": lambda left, right: moment(left) == moment(right),
}
