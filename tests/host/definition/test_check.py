"""Against the host's own components, and one that a stranger might install."""

import pytest
from twilio_connector.connector.component import load
from twilio_connector.host.definition import IntegrationInvalid, check, parse, require
from twilio_connector.host.definition.check import examine

MANIFEST = """\
key: mailer
public: true
display: {label: Mailer, description: Sends mail.}
documentationUrl: https://example.com/mailer
connections:
  token: {label: Token, comments: A token., entry: "mailer:Token"}
actions:
  send: {label: Send, description: Send a mail., entry: "mailer:send"}
  broken: {label: Broken, description: Broken., entry: "nowhere:broken"}
triggers:
  ask: {label: Ask, description: Ask., entry: "mailer:ask", isPollingTrigger: true, scheduleSupport: required,
    synchronousResponseSupport: invalid}
  answer: {label: Answer, description: Answer., entry: "mailer:ask", scheduleSupport: invalid,
    synchronousResponseSupport: required}
dataSources:
  boxes: {label: Boxes, description: Boxes., dataSourceType: picklist, entry: "mailer:boxes"}
"""
MODULE = """\
from typing import Literal

from twilio_connector.connector.inputs import Connection, Inputs, KeyValues, Values

from pydantic import SecretStr

class Token(Connection):
    token: str
    word: SecretStr | None = None
    safe: bool = True

class Send(Inputs):
    connection: Token
    subject: str
    urgent: bool = False
    kind: Literal["text", "html"] = "text"
    cc: Values = ()
    headers: KeyValues = ()

class Boxes(Inputs):
    connection: Token

def send(context, inputs: Send): ...
def ask(context, request, inputs: Inputs): ...
def boxes(context, inputs: Boxes): ...
"""
VARS = """\
requiredConfigVars:
  - {key: Mailer, dataType: connection, connection: {component: {key: mailer}, key: token}, inputs: {token: {value: ""}}}
  - {key: Name, dataType: string}
"""
GIVEN = "connection: {type: configVar, value: Mailer}, subject: {type: value, value: Hi}"


