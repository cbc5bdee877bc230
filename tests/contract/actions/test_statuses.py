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
    file.write_text(json.dumps(units.connection))

    def run(key, given):
        command = ["twilio-connector", "invoke", key, "--connection", str(file), "--inputs", json.dumps(given)]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capfd.readouterr())

    return run


def test_an_input_that_is_missing_is_named(invoke, recorder, units, needed):
    key, name = needed
    given = {other: value for other, value in units.cases(key)["minimal"].items() if other != name}
    for nothing in ({}, {name: ""}, {name: None}):
        ended = invoke(key, given | nothing)
        assert (ended.status, ended.out, recorder.requests) == (2, "", [])
        assert f"{name}: is required" in ended.err


def test_an_input_that_there_is_not_is_named(invoke, recorder, units, action):
    ended = invoke(action, units.cases(action)["minimal"] | {"noSuchInput": "x"})
    assert (ended.status, ended.out, recorder.requests) == (2, "", [])
    assert "noSuchInput: is not an input here" in ended.err


def test_an_input_of_another_kind_is_named(invoke, recorder, units, wrong):
    key, name, value = wrong
    ended = invoke(key, units.case_with(key, name) | {name: value})
    assert (ended.status, ended.out, recorder.requests) == (2, "", [])
    assert ended.err.startswith(f"error: {name}")
    assert "Traceback" not in ended.err


def test_what_twilio_refuses_one_of_many_is_told_in_its_result(recorder, units, context):
    recorder.refusal = 400, json.dumps(REFUSAL)
    [result] = units.perform("sendBulk", units.cases("sendBulk")["all"], context)
    told = json.dumps(result["error"])
    assert result["error"]["code"] == REFUSAL["code"]
    assert REFUSAL["message"] in told
    assert REFUSAL["more_info"] in told


def test_what_twilio_refuses_is_told_with_code_message_and_link(invoke, recorder, units, action):
    if units.is_pure(action) or action == "sendBulk":
        return
    recorder.refusal = 400, json.dumps(REFUSAL)
    for given in units.cases(action).values():
        ended = invoke(action, given)
        assert (ended.status, ended.out) == (4, "")
        assert str(REFUSAL["code"]) in ended.err
        assert REFUSAL["message"] in ended.err
        assert REFUSAL["more_info"] in ended.err


@pytest.mark.parametrize("answered", [401, 429, 503])
def test_what_keeps_twilio_from_answering_says_what_to_do_next(invoke, recorder, units, action, answered):
    if units.is_pure(action) or action == "sendBulk":
        return
    recorder.refusal = answered, ""
    ended = invoke(action, next(iter(units.cases(action).values())))
    unsure = recorder.requests[0].method == "POST"  # 503 may come after it was done
    assert ended.status == {401: 3, 429: 5, 503: 6 if unsure else 5}[answered], ended
    assert ended.out == ""
