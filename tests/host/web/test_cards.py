"""A flow in words: where each input comes from, when a way is taken, what happens when a step fails."""

import pytest
from twilio_connector.host.definition import parse
from twilio_connector.host.registry import components
from twilio_connector.host.web.cards import Drawing, errors_in_words, plain, retry_in_words, words

STEP = "action: {{component: {{key: {}, isPublic: true, version: LATEST}}, key: {}}}"
FLOW = f"""
definitionVersion: 7
name: Words
requiredConfigVars: [{{key: Quiet, dataType: string}}]
flows:
  - name: Inbound
    retryConfig: {{maxAttempts: 3, delayMinutes: 5, usesExponentialBackoff: true}}
    steps:
      - {{name: Text received, isTrigger: true, {STEP.format("webhook-triggers", "webhook")}}}
      - name: Way
        {STEP.format("branch", "branchOnExpression")}
        inputs:
          conditions:
            type: complex
            value:
              - name: Stop
                type: complex
                value:
                  - or
                  - [equal, {{type: reference, value: textReceived.results.body.data.Body}}, {{type: value, value: STOP}}]
                  - [and, [exists, {{type: configVar, value: Quiet}}], [isTrue, {{type: value, value: "true"}}]]
        branches:
          - {{name: Stop, steps: [{{name: Gone, {STEP.format("no-such", "thing")}, inputs: {{a: {{type: value, value: b}}}}}}]}}
          - {{name: Else, steps: []}}
      - name: Each
        {STEP.format("loop", "loopOverItems")}
        inputs: {{items: {{type: reference, value: textReceived.results.list}}}}
        steps:
          - name: Say
            {STEP.format("log", "writeLog")}
            inputs: {{message: {{type: template, value: "Hi {{{{$each.currentItem.name}}}}, {{{{$each.index}}}}"}}}}
            errorConfig: {{errorHandlerType: retry, maxAttempts: 2, delaySeconds: 5, ignoreFinalError: true}}
"""


@pytest.fixture(scope="module")
def flow():
    return parse(FLOW.encode(), file="words.yaml").flow("Inbound")


@pytest.fixture(scope="module")
def cards(flow):
    return Drawing(registry=components(())).cards(flow)


def said(pieces):
    return "".join(text for _, text in pieces)


def test_inputs_say_where_they_come_from(cards):
    (say,) = cards[2].body
    assert [(label, said(value)) for label, value in say.inputs] == [
        ("Message", "Hi Each · the item · name, Each · the number of the turn")
    ]
    assert cards[2].inputs[0] == ("Items", [("result", "Text received · list")])


def test_ways_say_when_they_are_taken(cards):
    stop, other = cards[1].ways
    assert said(stop.condition) == "Text received · body · data · Body equals STOP or (Quiet exists and true is true)"
    assert (said(other.condition), other.cards) == ("otherwise", [])
    assert cards[1].inputs == []


def test_a_unit_that_is_gone_is_still_drawn(cards):
    (gone,) = cards[1].ways[0].cards
    assert (gone.unit, gone.inputs) == ("no-such.thing", [("a", [("value", "b")])])


def test_failures_are_told_in_words(flow, cards):
    assert cards[2].body[0].errors == "If it fails, it is tried 2 more times, 5 s apart; then the flow goes on."
    assert retry_in_words(flow.retry) == (
        "If the flow fails, it begins again up to 3 times, 5 min apart, doubled each time."
    )
    assert errors_in_words(flow.trigger.errors) == retry_in_words(None) == ""


def test_outside_of_an_execution_nothing_ran_and_nothing_was_left_out(flow, cards):
    assert {card.state for card in cards} == {""}
    nothing = Drawing(registry=components(()), rows=[]).cards(flow)
    assert [card.state for card in nothing] == ["succeeded", "skipped", "skipped"]
    assert [way.is_taken for way in nothing[1].ways] == [False, False]
    waiting = Drawing(registry=components(()), rows=[], is_over=False).cards(flow)
    assert waiting[1].state == "pending"
    assert plain("each[12].inner[0].say") == "each.inner.say"
    assert list(words(flow.steps[2].inputs["items"], {})) == [("result", "textReceived · list")]