@pytest.fixture(scope="session")
def registry(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mailer")
    (folder / "component.yaml").write_text(MANIFEST)
    (folder / "mailer.py").write_text(MODULE)
    return {**own, "mailer": load(folder)}


def send(inputs: str = GIVEN, more: str = "") -> str:
    return f"      - {{name: Send, action: {{component: {{key: mailer}}, key: send}}, inputs: {{{inputs}}}{more}}}\n"


def step(component: str, key: str, inputs: str = "", more: str = "", name: str = "Step") -> str:
    return f"      - {{name: {name}, action: {{component: {{key: {component}}}, key: {key}}}, inputs: {{{inputs}}}{more}}}\n"


@pytest.fixture
def found(integration, registry):
    """The problems of an integration, as one text."""
    return lambda *args, **parts: "\n".join(map(str, check(integration(*args, **parts), registry)))


def test_an_integration_whose_components_are_installed_can_run(found):
    assert found(send(), top=VARS) == ""


def test_require_raises_what_check_finds(integration, registry):
    require(integration(send(), top=VARS), registry)
    with pytest.raises(IntegrationInvalid, match="is not installed"):
        require(integration(step("nope", "x")), registry)


def test_a_problem_names_file_line_key_and_mend(found):
    assert found(step("mailr", "send")) == (
        "integration.yaml:9: flows[0].steps[1].action.component.key: "
        "the component 'mailr' is not installed; install it, or use another: did you mean mailer?"
    )


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (step("mailer", "sned"), "mailer has no action 'sned'; did you mean send?"),
        (step("mailer", "ask"), "mailer has no action 'ask'"),
        (step("mailer", "broken"), "entry nowhere:broken: there is no module nowhere"),
        (send(GIVEN + ", subjct: {value: x}"), "inputs.subjct: is not an input here; did you mean subject?"),
        (send("connection: {type: configVar, value: Mailer}"), "inputs.subject: is required"),
        (send(GIVEN.replace("Hi", "''")), "inputs.subject.value: is required"),
        (send("subject: {value: x}, connection: {type: configVar, value: ''}"), "inputs.connection.value: is required"),
        (send(GIVEN.replace("value: Mailer", "value: Name")), "'Name' is of type string; name one of type connection"),
        (send(GIVEN.replace("type: configVar, value: Mailer", "value: x")), "must be of type configVar"),
        (
            send(GIVEN.replace("value: Hi", "value: '{{#Mailer}}'").replace("type: value", "type: template")),
            "is a connection",
        ),
        (send(GIVEN + ", urgent: {value: maybe}"), "must be true or false, not 'maybe'"),
        (send(GIVEN + ", kind: {value: pdf}"), "must be one of text, html, not 'pdf'"),
        (send(GIVEN + ", kind: {type: complex, value: [{value: html}]}"), "takes one value, not a list"),
        (send(GIVEN + ", cc: {type: complex, value: [{name: a, value: b}]}"), "takes no names"),
        (send(GIVEN + ", headers: {type: complex, value: [{value: b}]}"), "must have a name at each entry"),
        (
            send(GIVEN + ", cc: {type: complex, value: [{name: a, type: complex, value: [and]}]}"),
            "takes no conditions",
        ),
        (send(more=", steps: []"), "send does not loop"),
        (send(more=", branches: []"), "send does not branch"),
        (step("loop", "loopNTimes", "iterationCount: {value: '2'}"), "a loop has the steps that it repeats"),
        (step("sleep", "sleep", "ms: {value: abc}"), "inputs.ms.value: does not fit: input should be a valid integer"),
        (step("loop", "loopNTimes", "iterationCount: {value: '-5'}", ", steps: []"), "greater than or equal to 0"),
        (step("stop-execution", "stopExecution", "statusCode: {value: '99'}"), "greater than or equal to 200"),
        (step("http", "httpGet", "url: {value: 'http://x'}, timeout: {value: 1.5}"), "timeout.value: does not fit"),
        (step("loop", "breakLoop"), "there is no loop around this step to break"),
        (step("loop", "breakLoop", more=", errorConfig: {errorHandlerType: ignore}"), "there is no loop"),
        (step("branch", "branchOnValue", "branchValueMappings: {value: '[]'}"), "a branching step has branches"),
        (step("code", "runCode", "code: {type: template, value: x}"), "must be of type value"),
    ],
)
def test_what_does_not_fit_the_manifest_is_refused(found, steps, problem):
    assert problem in found(steps, top=VARS)


def test_a_number_may_be_blank_or_referred_to(found):
    reference = "{type: reference, value: start.results}"
    blank = "maxRetries: {value: ''}, timeout: {value: ' 5 '}"
    assert found(step("http", "httpGet", f"url: {reference}, {blank}, retryDelayMS: {reference}")) == ""


def test_a_reference_may_be_given_to_anything_but_a_connection(found):
    reference = "{type: reference, value: start.results}"
    assert found(send(GIVEN + f", urgent: {reference}, kind: {reference}, cc: {reference}"), top=VARS) == ""
    assert "must be of type configVar" in found(send(f"connection: {reference}, subject: {{value: x}}"), top=VARS)


def test_a_connection_must_be_of_the_component(found):
    top = VARS + "  - {key: Other, dataType: connection, connection: {component: {key: log}, key: token}}\n"
    problems = found(send(GIVEN.replace("Mailer", "Other")), top=top)
    assert "'Other' is a connection of log; this needs one of mailer" in problems
    assert "log has no connection 'token'; there are none" in problems


def branching(branches: str, mapped: str) -> str:
    mappings = ", ".join(f"{{name: {name}, value: x}}" for name in mapped.split())
    inputs = f"branchValueMappings: {{type: complex, value: [{mappings}]}}"
    written = ", ".join(f"{{name: {name}, steps: []}}" for name in branches.split())
    return step("branch", "branchOnValue", inputs, f", branches: [{written}]")


def test_branches_and_what_leads_to_them_agree(found):
    assert found(branching("Yes No Else", "Yes No")) == ""
    assert "there is no branch 'Nay' in branches; did you mean" in found(branching("Yes Na Else", "Yes Nay"))
    assert "nothing leads to the branch 'No'" in found(branching("Yes No Else", "Yes"))


def test_errors_of_a_loop_are_handled_inside_it(found):
    loop = step(
        "loop", "loopNTimes", "iterationCount: {value: '2'}", ", steps: [], errorConfig: {errorHandlerType: ignore}"
    )
    assert "handle errors at the steps inside it" in found(loop)


