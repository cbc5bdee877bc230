"""What a step changes is its own: the flow's results stay what they were, as they are after a crash."""

import json

import pytest

SOURCE = """
def tag(context, results):
    results["trigger"]["body"]["data"]["kind"] = "seen"
    context.results["trigger"]["body"]["data"].clear()
    results["more"] = 1
    return "tagged"

def save(payload, response):
    tries.append(1)
    found = payload.pop("n")
    if len(tries) == 1:
        raise KeyError("the first time")
    response.set_body(str(found))

def whom(payload):
    payload.clear()

tries = []
"""
RETRY = ", errorConfig: {errorHandlerType: retry, maxAttempts: 1, delaySeconds: 0}"

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def code(name, action, extra="", **inputs):
    given = ", ".join(f"{key}: {{type: {kind}, value: '{value}'}}" for key, (kind, value) in inputs.items())
    component = "{key: code, isPublic: true, version: LATEST}"
    return f"{{name: {name}, action: {{component: {component}, key: {action}}}, inputs: {{{given}}}{extra}}}"


@pytest.fixture
def data(host, integration, call, step, tmp_path):
    """Run the steps, and give the number in the body as it is after them."""

    def run(*steps, flow=""):
        (tmp_path / "integration").mkdir(exist_ok=True)
        (tmp_path / "integration" / "own.py").write_text(SOURCE)
        path = integration(*steps, step("Give", "give", what="$trigger.results.body.data.n"), flow=flow)
        ended = call(host.instances.deploy(path, customer="acme"), json.dumps({"n": 1}).encode())
        assert ended.status == "succeeded", ended.error
        return ended.result["data"]

    return run


def test_a_function_may_change_the_results_that_it_is_given(data):
    assert data(code("Tag", "runCode", code=("value", "own:tag"))) == "1"


def test_a_handler_that_takes_its_payload_apart_finds_it_whole_the_next_time(data):
    assert data(code("Save", "runHandler", RETRY, code=("value", "own:save"))) == "1"


def test_an_input_that_refers_to_a_result_may_be_changed_too(data):
    save = {"code": ("value", "own:save"), "payload": ("reference", "trigger.results.body.data")}
    assert data(code("Save", "runHandler", RETRY, **save)) == "1"


def test_a_script_that_says_as_whom_may_change_the_body(data):
    assert data(flow="    runAs: {type: script, value: 'own:whom'}\n") == "1"
