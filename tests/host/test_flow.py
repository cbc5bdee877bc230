"""A whole flow without an engine: a file, the host's own components, and the runner between them."""

from dataclasses import replace

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext, Integration
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.definition import read, require
from twilio_connector.host.definition.expressions import Scope
from twilio_connector.host.execution.runner import run
from twilio_connector.host.registry import OWN

FLOW = """\
definitionVersion: 7
name: Survey
requiredConfigVars:
  - {key: Greeting, dataType: string, defaultValue: Hello}
flows:
  - name: Answers
    steps:
      - name: Incoming
        isTrigger: true
        action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
      - name: Each Answer
        action: {component: {key: loop, isPublic: true, version: LATEST}, key: loopOverItems}
        inputs:
          items: {type: reference, value: incoming.results.body.data.answers}
        steps:
          - name: How Many
            action: {component: {key: branch, isPublic: true, version: LATEST}, key: branchOnExpression}
            inputs:
              conditions:
                type: complex
                value:
                  - name: Enough
                    type: complex
                    value: [and, [equal, {type: reference, value: eachAnswer.currentItem}, {type: value, value: stop}]]
                  - name: Digits
                    type: complex
                    value:
                      - or
                      - [greaterThan, {type: reference, value: eachAnswer.currentItem}, {type: value, value: "0"}]
            branches:
              - name: Enough
                steps:
                  - name: Leave
                    action: {component: {key: loop, isPublic: true, version: LATEST}, key: breakLoop}
              - name: Digits
                steps:
                  - name: Double
                    action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode}
                    inputs: {code: {type: value, value: "steps:double"}}
              - name: Else
                steps: []
      - name: Summary
        action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode}
        inputs: {code: {type: value, value: "steps:summary"}}
      - name: Note
        action: {component: {key: log, isPublic: true, version: LATEST}, key: writeLog}
        inputs:
          message: {type: template, value: "{{#Greeting}}: {{$summary.results.doubled}}"}
"""
STEPS = """\
def double(context, results):
    return 2 * int(results["eachAnswer"]["currentItem"])

def summary(context, results):
    return {"doubled": results["eachAnswer"]}
"""


@pytest.fixture
def play(tmp_path):
    """Run the flow for the answers; gives the paths of the steps and the outcome."""
    (tmp_path / "integration.yaml").write_text(FLOW)
    (tmp_path / "steps.py").write_text(STEPS)
    registry = {component.key: component for component in map(load, OWN.glob("[a-z]*"))}
    integration = read(tmp_path / "integration.yaml")
    require(integration, registry)
    context = ActionContext(integration=Integration(folder=tmp_path))
    paths: list[str] = []

    def perform(call):
        paths.append(call.path)
        action = registry[call.step.action.component.key].actions[call.step.action.key]
        return action.perform(replace(context, results=call.results), call.inputs)

    def play(answers):
        flow = integration.flows[0]
        payload = {"body": {"data": {"answers": answers}}}
        return paths, run(flow, Scope.begin(flow, payload, {"Greeting": "Hello"}), perform, limit=4 << 20)

    return play


def test_loops_branches_code_and_templates_work_together(play, caplog):
    caplog.set_level("INFO", "twilio_connector")
    paths, outcome = play(["1", "x", "21", "stop", "5"])
    assert caplog.messages == ['Hello: [2,"Else",42]']
    assert paths == [
        "eachAnswer",
        "eachAnswer[0].howMany",
        "eachAnswer[0].double",
        "eachAnswer[1].howMany",
        "eachAnswer[2].howMany",
        "eachAnswer[2].double",
        "eachAnswer[3].howMany",
        "eachAnswer[3].leave",
        "summary",
        "note",
    ]
    assert not outcome.stopped


def test_a_missing_list_names_the_input_that_wants_it(play):
    with pytest.raises(InvalidInput, match="items: is required"):
        play(None)
