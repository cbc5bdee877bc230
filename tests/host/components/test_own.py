"""What branch, loop and log do, through the door that every component has."""

import logging

import pytest
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.result import ActionResult

SCOPES = ("Execution", "Instance", "CrossFlow", "Integration")
PERSIST_DATA = [
    name % scope
    for scope in SCOPES
    for name in (
        *("save%sValue", "get%sValue", "remove%sValue", "remove%sState", "list%sKeys", "save%sCurrentTime"),
        *("increment%sValue", "decrement%sValue", "append%sValueToList", "append%sValuesToList"),
        *("remove%sValueFromList", "add%sValueToSet", "remove%sValueFromSet"),
    )
]
MAPPINGS = [{"key": "Register", "value": "register"}, {"key": "Five", "value": "5"}, {"key": "Yes", "value": "true"}]


@pytest.fixture
def perform(own):
    """Perform an action of one of the host's own components."""
    return lambda component, action, **values: own[component].actions[action].perform(ActionContext(), values)


def test_they_are_what_integration_files_of_the_platform_name(own):
    assert {key: sorted([*component.actions, *component.triggers]) for key, component in own.items()} == {
        "branch": ["branchOnExpression", "branchOnValue"],
        "change-data-format": ["deserializeFormData", "deserializeFromJson", "serializeToJson"],
        "code": ["runCode", "runHandler"],
        "collection-tools": ["addKey", "chunks", "createObject", "first", "flatten", "last", "length"],
        "cross-flow": ["crossFlow", "invokeFlow"],
        "http": ["httpDelete", "httpGet", "httpHead", "httpPatch", "httpPost", "httpPut"],
        "log": ["writeLog"],
        "loop": ["breakLoop", "loopNTimes", "loopOverItems"],
        "management-triggers": ["instanceDeploy", "instanceRemove"],
        "persist-data": sorted(PERSIST_DATA),
        "schedule-triggers": ["schedule"],
        "sleep": ["sleep"],
        "stop-execution": ["stopExecution"],
        "webhook-triggers": ["webhook"],
    }


def test_their_inputs_have_the_platforms_keys(own):
    def keys(component, kind, unit):
        return [item["key"] for item in own[component].manifest()[kind][unit]["inputs"]]

    assert keys("branch", "actions", "branchOnValue") == ["branchValueMappings", "inputValue"]
    assert keys("branch", "actions", "branchOnExpression") == ["conditions"]
    assert keys("loop", "actions", "loopOverItems") == ["items"]
    assert keys("loop", "actions", "loopNTimes") == ["iterationCount"]
    assert keys("code", "actions", "runCode") == ["code", "repeatable"]
    assert keys("code", "actions", "runHandler") == ["code", "repeatable", "payload"]
    assert keys("log", "actions", "writeLog") == ["message", "level"]
    assert keys("schedule-triggers", "triggers", "schedule") == []
    assert keys("webhook-triggers", "triggers", "webhook") == ["body", "contentType", "headers", "statusCode"]


def test_only_code_has_effects_that_a_host_cannot_repeat(own):
    actions = [action for component in own.values() for action in component.actions.values()]
    effects = {action.key for action in actions if not (action.repeatable or action.looks_first)}
    assert effects == {"runCode", "runHandler", "httpPost", "httpPut", "httpPatch", "httpDelete"}


def test_an_input_that_lets_a_step_run_again_is_one_that_is_true_or_false(own):
    named = {
        (action.key, item["type"], item["default"])
        for component in own.values()
        for action in component.actions.values()
        for item in component.manifest()["actions"][action.key]["inputs"]
        if item["key"] == action.flags.get("repeatableInput")
    }
    assert named == {("runCode", "boolean", "false"), ("runHandler", "boolean", "false")}


@pytest.mark.parametrize(
    ("said", "may"),
    [({"repeatable": "true"}, True), ({"repeatable": True}, True), ({"repeatable": "false"}, False), ({}, False)],
)
def test_a_code_step_may_run_again_only_where_its_inputs_say_so(own, said, may):
    assert own["code"].actions["runHandler"].may_repeat(said) is may


@pytest.mark.parametrize(
    ("value", "branch"),
    [
        ("register", "Register"),
        (5, "Five"),
        ("5", "Five"),
        (5.0, "Five"),
        (b"register", "Register"),
        (True, "Yes"),
        ("other", "Else"),
        (None, "Else"),
        ([], "Else"),
    ],
)
def test_a_value_leads_to_its_branch_or_else(perform, value, branch):
    result = perform("branch", "branchOnValue", inputValue=value, branchValueMappings=MAPPINGS)
    assert result == ActionResult(data=branch, branch=branch)


def test_the_first_condition_that_holds_decides_and_the_rest_is_not_looked_at(perform):
    conditions = [
        {"name": "Small", "value": ["and", ["lessThan", 5, 3]]},
        {"name": "Big", "value": ["or", ["greaterThan", 5, 3], ["dateTimeAfter", "x", "y"]]},
        {"name": "Broken", "value": ["and", ["dateTimeAfter", "x", "y"]]},
    ]
    assert perform("branch", "branchOnExpression", conditions=conditions).branch == "Big"
    assert perform("branch", "branchOnExpression", conditions=conditions[:1]).branch == "Else"


def test_a_loop_goes_over_a_list_or_its_json(perform):
    assert perform("loop", "loopOverItems", items=[{"a": 1}, None]).data == [{"a": 1}, None]
    assert perform("loop", "loopOverItems", items='["a"]').data == ["a"]
    assert perform("loop", "loopOverItems", items=[]).data == []
    assert perform("loop", "loopNTimes", iterationCount="3").data == [0, 1, 2]


@pytest.mark.parametrize("items", [{"a": 1}, "text", 5, None])
def test_anything_else_is_no_list(perform, items):
    with pytest.raises(InvalidInput, match=r"items: (must be a list|is required)") as caught:
        perform("loop", "loopOverItems", items=items)
    assert caught.value.field == "items"


@pytest.mark.parametrize("count", ["-1", "many", "100001"])
def test_a_count_must_be_a_reasonable_number(perform, count):
    with pytest.raises(InvalidInput, match="iterationCount: "):
        perform("loop", "loopNTimes", iterationCount=count)


def test_break_loop_signals(perform):
    assert perform("loop", "breakLoop").signal == "break"


@pytest.mark.parametrize(
    ("values", "level", "line"),
    [
        ({"message": "hi %s"}, logging.INFO, "hi %s"),
        ({"message": {"a": 1}, "level": "warn"}, logging.WARNING, '{"a":1}'),
        ({"message": b"hi"}, logging.INFO, "hi"),
        ({"message": "", "level": "error"}, logging.ERROR, ""),
    ],
)
def test_log_writes_one_line_of_the_level(perform, caplog, values, level, line):
    caplog.set_level(logging.DEBUG, "twilio_connector")
    assert perform("log", "writeLog", **values).data is None
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(level, line)]


def test_log_knows_its_levels(perform):
    with pytest.raises(InvalidInput, match="level: "):
        perform("log", "writeLog", message="x", level="loud")
