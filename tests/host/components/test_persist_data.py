"""What the actions make of a state, each of which a host then stores."""

from datetime import UTC, datetime

import pytest
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput

SCOPES = {
    "Execution": "execution_state",
    "Instance": "instance_state",
    "CrossFlow": "cross_flow_state",
    "Integration": "integration_state",
}


@pytest.fixture(params=SCOPES)
def perform(own, request):
    """Perform an action on a state; its data and the state after it."""

    def run(action, state=None, **values):
        scope, before = SCOPES[request.param], state or {}
        context = ActionContext(clock=lambda: datetime(2026, 3, 15, tzinfo=UTC), **{scope: before})
        result = own["persist-data"].actions[action % request.param].perform(context, values)
        changed = {name for name in SCOPES.values() if getattr(result, name)}
        assert changed <= {scope}
        after = before | dict(getattr(result, scope) or {})
        return result.data, {key: value for key, value in after.items() if value is not None}

    return run


def test_a_value_is_saved_got_and_removed(perform):
    assert perform("save%sValue", keyInput="a", valueInput={"b": 1}) == (None, {"a": {"b": 1}})
    assert perform("get%sValue", {"a": 0}, keyInput="a", defaultValueInput="d")[0] == 0
    assert perform("get%sValue", {}, keyInput="a", defaultValueInput="d")[0] == "d"
    assert perform("remove%sValue", {"a": 1, "b": 2}, keyInput="a")[1] == {"b": 2}
    assert perform("save%sCurrentTime", keyInput="t")[1] == {"t": "2026-03-15T00:00:00.000Z"}


def test_several_at_once_win_over_the_one(perform):
    pairs = [{"key": "a", "value": 1}, {"key": "b", "value": 2}]
    assert perform("save%sValue", keyInput="x", valueInput=0, keyValueInput=pairs)[1] == {"a": 1, "b": 2}
    assert perform("remove%sValue", {"a": 1, "b": 2, "c": 3}, keyInput="c", multipleKeys=["a", "b"])[1] == {"c": 3}
    assert perform("remove%sState", {"a": 1, "b": 2})[1] == {}
    assert perform("list%sKeys", {"b": 1, "a": 2})[0] == ["a", "b"]


def test_numbers_are_counted(perform):
    assert perform("increment%sValue", keyInput="n") == (1, {"n": 1})
    assert perform("increment%sValue", {"n": 2}, keyInput="n", amount="5") == (7, {"n": 7})
    assert perform("decrement%sValue", {"n": 2}, keyInput="n") == (1, {"n": 1})
    for held in ("text", True, [1]):
        with pytest.raises(InvalidInput, match="not a number"):
            perform("increment%sValue", {"n": held}, keyInput="n")


def test_lists_and_sets_grow_and_shrink(perform):
    assert perform("append%sValueToList", {"l": [1]}, keyInput="l", valueInput=[2])[1] == {"l": [1, [2]]}
    assert perform("append%sValuesToList", keyInput="l", dynamicValues="[1, [2]]")[1] == {"l": [1, [2]]}
    assert perform("append%sValuesToList", keyInput="l", valuesInput=[1, [2]], flattenValues="true")[1] == {"l": [1, 2]}
    assert perform("add%sValueToSet", {"s": [1]}, keyInput="s", valueInput=1)[1] == {"s": [1]}
    assert perform("add%sValueToSet", {"s": [1]}, keyInput="s", valueInput=2)[1] == {"s": [1, 2]}
    for action in ("remove%sValueFromList", "remove%sValueFromSet"):
        assert perform(action, {"s": [1, 2]}, keyInput="s", valueInput=1)[1] == {"s": [2]}
    assert perform("add%sValueToSet", {"s": [True]}, keyInput="s", valueInput=1)[1] == {"s": [True, 1]}
    assert perform("remove%sValueFromSet", {"s": [True, 1, "1"]}, keyInput="s", valueInput=1)[1] == {"s": [True, "1"]}
    with pytest.raises(InvalidInput, match="not a list"):
        perform("append%sValueToList", {"l": "text"}, keyInput="l", valueInput=2)


@pytest.mark.parametrize("action", ["save%sValue", "remove%sValue", "get%sValue"])
def test_a_value_has_a_name(perform, action):
    with pytest.raises(InvalidInput, match="keyInput"):
        perform(action)