@pytest.mark.parametrize("action", ["runCode", "runHandler"])
def test_code_is_python_in_the_folder(found, tmp_path, action):
    (tmp_path / "steps.py").write_text("def reply(context, results): ...\n")

    def problems(code: str) -> str:
        return found(step("code", action, f"code: {{value: {code!r}}}"), folder=tmp_path)

    assert problems("steps:reply") == ""
    assert "steps.py has no function answer; add it" in problems("steps:answer")
    assert "JavaScript, which is not run here" in problems("module.exports = async () => ({data: 1})")


TRIGGER = "name: T, isTrigger: true, action: {component: {key: %s}, key: %s}"


@pytest.mark.parametrize(
    ("trigger", "flow", "problem"),
    [
        (
            TRIGGER % ("mailer", "ask"),
            "",
            "schedule: is required; ask runs by a schedule: write schedule: {type: value",
        ),
        (TRIGGER % ("mailer", "ask") + ", schedule: {meta: {scheduleType: none}}", "", "schedule: is required"),
        (TRIGGER % ("mailer", "ask"), "isSynchronous: true", "ask cannot answer its caller; make it false"),
        (TRIGGER % ("mailer", "answer"), "", "answer must answer its caller; make it true"),
        (TRIGGER % ("webhook-triggers", "webhok"), "", "has no trigger 'webhok'; did you mean webhook?"),
        (
            TRIGGER % ("webhook-triggers", "webhook") + ", errorConfig: {errorHandlerType: ignore}",
            "",
            "remove errorConfig",
        ),
        (TRIGGER % ("webhook-triggers", "webhook") + ", branches: []", "", "triggers do not branch here yet"),
        (
            TRIGGER % ("webhook-triggers", "webhook") + ", schedule: {value: '* * * * *'}",
            "",
            "webhook waits for requests and takes no schedule; remove it",
        ),
        (
            TRIGGER % ("mailer", "ask") + ", schedule: {value: '* * * * *', meta: {scheduleType: once}}",
            "",
            "write scheduleType: custom",
        ),
        (TRIGGER % ("webhook-triggers", "webhook"), "isAgentFlow: true", "agent flows are not run here"),
        (TRIGGER % ("webhook-triggers", "webhook"), "endpointSecurityType: organization", "write customer_required"),
        (TRIGGER % ("webhook-triggers", "webhook"), "triggerResolver: {enabled: true}", "batching of triggers"),
    ],
)
def test_what_this_host_does_not_do_is_refused_at_the_flow(registry, trigger, flow, problem):
    document = f"definitionVersion: 7\nname: A\nflows: [{{name: F, steps: [{{{trigger}}}], {flow}}}]"
    assert problem in "\n".join(map(str, check(parse(document.encode()), registry)))


def test_what_runs_by_a_schedule_and_has_one_can_run(registry):
    for unit in (("mailer", "ask"), ("schedule-triggers", "schedule")):
        trigger = (
            TRIGGER % unit
            + ", schedule: {type: value, value: '*/5 * * * *', meta: {scheduleType: minute, timeZone: ''}}"
        )
        document = f"definitionVersion: 7\nname: A\nflows: [{{name: F, steps: [{{{trigger}}}]}}]"
        assert check(parse(document.encode()), registry) == ()


@pytest.mark.parametrize(
    ("top", "problem"),
    [
        ("endpointType: shared_instance", "write flow_specific"),
        ("preprocessFlowName: F", "give each flow its own URL"),
        ("flowNameField: {type: reference, value: a.results.b}", "give each flow its own URL"),
        ("isCodeNative: true", "export it as low-code"),
        ("configPages: [{name: P, userLevelConfigured: true}]", "user-level configuration is not done here"),
        (VARS.replace("key: token}", "key: token, template: t}"), "connection templates are not kept here"),
        (VARS.replace("{key: mailer}", "{key: mailer, signature: abc}"), "write version: LATEST"),
        (VARS.replace("{token: {value", "{word: {value").replace('value: ""', "value: abc"), "word.value: is a secret"),
        (
            VARS.replace('value: ""', "value: maybe").replace("token: {v", "safe: {v"),
            "must be true or false, not 'maybe'",
        ),
        (VARS.replace("key: token}", "key: tokn}"), "mailer has no connection 'tokn'; did you mean token?"),
        (VARS.replace("token: {value", "tken: {value"), "did you mean token?"),
        (
            "requiredConfigVars: [{key: A, dataType: picklist, dataSource: {component: {key: mailer}, key: boxes}}]",
            "inputs.connection: is required",
        ),
    ],
)
def test_what_this_host_does_not_do_is_refused_at_the_top(found, top, problem):
    assert problem in found(top=top + "\n")


