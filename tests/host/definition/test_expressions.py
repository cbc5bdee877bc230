import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.definition import parse
from twilio_connector.host.definition.expressions import Copied, Scope, dig, resolve, resolve_inputs, shown
from twilio_connector.host.definition.model import (
    Conditional,
    ConfigVarRef,
    Group,
    KeyValueList,
    Pair,
    Reference,
    Template,
    Term,
    Text,
    ValueList,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SECRET = {"key": "basic", "configVarKey": "Account", "fields": {"password": "hunter2"}}
SCOPE = Scope(
    {"Name": "Ada", "Account": SECRET}, {"start": {"body": {"data": {"To": "+15551234567", "n": [1, {"x": 2}]}}}}
)


def refer(path: str, step: str = "start", field: str = "results") -> Reference:
    return Reference(text=f"{step}.{field}.{path}", step=step, field=field, path=tuple(path.split(".")) if path else ())


def test_text_is_what_it_is():
    assert resolve(Text(text="+15551234567"), SCOPE) == "+15551234567"


@given(JSON)
def test_a_reference_keeps_the_native_type(value):
    assert resolve(refer("a"), Scope(results={"start": {"a": value}})) == value


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5), JSON)
def test_a_path_finds_what_is_at_its_end(path, value):
    tree = value
    for name in reversed(path):
        tree = {name: tree}
    assert dig(tree, tuple(path)) == value


@given(JSON, st.lists(st.text() | st.integers(-3, 3).map(str), max_size=4))
def test_no_path_raises(value, path):
    dig(value, tuple(path))


def test_lists_are_followed_by_index():
    assert resolve(refer("body.data.n.1.x"), SCOPE) == 2


@pytest.mark.parametrize(
    "path", ["body.nope", "body.data.To.length", "body.data.n.9", "body.data.n.-1", "items", "keys", "__class__"]
)
def test_a_path_that_leads_nowhere_is_none_and_methods_are_no_keys(path):
    assert resolve(refer(path), SCOPE) is None


def test_a_key_wins_that_has_the_name_of_a_method():
    assert resolve(refer("items"), Scope(results={"start": {"items": [1]}})) == [1]


def test_a_step_that_did_not_run_gives_none():
    assert resolve(refer("x", step="other"), SCOPE) is None


def test_a_step_is_found_though_its_key_differs_in_case():
    assert resolve(refer("", step="getAQueuesUrl"), Scope(results={"getAQueueSUrl": 1})) == 1


def test_a_turn_has_item_and_index_and_keeps_its_results_to_itself():
    outer = Scope(results={"start": 1})
    turn = outer.turn("loop", {"a": [5]}, 3)
    turn.results["inner"] = 2
    assert resolve(refer("a.0", "loop", "currentItem"), turn) == 5
    assert resolve(refer("", "loop", "index"), turn) == 3
    assert resolve(refer("", "loop", "index"), outer) is None
    assert outer.results == {"start": 1}
    assert turn.visible() == {"start": 1, "inner": 2, "loop": {"currentItem": {"a": [5]}, "index": 3}}


def test_a_template_joins_text_references_and_config_variables():
    template = Template(text="", parts=("Hi ", ConfigVarRef(name="Name"), ": ", refer("body.data.n"), refer("no")))
    assert resolve(template, SCOPE) == 'Hi Ada: [1,{"x":2}]'
    scope = Scope(results={"start": {"xml": "<é/>".encode(), "whole": 5.0, "yes": True}})
    told = Template(text="", parts=(refer("xml"), " ", refer("whole"), " ", refer("yes")))
    assert resolve(told, scope) == "<é/> 5 true"


@given(st.text().filter(lambda text: "{{" not in text and text.strip() == text and text.isprintable()))
def test_a_template_without_holes_is_its_text(text):
    step = {"name": "A", "action": {"component": {"key": "c"}, "key": "k"}}
    trigger = {**step, "name": "T", "isTrigger": True}
    inputs = {"x": {"type": "template", "value": text}}
    document = {
        "definitionVersion": 7,
        "name": "N",
        "flows": [{"name": "F", "steps": [trigger, {**step, "inputs": inputs}]}],
    }
    template = parse(json.dumps(document, ensure_ascii=False).encode()).flows[0].steps[1].inputs["x"]
    assert resolve(template, Scope()) == text


