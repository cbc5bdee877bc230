"""Instances: deployed with what their integration asks for, or not at all."""

from dataclasses import replace

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.definition import IntegrationInvalid
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits

FIELDS = {"account": "A1", "token": "hunter2-hunter2"}


def add(host):
    return host.connections.add(name="mine", component="probe", key="token", fields=FIELDS)


CODE = (
    "{name: Code, action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode}, "
    "inputs: {code: {type: value, value: 'steps:run'}}}"
)


CONFIG = """requiredConfigVars:
  - {key: Token, dataType: connection, connection: {component: {key: probe, isPublic: true, version: LATEST}, key: token}}
  - {key: Greeting, dataType: string, defaultValue: hello}
  - {key: Mood, dataType: picklist, pickList: [glad, sad]}
"""


@pytest.fixture
def configured(host, integration, step):
    path = integration(step("Give", "give", what="#Greeting"), config=CONFIG)
    return lambda **config: host.instances.deploy(path, customer="acme", config=config)


def test_config_variables_are_given_or_have_defaults(host, configured):
    made = add(host)
    instance = configured(Token="mine", Mood="glad")
    assert (instance.config, instance.connections) == ({"Greeting": "hello", "Mood": "glad"}, {"Token": made.id})
    assert configured(Token=made.id, Mood="sad", Greeting="hi").config == {"Greeting": "hi", "Mood": "sad"}


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"Mood": "glad"}, "Token", "choose a connection"),
        ({"Token": "other", "Mood": "glad"}, "Token", "there is no connection 'other'"),
        ({"Token": "mine"}, "Mood", "give it a value"),
        ({"Token": "mine", "Mood": "angry"}, "Mood", "glad, sad"),
        ({"Token": "mine", "Mood": "glad", "Mod": "x"}, "Mod", "the integration has 'Token'"),
    ],
)
def test_a_config_variable_that_is_wrong_is_named(host, configured, given, field, message):
    add(host)
    with pytest.raises(InvalidInput, match=message) as caught:
        configured(**given)
    assert caught.value.field == field
    assert host.store.instances.all() == []


def test_what_the_host_cannot_run_is_refused_when_it_is_deployed(host, integration, step):
    path = integration(step("Give", "giev", what="x"))
    with pytest.raises(IntegrationInvalid, match=r"probe.yaml:\d+: .*giev"):
        host.instances.deploy(path, customer="acme")
    assert host.store.integrations.all() == []


def test_only_an_integration_with_code_steps_brings_its_folder(host, integration, step, tmp_path):
    folder = tmp_path / "integration"
    path = integration(step("Give", "give", what="x"))
    (folder / "steps.py").write_text("def run(context, results):\n    return {'trigger': sorted(results)}\n")
    (folder / ".secret").write_text("x")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("x")
    plain = host.instances.deploy(path, customer="acme", name="plain")
    assert set(host.store.integrations.files(plain.version_id)) == {"probe.yaml"}
    coded = host.instances.deploy(integration(CODE), customer="acme", name="coded")
    assert set(host.store.integrations.files(coded.version_id)) == {"probe.yaml", "steps.py"}


def test_a_code_step_runs_from_the_published_folder(host, integration, call, tmp_path):
    path = integration(CODE)
    module = path.parent / "steps.py"
    module.write_text("def run(context, results):\n    return [context.customer.external_id, sorted(results)]\n")
    instance = host.instances.deploy(path, customer="acme")
    module.write_text("def run(context, results):\n    return 'edited'\n")
    assert call(instance).result["data"] == ["acme", ["trigger"]]
    assert call(host.instances.deploy(path, customer="acme")).result["data"] == "edited"


def test_a_folder_that_is_too_large_is_not_published(settings, integration, probe):
    path = integration(CODE)
    (path.parent / "steps.py").write_text("def run(context, results): ...\n" + "#" * 5000)
    host = Host.open(replace(settings, components=(probe,), limits=Limits(definition=4000)))
    with pytest.raises(InvalidInput, match="more than 4000 bytes"):
        host.instances.deploy(path, customer="acme")
    host.stop()


def test_a_trigger_that_could_take_no_request_is_told_of_on_deployment(host, tmp_path):
    """The file is sound: what it lacks is in the configuration, and the first webhook would be lost by it."""
    fields = {"accountSid": "AC" + "1" * 32, "apiKey": "SK" + "2" * 32, "apiSecret": "secret", "authToken": "token"}
    host.connections.add(name="Twilio", component="twilio", key="apiKeySecret", fields=fields)
    (tmp_path / "texts.yaml").write_text(ANSWERING)
    with pytest.raises(InvalidInput, match=r"flow 'Answer': its trigger 'Text' cannot take its inputs: .*responseText"):
        host.instances.deploy(tmp_path / "texts.yaml", customer="acme", config={"Twilio": "Twilio", "Answer": " "})
    assert host.store.instances.all() == []
    instance = host.instances.deploy(
        tmp_path / "texts.yaml", customer="acme", config={"Twilio": "Twilio", "Answer": "Thanks"}
    )
    assert instance.config == {"Answer": "Thanks"}


ANSWERING = """
definitionVersion: 7
name: Answering
requiredConfigVars:
  - key: Twilio
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: apiKeySecret}
  - {key: Answer, dataType: string}
flows:
  - name: Answer
    steps:
      - name: Text
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: inboundMessage}
        inputs:
          twilioConnection: {type: configVar, value: Twilio}
          responseMode: {type: value, value: text}
          responseText: {type: configVar, value: Answer}
"""
