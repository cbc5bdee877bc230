"""Whatever is done to a good file, the answer is an integration or a list of problems."""

import copy
import json
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.definition import IntegrationInvalid, check, parse
from twilio_connector.host.definition.check import examine

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
    text = json.dumps(document).encode()
    with suppress(IntegrationInvalid):
        check(parse(text), own)
    with suppress(IntegrationInvalid):
        examine(text, own)


@given(st.binary(max_size=300) | st.text("{}[]:-&*!|>'\"#%@\\`, \n\tab", max_size=300).map(str.encode))
def test_no_bytes_raise_anything_but_problems(own, data):
    with suppress(IntegrationInvalid):
        examine(data, own)


HOLE = "{{$start.results" + ".a" * 50 + "}}"


@pytest.mark.parametrize(
    "data",
    [
        b"a: &a [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(
            b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n" % (n, n, *[n - 1] * 9) for n in range(98, 108)
        ),
        b"[" * 100_000,
        b"- " * 200_000,
        b"a: " + b"x" * (2 << 20),
        json.dumps(GOOD | {"name": HOLE * 5_000}).encode(),
        json.dumps(GOOD | {"flows": GOOD["flows"] * 2_000}).encode()[: 1 << 18],
        json.dumps(GOOD | {"description": "{{$" * 100_000}).encode(),
    ],
    ids=["laughs", "brackets", "dashes", "size", "holes", "cut", "unclosed"],
)
def test_what_is_made_to_exhaust_is_answered_with_little(own, data):
    tracemalloc.start()
    with suppress(IntegrationInvalid):
        examine(data, own)
    assert tracemalloc.get_traced_memory()[1] < 200 << 20
    tracemalloc.stop()