def test_lists_names_and_conditions_come_out_as_units_take_them():
    assert resolve(ValueList(items=(Text(text="a"), refer("body.data.To"))), SCOPE) == ["a", "+15551234567"]
    pairs = KeyValueList(
        items=(Pair(name="k", value=Text(text="v")), Pair(name=ConfigVarRef(name="Name"), value=refer("x")))
    )
    assert resolve(pairs, SCOPE) == [{"key": "k", "value": "v"}, {"key": "Ada", "value": None}]
    term = Term(operator="equal", left=refer("body.data.To"), right=Text(text="x"))
    inner = Group(operator="or", terms=(Term(operator="exists", left=ConfigVarRef(name="Name")),))
    conditional = Conditional(branches=(("Yes", Group(operator="and", terms=(term, inner))),))
    assert resolve(conditional, SCOPE) == [
        {"name": "Yes", "value": ["and", ["equal", "+15551234567", "x"], ["or", ["exists", "Ada"]]]}
    ]


def test_what_is_not_given_is_left_out():
    inputs = {
        "a": Text(text=""),
        "b": ConfigVarRef(name=""),
        "c": refer("nope"),
        "d": ConfigVarRef(name="Name"),
        "e": ValueList(),
    }
    assert resolve_inputs(inputs, SCOPE) == {"d": "Ada", "e": []}


def test_a_connection_goes_to_its_input_whole_and_to_the_log_without_its_fields():
    inputs = {"twilioConnection": ConfigVarRef(name="Account"), "to": ConfigVarRef(name="Name")}
    values = resolve_inputs(inputs, SCOPE)
    assert values["twilioConnection"] is SECRET
    assert shown(inputs, values) == {"twilioConnection": {"key": "basic", "configVarKey": "Account"}, "to": "Ada"}


@pytest.mark.parametrize(
    "value",
    [
        Template(text="", parts=("x", ConfigVarRef(name="Account"))),
        ValueList(items=(ConfigVarRef(name="Account"),)),
        KeyValueList(items=(Pair(name="k", value=ConfigVarRef(name="Account")),)),
        Conditional(
            branches=(
                ("A", Group(operator="and", terms=(Term(operator="exists", left=ConfigVarRef(name="Account")),))),
            )
        ),
    ],
)
def test_a_connection_is_never_put_into_text_or_lists(value):
    with pytest.raises(InvalidInput, match="message: the connection 'Account' holds secrets") as caught:
        resolve_inputs({"message": value}, SCOPE)
    assert "hunter2" not in str(caught.value)


def test_a_scope_shows_no_values_in_its_repr():
    assert "hunter2" not in repr(SCOPE)


def test_a_header_of_the_trigger_is_found_in_any_case():
    headers = {"x-shopify-topic": "products/create", "X-A": "upper", "x-a": "lower"}
    scope = Scope(results={"start": {"headers": headers}, "other": {"headers": headers}})
    assert resolve(refer("headers.X-Shopify-Topic"), scope) == "products/create"
    assert [resolve(refer(f"headers.{name}"), scope) for name in ("x-a", "X-A")] == ["lower", "upper"]
    assert resolve(refer("headers"), scope) == headers
    assert resolve(refer("headers.X-None"), scope) is None
    assert resolve(refer("headers.X-A.b"), Scope(results={"start": {"headers": "none"}})) is None
    assert resolve(refer("headers.X-Shopify-Topic", step="other"), scope) is None
    inside = scope.turn("loop", 1, 0)
    assert resolve(refer("headers.X-Shopify-Topic"), inside) == "products/create"


@given(st.dictionaries(st.text(), JSON))
def test_what_a_step_is_given_to_change_is_a_dict_like_the_one_it_stands_for(values):
    before = json.dumps(values)
    given = Copied(values)
    assert isinstance(given, dict)
    assert (json.loads(json.dumps(given)), {**given}, dict(given), list(given)) == (
        values,
        values,
        values,
        list(values),
    )
    for key in given:
        assert given.get(key) is given[key]
    for found in given.values():
        found.clear() if isinstance(found, dict | list) else None
    given["more"] = given.pop("more", None)
    assert json.dumps(values) == before


def test_what_a_step_is_given_can_go_to_another_process_and_backwards():
    given = Copied({"a": [1], "b": {"c": 2}})
    assert pickle.loads(pickle.dumps(given)) == {"a": [1], "b": {"c": 2}}  # noqa: S301  what we made ourselves
    assert list(reversed(given)) == ["b", "a"]


def test_only_what_a_step_looks_at_is_copied():
    values = {"large": [[1]], "small": [[2]]}
    given = Copied(values)
    assert "large" in given
    assert given["small"][0] is not values["small"][0]
    assert dict.__getitem__(given, "large") is values["large"]


def test_a_list_says_how_long_it_is():
    scope = Scope(results={"start": {"items": [1, {"length": 7}], "none": []}})
    assert [resolve(refer(f"{name}.length"), scope) for name in ("items", "none", "items.1", "gone")] == [2, 0, 7, None]
