"""What config variables may hold, and in which form steps get it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.connector.payload import text_of
from twilio_connector.host.definition import IntegrationInvalid, parse
from twilio_connector.host.definition.model import ConfigVar
from twilio_connector.host.definition.values import read

TYPES = (
    *("string", "date", "timestamp", "picklist", "code", "boolean", "number", "objectSelection", "objectFieldMap"),
    "jsonForm",
)


def var(data_type, **more):
    return ConfigVar(key="V", data_type=data_type, **more)


@pytest.mark.parametrize(
    ("data_type", "given", "wanted"),
    [
        ("string", "NO", "NO"),
        ("string", 5, "5"),
        ("boolean", "true", True),
        ("boolean", False, False),
        ("number", "5", 5),
        ("number", "-5.50", -5.5),
        ("number", 1e3, 1000),
        ("date", "2026-03-15", "2026-03-15"),
        ("timestamp", "2026-03-15T14:32:10+01:00", "2026-03-15T13:32:10.000Z"),
        ("timestamp", "2026-03-15", "2026-03-15T00:00:00.000Z"),
        ("code", "{", "{"),
        ("jsonForm", '{"a": [1]}', {"a": [1]}),
        ("jsonForm", "null", None),
        ("objectSelection", '[{"object": {"key": "Lead"}}]', [{"object": {"key": "Lead"}}]),
        ("objectFieldMap", {"fields": [{"field": {"key": "a"}}]}, {"fields": [{"field": {"key": "a"}}]}),
    ],
)
def test_values_arrive_in_their_native_form(data_type, given, wanted):
    found = read(var(data_type), given)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("declared", "given", "wanted"),
    [
        (var("string", collection="valuelist"), ["a", 1], ["a", "1"]),
        (var("number", collection="valuelist"), '[1, "2"]', [1, 2]),
        (var("string", collection="keyvaluelist"), {"a": "b"}, [{"key": "a", "value": "b"}]),
        (var("boolean", collection="keyvaluelist"), '[{"key": "a", "value": "true"}]', [{"key": "a", "value": True}]),
    ],
)
def test_collections_are_lists(declared, given, wanted):
    assert read(declared, given) == wanted


@pytest.mark.parametrize(
    ("declared", "given", "mend"),
    [
        (var("boolean"), "yes", "true or false"),
        (var("number"), "1_000", "must be a number"),
        (var("number"), "nan", "must be a number"),
        (var("number"), True, "must be a number"),
        (var("date"), "15.3.2026", "such as 2026-03-15"),
        (var("timestamp"), "now", "such as 2026-03-15T14:32:10Z"),
        (var("timestamp"), "0001-01-01T00:00:00+14:00", "such as"),
        (var("picklist", pick_list=("a", "b")), "c", "one of a, b"),
        (var("string"), {"a": 1}, "takes one value, not an object"),
        (var("code", code_language="json"), "{", "is not JSON"),
        (var("jsonForm"), "{", "is not JSON"),
        (var("jsonForm"), "[" * 100_000, "is not JSON"),
        (var("objectSelection"), "{}", "list of objects"),
        (var("objectFieldMap"), "[]", "must be an object"),
        (var("string", collection="valuelist"), "{}", "list of values, not an object"),
        (var("number", collection="valuelist"), ["x"], "must be a number"),
        (var("string", collection="keyvaluelist"), ["a"], "each entry"),
        (var("string"), "\ud800", "half a surrogate"),
        (var("jsonForm"), '{"a": ["\\ud800"]}', "half a surrogate"),
        (var("string", collection="keyvaluelist"), {"\ud800": "x"}, "half a surrogate"),
        (var("string", collection="keyvaluelist"), "5", "list of keys and values, not a number"),
    ],
)
def test_what_does_not_fit_says_what_does(declared, given, mend):
    with pytest.raises(ValueError, match=mend):
        read(declared, given)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(TYPES), st.sampled_from(["", "valuelist", "keyvaluelist"]), ANYTHING)
def test_whatever_is_given_is_read_or_refused_and_what_was_read_is_read_again_as_it_is(data_type, collection, given):
    declared = var(data_type, collection=collection if data_type not in TYPES[-3:] else "")
    try:
        found = read(declared, given)
    except ValueError:
        return
    assert read(declared, found) == found or found != found  # noqa: PLR0124 (a JSON form may hold a NaN)
    if not isinstance(found, str | type(None)) and found == found:  # noqa: PLR0124
        assert read(declared, text_of(found)) == found


@pytest.mark.parametrize(
    ("said", "line", "mend"),
    [
        ("dataType: number, defaultValue: many", 3, "must be a number"),
        ("dataType: boolean, defaultValue: maybe", 3, "true or false"),
        ("dataType: picklist, pickList: [a], defaultValue: b", 3, "one of a"),
        ("dataType: date, collectionType: valuelist, defaultValue: '[\"x\"]'", 3, "such as 2026-03-15"),
        ("dataType: jsonForm, collectionType: valuelist", 3, "is no collection"),
    ],
)
def test_a_default_that_does_not_fit_is_a_problem_of_the_file(said, line, mend):
    text = f"definitionVersion: 7\nname: A\nrequiredConfigVars: [{{key: V, {said}}}]\nflows: []\n"
    with pytest.raises(IntegrationInvalid, match=mend) as caught:
        parse(text.encode())
    assert line in {problem.line for problem in caught.value.problems}
