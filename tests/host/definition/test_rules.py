import pytest
from twilio_connector.host.definition import IntegrationInvalid, parse

LOG = "action: {component: {key: log}, key: writeLog}"
REFER = "inputs: {message: {type: reference, value: %s}}"


def step(name: str, refers: str = "", indent: int = 6, more: str = "") -> str:
    inputs = f", {REFER % refers}" if refers else ""
    return f"{' ' * indent}- {{name: {name}, {LOG}{inputs}{more}}}\n"


def nested(name: str, steps: str, key: str = "steps") -> str:
    return f"      - name: {name}\n        {LOG}\n        {key}:\n{steps}"


def problems(integration, *args, **parts) -> str:
    with pytest.raises(IntegrationInvalid) as caught:
        integration(*args, **parts)
    return str(caught.value)


def test_a_step_may_refer_to_the_trigger_and_to_steps_before_it(integration):
    assert integration(step("A", "start.results") + step("B", "a.results.x"))


def test_a_step_may_not_refer_to_itself_or_to_one_after_it(integration):
    assert "no earlier step is called a" in problems(integration, step("A", "a.results"))
    assert "no earlier step is called b" in problems(integration, step("A", "b.results") + step("B"))


def test_a_misspelt_step_is_guessed(integration):
    assert "did you mean start?" in problems(integration, step("A", "strat.results"))


def test_a_step_after_a_branch_may_refer_to_steps_inside_it(integration):
    branch = nested("Choose", "          - name: Yes\n            steps:\n" + step("In", indent=14), "branches")
    assert integration(branch + step("After", "in.results"))


def test_steps_inside_a_loop_are_seen_inside_it_only(integration):
    inside = step("In", "loop.currentItem.x", 10) + step("In Too", "in.results", 10) + step("Third", "loop.index", 10)
    assert integration(nested("Loop", inside) + step("After", "loop.results"))
    assert "use loop.results" in problems(integration, nested("Loop", inside) + step("After", "in.results"))


def test_the_parts_of_a_loop_are_there_where_they_exist(integration):
    within = nested("Loop", step("In", "loop.results", 10))
    assert "inside it there are currentItem and index" in problems(integration, within)
    after = nested("Loop", step("In", indent=10)) + step("After", "loop.currentItem")
    assert "currentItem is there only inside a loop" in problems(integration, after)


def test_two_steps_with_one_key_are_refused_wherever_they_are(integration):
    twins = step("Send Reply") + nested("Loop", step("send reply", indent=10))
    assert "are both sendReply in references; rename one" in problems(integration, twins)


def test_two_flows_of_one_name_are_refused_since_their_webhooks_are_called_by_it(integration):
    trigger = "{name: Start, isTrigger: true, action: {component: {key: webhook-triggers}, key: webhook}}"
    again = f"  - name: Flow 1\n    steps:\n      - {trigger}\n"
    found = problems(integration, again)
    assert "integration.yaml:9: flows[1].name: another flow in line 4 is called 'Flow 1'; rename one" in found


def test_a_flow_begins_with_its_only_trigger(integration):
    assert "only the first step" in problems(integration, step("A", more=", isTrigger: true"))
    bare = f"definitionVersion: 7\nname: A\nflows:\n  - name: F\n    steps:\n{step('A')}"
    with pytest.raises(IntegrationInvalid, match="the first step of a flow must be its trigger"):
        parse(bare.encode())


def test_a_flow_without_steps_and_an_integration_without_flows_are_refused():
    with pytest.raises(IntegrationInvalid, match="must be its trigger"):
        parse(b"definitionVersion: 7\nname: A\nflows: [{name: F, steps: []}]")
    with pytest.raises(IntegrationInvalid, match="flows: is required"):
        parse(b"definitionVersion: 7\nname: A\nflows: []")


def test_config_variables_must_be_declared(integration):
    used = f"      - {{name: A, {LOG}, inputs: {{m: {{type: configVar, value: Nmae}}}}}}\n"
    top = "requiredConfigVars: [{key: Name, dataType: string}]\n"
    assert "did you mean Name?" in problems(integration, used, top=top)
    in_template = used.replace("configVar", "template").replace("Nmae", "'{{#Nmae}}'")
    assert "did you mean Name?" in problems(integration, in_template, top=top)
    page = "configPages: [{name: P, elements: [{type: configVar, value: Nmae}]}]\n"
    assert "did you mean Name?" in problems(integration, top=top + page)


