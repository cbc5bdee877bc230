import pickle

import pytest
from twilio_connector.host.definition import IntegrationInvalid, model, parse, read
from twilio_connector.host.definition.problems import Problem

SAY = """\
      - name: Say
        action: {component: {key: log}, key: writeLog}
        inputs:
          message: %s
"""


def message(integration, written):
    return integration(SAY % written).flows[0].steps[1].inputs["message"]


def problems(document: str) -> str:
    with pytest.raises(IntegrationInvalid) as caught:
        parse(document.encode())
    return str(caught.value)


@pytest.mark.parametrize("text", ["+15551234567", "NO", "12:30:00", "007", "true", "1e3"])
def test_a_value_stays_the_text_that_was_written(integration, text):
    assert message(integration, f"{{type: value, value: {text}}}") == model.Text(text=text)


@pytest.mark.parametrize("written", ["{type: value, value: ''}", "{type: value, value: null}", "{type: value}"])
def test_nothing_is_empty_text(integration, written):
    assert message(integration, written) == model.Text(text="")


def test_a_reference_names_step_part_and_path(integration):
    assert message(integration, "{type: reference, value: 'start.results.body.data[0].a'}") == model.Reference(
        text="start.results.body.data[0].a", step="start", field="results", path=("body", "data", "0", "a")
    )


def test_a_template_is_cut_into_text_references_and_config_variables(integration):
    written = "{type: template, value: 'Dear {{ $start.results.name }}, {{1}} {{#My Var}}!'}"
    top = "requiredConfigVars: [{key: My Var, dataType: string}]\n"
    found = integration(SAY % written, top=top).flows[0].steps[1].inputs["message"]
    assert found.parts == (
        "Dear ",
        model.Reference(text="start.results.name", step="start", field="results", path=("name",)),
        ", {{1}} ",
        model.ConfigVarRef(name="My Var"),
        "!",
    )


def test_a_list_of_values_names_or_conditions_is_told_by_its_form(integration):
    values = message(integration, "{type: complex, value: [{type: value, value: a}]}")
    assert values == model.ValueList(items=(model.Text(text="a"),))
    names = message(integration, "{type: complex, value: [{name: k, type: value, value: a}]}")
    assert names == model.KeyValueList(items=(model.Pair(name="k", value=model.Text(text="a")),))
    computed = message(integration, "{type: complex, value: [{name: {type: value, value: k}, type: value, value: a}]}")
    assert computed.items[0].name == model.Text(text="k")
    written = "{type: complex, value: [{name: Yes, type: complex, value: [and, [exists, {type: value, value: a}]]}]}"
    condition = model.Term(operator="exists", left=model.Text(text="a"))
    assert message(integration, written).branches == (("Yes", model.Group(operator="and", terms=(condition,))),)


def test_flags_and_numbers_are_read_where_the_grammar_has_them(integration):
    flow = integration(
        flow="    isSynchronous: 'true'\n    queueConfig: {usesFifoQueue: true, concurrencyLimit: 3}\n"
    ).flows[0]
    assert flow.synchronous is True
    assert (flow.queue.fifo, flow.queue.concurrency_limit) == (True, 3)


def test_error_handling_and_retry_are_read(integration):
    handling = (
        "        errorConfig: {errorHandlerType: retry, maxAttempts: 5, delaySeconds: 60, ignoreFinalError: true}\n"
    )
    flow = integration(SAY % "{type: value, value: x}" + handling, flow="    retryConfig: {maxAttempts: 10}\n").flows[0]
    assert flow.steps[1].errors == model.ErrorConfig(
        handler="retry", max_attempts=5, delay_seconds=60, ignore_final_error=True
    )
    assert flow.retry == model.RetryConfig(max_attempts=10)


def test_an_integration_knows_its_folder_and_the_lines_of_its_steps(tmp_path, integration):
    file = tmp_path / "integration.yaml"
    file.write_text("definitionVersion: 6\nname: A\nflows:\n  - name: F\n    steps:\n"
                    "      - {name: T, isTrigger: true, action: {component: {key: c}, key: k}}\n")  # fmt: skip
    found = read(file)
    assert (found.folder, found.definition_version) == (tmp_path, 6)
    assert (found.flows[0].trigger.at.line, found.flows[0].trigger.at.path) == (6, "flows[0].steps[0]")


def test_a_file_that_is_not_there_is_a_problem_like_any_other(tmp_path):
    with pytest.raises(IntegrationInvalid, match="cannot be read: No such file"):
        read(tmp_path / "nothing.yaml")


def test_all_problems_come_at_once_in_the_order_of_the_file_with_line_key_and_mend():
    found = problems(
        "definitionVersion: 8\n"
        "nam: x\n"
        "flows:\n"
        "  - name: F\n"
        "    isSynchronous: maybe\n"
        "    steps:\n"
        "      - name: T\n"
        "        isTrigger: true\n"
        "        action: {component: {key: c}}\n"
        "        errorConfig: {delaySeconds: 61}\n"
    ).splitlines()
    assert found == [
        "integration.yaml:1: name: is required; give it a text",
        "integration.yaml:1: definitionVersion: must be a whole number from 6 to 7, not '8'",
        "integration.yaml:2: nam: is not a key here; did you mean name?",
        "integration.yaml:5: flows[0].isSynchronous: must be true or false, not 'maybe'",
        "integration.yaml:9: flows[0].steps[0].action.key: is required; give it a text",
        "integration.yaml:10: flows[0].steps[0].errorConfig.delaySeconds: must be a whole number from 0 to 60, not '61'",
    ]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{type: reference, value: start}", "must name a step and its results"),
        ("{type: reference, value: start.result.x}", "must go on with results after start"),
        ("{type: reference, value: 'start.results[x'}", "cannot be read from '[x' on"),
        ("{type: template, value: 'Hi {{$start.results'}", "has {{ without }}"),
        ("{type: template, value: 'Hi {{$start}}'}", "must name a step and its results"),
        ("{type: valu, value: x}", "must be one of value, configVar"),
        ("{type: value, value: [x]}", "must be text"),
        ("{type: complex, value: x}", "must be a list"),
        ("{type: complex, value: [{name: a, type: value}, {type: value}]}", "must have a name, as the other entries"),
        (
            "{type: complex, value: [{name: a, type: complex, value: [and, [exist, {value: x}]]}]}",
            "did you mean exists?",
        ),
        (
            "{type: complex, value: [{name: a, type: complex, value: [and, [equal, {value: x}]]}]}",
            "equal takes 2 operands",
        ),
        ("plain", "must be a mapping with type, value"),
    ],
)
def test_an_input_that_cannot_be_read_is_named(integration, written, problem):
    with pytest.raises(IntegrationInvalid) as caught:
        message(integration, written)
    assert problem in str(caught.value)
    assert {found.line for found in caught.value.problems} == {12}


def test_a_file_that_is_wrong_all_over_is_not_read_to_its_end():
    found = problems("definitionVersion: 7\nname: A\nflows: [" + "x, " * 5000 + "x]").splitlines()
    assert len(found) == 201
    assert "only the first 200 are looked for" in found[-1]


def test_the_problems_survive_pickling():
    error = pickle.loads(pickle.dumps(IntegrationInvalid([Problem("f", 1, "a.b", "is wrong")])))  # noqa: S301
    assert (str(error), error.field, error.kind, error.exit_status) == ("f:1: a.b: is wrong", "a.b", "integration", 2)
