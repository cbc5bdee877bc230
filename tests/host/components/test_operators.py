"""The operators of conditions: what they mean on the platform, one line for each case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.components.branch.operators import OPERATORS, equal, evaluate, exactly
from twilio_connector.host.definition.inputs import BINARY, UNARY

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_every_operator_of_the_grammar_is_there_and_no_other():
    assert OPERATORS.keys() == UNARY | BINARY


@pytest.mark.parametrize(
    "condition",
    [
        *(["isTrue", value] for value in (True, "true", "T", "yes", "Y", 1, "1", "other", [0], {})),
        *(["isFalse", value] for value in (False, "false", "F", "no", "N", 0, "0", "", None)),
        *(["exists", value] for value in ("x", 1, True, [], {}, "[]")),
        *(["doesNotExist", value] for value in (None, 0, False, "", "0", "null", "false")),
        *(["isEmpty", value] for value in ("", [], {}, None, "[]")),
        *(["isNotEmpty", value] for value in ("x", "123", [0], {"a": 1})),
        *(["equal", 5, other] for other in (5, "5", 5.0, "5.0", " 5 ")),
        ["equal", "a", "a"],
        ["equal", True, 1],
        ["equal", "true", True],
        ["equal", "", 0],
        ["equal", None, "null"],
        ["equal", [1, {"a": "2"}], ["1", {"a": 2}]],
        ["equal", '{"a": [1]}', {"a": [1]}],
        ["notEqual", "a", "b"],
        ["notEqual", None, 0],
        ["notEqual", [1], [1, 2]],
        ["notEqual", [1], 1],
        ["notEqual", "abc", 5],
        ["exactlyMatches", "5", 5],
        ["exactlyMatches", {"a": [1]}, {"a": [1.0]}],
        ["doesNotExactlyMatch", True, 1],
        ["doesNotExactlyMatch", [True], [1]],
        ["doesNotExactlyMatch", "", 0],
        ["greaterThan", "10", "9"],
        ["greaterThan", "b", "a"],
        ["greaterThan", 1, None],
        ["greaterThanOrEqual", 5, "5"],
        ["lessThan", -1, False],
        ["lessThanOrEqual", "a", "a"],
        ["in", "b", ["a", "b"]],
        ["in", "5", [5]],
        ["in", "ell", "hello"],
        ["in", 23, "12345"],
        ["in", "key", {"key": 1}],
        ["in", "b", '["a", "b"]'],
        ["notIn", "x", None],
        ["notIn", True, [1]],
        ["startsWith", "he", "hello"],
        ["startsWith", "00", "007"],
        ["doesNotStartWith", "hello", "he"],
        ["endsWith", "lo", "hello"],
        ["doesNotEndWith", "he", "hello"],
        ["dateTimeAfter", "2026-03-15T12:00:00Z", "2026-03-15T12:00:00+01:00"],
        ["dateTimeBefore", "2025", "2026-01-01T00:00:01"],
        ["dateTimeSame", 0, "1970-01-01"],
        ["dateTimeSame", "31536000000", "1971-01-01T00:00:00.000Z"],
    ],
)
def test_holds(condition):
    assert evaluate(condition) is True


@pytest.mark.parametrize("operator", ["greaterThan", "lessThan", "greaterThanOrEqual", "lessThanOrEqual"])
def test_nothing_orders_words_and_numbers(operator):
    assert evaluate([operator, "abc", 5]) is False


@pytest.mark.parametrize(
    "condition",
    [
        ["isEmpty", 5],
        ["isNotEmpty", True],
        ["lessThan", [1], 2],
        ["dateTimeSame", "noon", "2026"],
        ["dateTimeAfter", None, 1],
    ],
)
def test_what_cannot_be_compared_says_so(condition):
    with pytest.raises(InvalidInput, match="cannot compare a "):
        evaluate(condition)


def test_an_unknown_operator_is_refused():
    with pytest.raises(InvalidInput, match="'like' is not an operator"):
        evaluate(["like", 1, 2])


def test_groups_nest_and_stop_early():
    boom = ["like", 1]
    assert evaluate(["and", ["or", ["exists", 0], ["exists", 1]], ["equal", 1, 1]])
    assert evaluate(["and"])
    assert not evaluate(["or"])
    assert evaluate(["or", ["exists", 1], boom])
    assert not evaluate(["and", ["exists", 0], boom])


@given(JSON, JSON)
def test_equality_is_symmetric_and_a_value_equals_itself(left, right):
    assert equal(left, right) == equal(right, left)
    assert exactly(left, right) == exactly(right, left)
    assert equal(left, left)
    assert exactly(left, left)


@given(JSON, JSON)
def test_an_operator_and_its_opposite_never_agree(left, right):
    for operator, opposite in [("equal", "notEqual"), ("exactlyMatches", "doesNotExactlyMatch"), ("in", "notIn")]:
        assert evaluate([operator, left, right]) is not evaluate([opposite, left, right])