def test_what_is_there_but_asks_for_nothing_passes(found):
    top = "endpointType: flow_specific\ndefaultInstanceProfile: Default\nisCodeNative: false\npreprocessFlowName: ''\n"
    flow = "    queueConfig: {usesFifoQueue: false}\n    triggerResolver: {enabled: false, batchSize: 1}\n    schemas: {}\n"
    assert found(top=top, flow=flow) == ""


def test_an_id_that_is_left_blank_is_none(found):
    blank = "{type: value, value: ''}"
    flow = f"    queueConfig: {{dedupeIdField: {blank}}}\n    retryConfig: {{maxAttempts: 1, uniqueRequestIdField: {blank}}}\n"
    assert found(flow=flow) == ""


def test_what_describes_a_flow_or_asks_for_order_passes(found):
    flow = (
        "    schemas: {invoke: {type: object}}\n"
        "    renameAttributes: {steps: [{oldName: a, newName: b}]}\n"
        "    queueConfig: {usesFifoQueue: true, dedupeIdField: {type: reference, value: start.results.body.data.id}}\n"
        "    retryConfig: {maxAttempts: 10, uniqueRequestIdField: {type: reference, value: start.results.body.data.id}}\n"
    )
    top = "requiredConfigVars: [{key: A, dataType: connection, useScopedConfigVar: shared}, {key: B, dataType: jsonForm}]\n"
    pages = "configPages: [{name: P, elements: [{type: jsonForm, value: B}, {type: htmlElement, value: <b>Hi</b>}]}]\n"
    assert found(flow=flow, top=top + pages) == ""


def test_presets_of_a_connection_are_its_fields(found):
    assert found(send(), top=VARS.replace('value: ""', "type: configVar, value: Name")) == ""
    assert found(send(), top=VARS.replace('value: ""', "value: abc")) == ""


def test_a_flow_that_is_invoked_is_there_and_answers_nobody(registry):
    def problems(name, more=""):
        inputs = f"inputs: {{flowName: {{value: {name}}}}}"
        invoke = f"{{name: I, action: {{component: {{key: cross-flow}}, key: invokeFlow}}, {inputs}}}"
        first = f"{{name: First, steps: [{{{TRIGGER % ('cross-flow', 'crossFlow')}}}, {invoke}]}}"
        second = f"{{name: Second, steps: [{{{TRIGGER % ('cross-flow', 'crossFlow')}}}]{more}}}"
        document = f"definitionVersion: 7\nname: A\nflows: [{first}, {second}]"
        return "\n".join(map(str, check(parse(document.encode()), registry)))

    assert problems("Second") == ""
    assert "there is no flow 'Scond'; did you mean Second?" in problems("Scond")
    assert "'Second' is synchronous" in problems("Second", ", isSynchronous: true")


def test_all_kinds_of_problems_are_told_at_once(registry):
    text = f"""\
definitionVersion: 7
name: Test
{VARS}flows:
  - name: F
    isSynchronus: true
    steps:
      - name: Start
        isTrigger: true
        action: {{component: {{key: webhook-triggers}}, key: webhook}}
      - name: Send
        action: {{component: {{key: mailer}}, key: sned}}
        inputs: {{subject: {{type: reference, value: nobody.results}}}}
      - name: Slack
        action: {{component: {{key: slack}}, key: post}}
      - name: Nothing
"""
    with pytest.raises(IntegrationInvalid) as caught:
        examine(text.encode(), registry, file="a.yaml")
    told = [str(problem) for problem in caught.value.problems]
    assert [line.split(": ")[0] for line in told] == [f"a.yaml:{n}" for n in (8, 14, 15, 17, 18)]
    mends = ("did you mean isSynchronous", "did you mean send", "nobody", "'slack' is not", "action")
    for part, line in zip(mends, told, strict=True):
        assert part in line
