"""Whatever is done to a good file, the answer is an integration or a list of problems."""

import copy
import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.definition import IntegrationInvalid, check, parse

ACTION = {"component": {"key": "branch"}, "key": "branchOnExpression"}
CONDITION = ["and", ["equal", {"type": "reference", "value": "start.results.x"}, {"type": "value", "value": "1"}]]
GOOD = {
    "definitionVersion": "7",
    "name": "Good",
    "requiredConfigVars": [
        {"key": "A", "dataType": "connection", "connection": {"component": {"key": "c"}, "key": "k"}}
    ],
    "configPages": [{"name": "P", "elements": [{"type": "configVar", "value": "A"}]}],
    "flows": [
        {
            "name": "F",
            "queueConfig": {"concurrencyLimit": "3"},
            "steps": [
                {
                    "name": "Start",
                    "isTrigger": "true",
                    "action": {"component": {"key": "webhook-triggers"}, "key": "webhook"},
                    "schedule": {"type": "value", "value": "* * * * *", "meta": {"scheduleType": "custom"}},
                },
                {
                    "name": "Choose",
                    "action": ACTION,
                    "inputs": {
                        "conditions": {
                            "type": "complex",
                            "value": [{"name": "Y", "type": "complex", "value": CONDITION}],
                        }
                    },
                    "branches": [{"name": "Y", "steps": []}],
                    "errorConfig": {"errorHandlerType": "retry", "maxAttempts": "2"},
                },
            ],
        }
    ],
}
JUNK = st.sampled_from(
    [
        None,
        "",
        "x",
        "true",
        "-1",
        [],
        {},
        ["and"],
        [["or"]],
        [None],
        {"a": "b"},
        {"type": "complex", "value": CONDITION},
    ]
)


def places(node, path=()):
    """The paths to every value in a document."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


@given(st.lists(st.tuples(st.sampled_from(list(places(GOOD))), JUNK), min_size=1, max_size=3))
def test_no_change_of_a_file_raises_anything_but_problems(own, changes):
    document = copy.deepcopy(GOOD)
    for (*path, last), junk in changes:
        node = document
        with suppress(KeyError, IndexError, TypeError):
            for key in path:
                node = node[key]
            node[last] = copy.deepcopy(junk)
    with suppress(IntegrationInvalid):
        check(parse(json.dumps(document).encode()), own)
