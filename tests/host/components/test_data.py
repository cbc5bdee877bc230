"""Small things that flows make of data, and how they wait and end."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.result import ActionResult

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture
def perform(own):
    return lambda component, action, **values: own[component].actions[action].perform(ActionContext(), values).data


def test_objects_are_made_and_added_to(perform):
    pairs = [{"key": "a", "value": [1]}, {"key": "b", "value": None}, {"key": "a", "value": 2}]
    assert perform("collection-tools", "createObject", keyValueInput=pairs) == {"a": 2, "b": None}
    given = {"key": "new", "value": 3}
    assert perform("collection-tools", "addKey", object={"a": 1}, **given) == {"a": 1, "new": 3}
    assert perform("collection-tools", "addKey", object='{"a": {}}', objectPath="a.b", **given) == {
        "a": {"b": {"new": 3}}
    }
    with pytest.raises(InvalidInput, match="objectPath"):
        perform("collection-tools", "addKey", object={"a": 1}, objectPath="a", **given)


@pytest.mark.parametrize(
    ("action", "given", "wanted"),
    [
        ("first", [1, 2], 1),
        ("first", [], None),
        ("last", [1, 2], 2),
        ("last", [], None),
        ("length", "[1, 2]", 2),
        ("flatten", [[1], 2, [[3]]], [1, 2, [3]]),
    ],
)
def test_lists_are_taken_apart(perform, action, given, wanted):
    assert perform("collection-tools", action, listInput=given) == wanted


def test_a_list_is_cut_into_parts(perform):
    assert perform("collection-tools", "chunks", listInput=[1, 2, 3], numberInput="2") == [[1, 2], [3]]
    with pytest.raises(InvalidInput, match="listInput: must be a list"):
        perform("collection-tools", "chunks", listInput="text")
    with pytest.raises(InvalidInput, match="numberInput"):
        perform("collection-tools", "chunks", listInput=[], numberInput="0")


@pytest.mark.parametrize(
    ("action", "given", "wanted"),
    [
        ("deserializeFromJson", '{"a": [1]}', {"a": [1]}),
        ("deserializeFromJson", b"[]", []),
        ("deserializeFromJson", {"data": "1", "contentType": "x"}, 1),
        ("serializeToJson", {"ü": 1}, '{"ü": 1}'),
        ("deserializeFormData", "a=1&b=x+y&a=2", {"a": ["1", "2"], "b": "x y"}),
        ("deserializeFormData", {"data": {"payload": "{}"}, "contentType": "form"}, {"payload": "{}"}),
    ],
)
def test_formats_are_changed(perform, action, given, wanted):
    assert perform("change-data-format", action, data=given) == wanted


@pytest.mark.parametrize("given", ["{", "[" * 100_000, 5])
def test_what_is_no_json_says_so(perform, given):
    with pytest.raises(InvalidInput, match="data: "):
        perform("change-data-format", "deserializeFromJson", data=given)


def test_an_execution_ends_with_an_answer(own):
    action = own["stop-execution"].actions["stopExecution"]
    given = {"contentType": "text/xml", "statusCode": "202", "jsonBody": "<a/>", "headers": {"X": 1, "Y": True}}
    assert action.perform(ActionContext(), given) == ActionResult(
        data="<a/>", status_code=202, content_type="text/xml", headers={"X": "1", "Y": "true"}, signal="stop"
    )
    blank = action.perform(ActionContext(), {"contentType": "", "statusCode": "", "jsonBody": ""})
    assert (blank.status_code, blank.content_type, blank.signal) == (200, "application/json", "stop")


@pytest.mark.parametrize(("began", "slept"), [(None, [2.0]), (0.5, [1.5]), (3, [])])
def test_a_wait_goes_on_where_it_was_when_the_host_died(own, began, slept):
    found = []
    first = None if began is None else NOON - timedelta(seconds=began)
    context = ActionContext(clock=lambda: NOON, sleep=found.append, first_attempt=first)
    own["sleep"].actions["sleep"].perform(context, {"ms": "2000"})
    assert found == slept
