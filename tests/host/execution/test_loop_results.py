"""A loop over many does all that it is for, however much its turns give."""

from dataclasses import replace

import pytest
from twilio_connector.host.host import Host

from .test_own_copies import code

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
LOOP = (
    "{{name: Loop, action: {{component: {{key: loop, isPublic: true, version: LATEST}}, key: loopNTimes}}, "
    "inputs: {{iterationCount: {{type: value, value: '20'}}}}, steps: [{}]}}"
)
SOURCE = """
def text(context, results):
    return "x" * 100

def count(context, results):
    return len(results["loop"])
"""


@pytest.fixture
def host(settings):
    with Host.open(replace(settings, limits=replace(settings.limits, step=1000))) as opened:
        yield opened


@pytest.fixture
def ended(host, integration, call, tmp_path):
    def run(*steps):
        (tmp_path / "integration").mkdir(exist_ok=True)
        (tmp_path / "integration" / "own.py").write_text(SOURCE)
        return call(host.instances.deploy(integration(*steps), customer="acme"))

    return run


def test_results_that_are_too_large_together_end_no_flow_that_does_not_read_them(host, ended):
    done = ended(LOOP.format(code("Text", "runCode", code=("value", "own:text"))))
    assert (done.status, done.result) == ("succeeded", {"$tooLarge": 20 * 102})
    steps = {row.path: row.status for row in host.store.steps.of(done.execution_id)}
    assert steps["loop[19].text"] == "succeeded"


def test_a_function_that_reads_them_fails(ended):
    loop = LOOP.format(code("Text", "runCode", code=("value", "own:text")))
    done = ended(loop, code("Count", "runCode", code=("value", "own:count")))
    assert (done.status, done.error["kind"]) == ("failed", "refused")
    assert "were not kept" in done.error["message"]