@pytest.mark.parametrize(
    ("top", "problem"),
    [
        ("[{key: A, dataType: string}, {key: A, dataType: string}]", "another config variable in line 3 is called 'A'"),
        ("[{key: A, dataType: connection}]", "is required for a connection"),
        ("[{key: A, dataType: string, useScopedConfigVar: x}]", "must be connection, not string"),
        ("[{key: A, dataType: picklist, pickList: [x, y], defaultValue: z}]", "must be one of x, y, not 'z'"),
        ("[{key: A, dataType: strin}]", "must be one of string, date"),
        ("[{key: A, dataType: schedule, defaultValue: 9 am}]", "defaultValue: '9 am' is not a cron line"),
        (
            "[{key: A, dataType: schedule, timeZone: Berlin}]",
            "timeZone: 'Berlin' is not a time zone; write one such as",
        ),
        ("[{key: A, dataType: string, inputs: {x: {type: reference, value: a.results}}}]", "there are no steps here"),
    ],
)
def test_a_config_variable_must_make_sense(integration, top, problem):
    assert problem in problems(integration, top=f"requiredConfigVars: {top}\n")


SCHEDULE = ", schedule: {type: value, value: '* * * * *', meta: {scheduleType: custom}}"


@pytest.mark.parametrize(
    ("flow", "scheduled", "problem"),
    [
        ("queueConfig: {usesFifoQueue: true}", True, "a FIFO queue cannot be scheduled"),
        ("queueConfig: {usesFifoQueue: true, singletonExecutions: true}", False, "not both"),
        ("queueConfig: {singletonExecutions: true}", False, "is for scheduled flows"),
        ("queueConfig: {concurrencyLimit: 16}", False, "from 2 to 15"),
        ("isSynchronous: true", True, "a synchronous flow answers a request"),
        ("isSynchronous: true, retryConfig: {maxAttempts: 1}", False, "a synchronous flow cannot be retried"),
        (
            "queueConfig: {dedupeIdField: {type: reference, value: nope.results.id}}",
            False,
            "no earlier step is called nope",
        ),
        ("queueConfig: {dedupeIdField: {type: value, value: x}}", False, "must be of type reference"),
    ],
)
def test_what_excludes_each_other_is_refused_as_on_the_platform(flow, scheduled, problem):
    trigger = f"{{name: T, isTrigger: true, {LOG}{SCHEDULE if scheduled else ''}}}"
    document = f"definitionVersion: 7\nname: A\nflows: [{{name: F, steps: [{trigger}], {flow}}}]"
    with pytest.raises(IntegrationInvalid) as caught:
        parse(document.encode())
    assert problem in str(caught.value)


SCHEDULED = """\
definitionVersion: 7
name: A
requiredConfigVars:
  - {key: When, dataType: schedule, timeZone: Europe/Berlin}
  - {key: Name, dataType: string}
flows:
  - name: F
    steps:
      - name: T
        isTrigger: true
        action: {component: {key: c}, key: t}
        schedule:
          type: TYPE
          value: "VALUE"
          meta:
            scheduleType: custom
            timeZone: "ZONE"
"""


@pytest.mark.parametrize(
    ("kind", "value", "zone", "problem"),
    [
        ("value", "61 * * * *", "", "a.yaml:14: flows[0].steps[0].schedule.value: '61 * * * *' never comes or is not"),
        ("value", "0 0 30 2 *", "", "a.yaml:14: flows[0].steps[0].schedule.value: '0 0 30 2 *' never comes"),
        ("value", "", "", "a.yaml:14: flows[0].steps[0].schedule.value: '' is not a cron line; write five fields"),
        (
            "value",
            "0 9 * * *",
            "Europe/Berln",
            "a.yaml:17: flows[0].steps[0].schedule.meta.timeZone: 'Europe/Berln' is not a time zone; write one such as",
        ),
        ("configVar", "", "", "schedule.value: is required; name the config variable"),
        ("configVar", "Wen", "", "there is no config variable 'Wen'; did you mean When?"),
        ("configVar", "Name", "", "'Name' is of type string; name one of type schedule"),
    ],
)
def test_a_schedule_that_tells_no_times_is_told_with_its_line(kind, value, zone, problem):
    document = SCHEDULED.replace("TYPE", kind).replace("VALUE", value).replace("ZONE", zone)
    with pytest.raises(IntegrationInvalid) as caught:
        parse(document.encode(), file="a.yaml")
    assert problem in str(caught.value)


def test_a_schedule_that_is_switched_off_is_none():
    document = (
        SCHEDULED.replace("TYPE", "value").replace("VALUE", "later").replace("custom", "none").replace("ZONE", "")
    )
    assert parse(document.encode()).flow("F").schedule is None
