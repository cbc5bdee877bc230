"""Through the command: what is wrong with the inputs gives status 2 and names the input; what Twilio refuses gives status 4."""

import json
import sys
from dataclasses import dataclass

import pytest
from twilio_connector.cli.main import main

REFUSAL = {
    "code": 21999,
    "message": "This cannot be done",
    "more_info": "https://www.twilio.com/docs/errors/21999",
    "status": 400,
}


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


@pytest.fixture
def invoke(monkeypatch, capfd, tmp_path, units, context):
    """Run an action as the shell would."""
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    monkeypatch.setattr("twilio_connector.cli.units.ActionContext", lambda: context)  # its time stands still
    file = tmp_path / "connection.json"

    def run(key, given):
        file.write_text(json.dumps(units.connected("sendSMS", {})["twilioConnection"]))
        command = ["twilio-connector", "invoke", key, "--connection", str(file), "--inputs", json.dumps(given)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capfd.readouterr())

    return run


def is_action(units, key):
    return key in units.component.actions


def test_an_input_that_is_missing_is_named(invoke, recorder, units, key, said):
    if not is_action(units, key) or not said["required"] or said.get("default"):
        return
    given = units.cases(key)["minimal"]
    for nothing in ({}, {said["key"]: ""}, {said["key"]: None}):
        ended = invoke(key, {name: value for name, value in given.items() if name != said["key"]} | nothing)
        assert (ended.status, ended.out, recorder.requests) == (2, "", [])
        assert f"{said['key']}: is required" in ended.err


def test_an_input_that_there_is_not_is_named(invoke, recorder, units, key):
    if is_action(units, key):
        ended = invoke(key, units.cases(key)["minimal"] | {"noSuchInput": "x"})
        assert (ended.status, ended.out, recorder.requests) == (2, "", [])
        assert "noSuchInput: is not an input here" in ended.err


def test_an_input_of_another_kind_is_named(invoke, recorder, units, key, said):
    if not is_action(units, key) or (wrong := wrong_value(units, key, said)) is None:
        return
    given = next((given for given in units.cases(key).values() if said["key"] in given), None)
    ended = invoke(key, (given or units.cases(key)["minimal"]) | {said["key"]: wrong})
    assert (ended.status, ended.out, recorder.requests) == (2, "", []), ended
    assert said["key"] in ended.err
    assert "Traceback" not in ended.err


def wrong_value(units, key, said):
    """What is none of this input's kind; None where every text is one."""
    if said.get("model") or said["type"] == "boolean":
        return "no such choice"
    kinds = kinds_of(units.all[key].model.model_json_schema()["properties"][said["key"]])
    if kinds & {"integer", "number"}:
        return "many"
    if "date-time" in kinds or "date" in kinds:
        return "the day after"
    example = said.get("example") or ""
    if len(example) == 34 and example[:2].isupper():
        return example[:33]
    return None


def kinds_of(schema):
    """The types and formats of a JSON Schema, also inside its alternatives."""
    alternatives = [inner for each in schema.get("anyOf", ()) for inner in kinds_of(each)]
    return {schema.get("type"), schema.get("format"), *alternatives}


def test_what_twilio_refuses_is_told_with_code_message_and_link(invoke, recorder, units, key, given):
    if not is_action(units, key) or units.is_pure(key):
        return
    recorder.refusal = 400, json.dumps(REFUSAL)
    ended = invoke(key, given)
    assert (ended.status, ended.out) == (4, ""), ended
    for word in ("21999", "This cannot be done", "https://www.twilio.com/docs/errors/21999"):
        assert word in ended.err
