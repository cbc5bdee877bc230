"""Whatever a step's function ends with, the step ends, and what waits behind it goes on."""

import pytest

ENDS = """
import asyncio
import sys

class Own(BaseException):
    pass

def leave(context, results):
    sys.exit(3)

async def drop(context, results):
    raise asyncio.CancelledError

def interrupt(context, results):
    raise KeyboardInterrupt

def own(context, results):
    raise Own("for good")

def whom(payload):
    sys.exit("nobody")
"""
CODE = (
    "{{name: Run, action: {{component: {{key: code, isPublic: true, version: LATEST}}, key: runCode}}, "
    "inputs: {{code: {{type: value, value: 'ends:{}'}}}}{}}}"
)
FIFO = "    queueConfig: {usesFifoQueue: true}\n"

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def deploy(host, integration, tmp_path):
    def write(*steps, flow=FIFO):
        (tmp_path / "integration").mkdir(exist_ok=True)
        (tmp_path / "integration" / "ends.py").write_text(ENDS)
        return host.instances.deploy(integration(*steps, flow=flow), customer="acme")

    return write


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("leave", "ends.py:9: leave: SystemExit: 3"),
        ("drop", "ends.py:12: drop: CancelledError"),
        ("interrupt", "KeyboardInterrupt"),
        ("own", "Own: for good"),
    ],
)
def test_a_function_that_leaves_by_any_door_fails_its_step_and_holds_up_nobody(deploy, call, function, told):
    instance = deploy(CODE.format(function, ""))
    for _ in range(2):  # the second waits for the first, in the same queue
        ended = call(instance)
        assert ended.status == "failed"
        assert told in ended.error["message"]


def test_the_errors_of_such_a_step_are_handled_as_it_asks(deploy, call, step):
    ignored = CODE.format("leave", ", errorConfig: {errorHandlerType: ignore}")
    ended = call(deploy(ignored, step("Give", "give", what="$run.results.error.kind")))
    assert (ended.status, ended.result["data"]) == ("succeeded", "error")


def test_a_script_that_leaves_instead_of_naming_a_user_fails_the_execution(deploy, call):
    ended = call(deploy(CODE.format("leave", ""), flow="    runAs: {type: script, value: 'ends:whom'}\n"))
    assert (ended.status, "whom: SystemExit: nobody" in ended.error["message"]) == ("failed", True)
