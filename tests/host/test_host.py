"""What pages and command ask of the host."""

import asyncio
import logging
import time
from dataclasses import replace

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.definition import IntegrationInvalid
from twilio_connector.host.host import Host, KeyRefused, NoSuchEndpoint, TooLarge
from twilio_connector.host.settings import Limits
from twilio_connector.host.store import portable

FIELDS = {"account": "A1", "token": "hunter2-hunter2"}
JSON = (("Content-Type", "application/json"),)


def request(body=b"{}", headers=JSON, url="https://host.example/trigger/x?a=1&a=2&b="):
    return WebhookRequest(url=url, headers=headers, body=body)


@pytest.fixture
def instance(host, integration, step):
    return host.deploy(integration(step("Give", "give", what="x")), customer="acme", customer_name="Acme")


@pytest.fixture
def endpoint(host, instance):
    (found,) = host.store.instances.endpoints(instance.id)
    return found.id


def receive(host, endpoint, *args, **given):
    return asyncio.run(host.receive(endpoint, *args, **given))


# ── webhooks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_accepted_request_is_the_platforms_envelope(host, endpoint, instance):
    received = receive(host, endpoint, request(b'{"n": 1}'))
    payload = portable.loads(host.store.executions.get(received.execution_id).payload)
    assert payload["body"] == {"data": {"n": 1}, "contentType": "application/json"}
    assert payload["rawBody"] == {"data": b'{"n": 1}', "contentType": "application/json"}
    assert payload["queryParameters"] == {"a": ["1", "2"], "b": ""}
    assert payload["webhookUrls"] == {"Inbound": f"https://host.example/trigger/{endpoint}"}
    assert payload["customer"]["externalId"] == "acme"
    assert payload["customer"]["name"] == "Acme"
    assert payload["executionId"] == received.execution_id
    assert payload["instance"]["id"] == instance.id


@pytest.mark.parametrize("address", ["nobody-was-given-this", "", "a\0b", "x" * 65, "../etc"])
def test_an_address_that_nobody_was_given_is_404(host, address):
    with pytest.raises(NoSuchEndpoint) as caught:
        receive(host, address, request())
    assert caught.value.status == 404


def test_an_instance_that_is_switched_off_takes_nothing(host, endpoint, instance):
    host.enable(instance.id, enabled=False)
    with pytest.raises(NoSuchEndpoint):
        receive(host, endpoint, request())
    host.enable(instance.id, enabled=True)
    assert receive(host, endpoint, request()).execution_id


def test_a_body_over_the_limit_is_refused_and_noted(host, endpoint):
    with pytest.raises(TooLarge):
        receive(host, endpoint, request(b"x" * (host.settings.limits.body + 1)))
    while not (refusals := host.store.refusals.recent()):
        time.sleep(0.01)
    (refusal,) = refusals
    assert refusal.endpoint_id == endpoint
    assert host.store.executions.recent() == []


def test_a_malformed_body_is_the_senders_mistake(host, endpoint):
    with pytest.raises(InvalidInput) as caught:
        receive(host, endpoint, request(b"{"))
    assert caught.value.field == "body"


def test_a_flow_with_a_key_asks_for_it(host, endpoint):
    key = host.add_key(endpoint)
    assert receive(host, endpoint, request(), api_key=key).execution_id
    for wrong in (None, "", key + "x", "\ud800"):
        with pytest.raises(KeyRefused):
            receive(host, endpoint, request(), api_key=wrong)
    host.remove_key(host.store.instances.keys(endpoint)[0].id)
    assert receive(host, endpoint, request()).execution_id


def test_a_flow_that_requires_a_key_lets_nobody_in_without_one(host, integration, step):
    path = integration(step("Give", "give", what="x"), flow="    endpointSecurityType: customer_required\n")
    (endpoint,) = host.store.instances.endpoints(host.deploy(path, customer="acme").id)
    with pytest.raises(KeyRefused):
        receive(host, endpoint.id, request())


def test_a_synchronous_flow_says_so(host, integration, step):
    path = integration(step("Give", "give", what="twiml"), flow="    isSynchronous: true\n")
    (endpoint,) = host.store.instances.endpoints(host.deploy(path, customer="acme").id)
    assert receive(host, endpoint.id, request()).wait


def add(host):
    return host.connections.add(name="mine", component="probe", key="token", fields=FIELDS)


# ── instances ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    return lambda **config: host.deploy(path, customer="acme", config=config)


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
        host.deploy(path, customer="acme")
    assert host.store.integrations.all() == []


def test_only_an_integration_with_code_steps_brings_its_folder(host, integration, step, tmp_path):
    folder = tmp_path / "integration"
    path = integration(step("Give", "give", what="x"))
    (folder / "steps.py").write_text("def run(context, results):\n    return {'trigger': sorted(results)}\n")
    (folder / ".secret").write_text("x")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_text("x")
    plain = host.deploy(path, customer="acme", name="plain")
    assert set(host.store.integrations.files(plain.version_id)) == {"probe.yaml"}
    coded = host.deploy(integration(CODE), customer="acme", name="coded")
    assert set(host.store.integrations.files(coded.version_id)) == {"probe.yaml", "steps.py"}


def test_a_code_step_runs_from_the_published_folder(host, integration, call, tmp_path):
    path = integration(CODE)
    module = path.parent / "steps.py"
    module.write_text("def run(context, results):\n    return [context.customer.external_id, sorted(results)]\n")
    instance = host.deploy(path, customer="acme")
    module.write_text("def run(context, results):\n    return 'edited'\n")
    assert call(instance).result["data"] == ["acme", ["trigger"]]
    assert call(host.deploy(path, customer="acme")).result["data"] == "edited"


def test_a_folder_that_is_too_large_is_not_published(settings, integration, probe):
    path = integration(CODE)
    (path.parent / "steps.py").write_text("def run(context, results): ...\n" + "#" * 5000)
    host = Host.open(replace(settings, components=(probe,), limits=Limits(definition=4000)))
    with pytest.raises(InvalidInput, match="more than 4000 bytes"):
        host.deploy(path, customer="acme")
    host.stop()


def test_removing_an_instance_closes_its_addresses(host, endpoint, instance):
    host.remove_instance(instance.id)
    with pytest.raises(NoSuchEndpoint):
        receive(host, endpoint, request())


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_running_host_strikes_known_secrets_out_of_the_log(host, caplog):
    host.connections.test(add(host).id)
    for name in ("twilio_connector.flow", "somebody.elses"):
        logging.getLogger(name).warning("token=%s", "hunter2-hunter2")
    assert [record.getMessage() for record in caplog.records] == ["token=[secret]"] * 2


def test_what_strangers_ask_for_by_id_is_simply_not_there(host):
    for odd in ("a\0b", "\ud800", "x" * 9999):
        assert host.store.executions.get(odd) is None
        assert host.store.instances.get(odd) is None
        assert host.store.connections.get(odd) is None
        assert host.store.customers.get(odd) is None


def test_files_that_hold_data_are_for_their_owner_only(settings, host):
    for file in settings.data.iterdir():
        if file.is_file() and file.suffix in {".sqlite", ".key"}:
            assert file.stat().st_mode & 0o077 == 0, file


def test_a_trigger_that_could_take_no_request_is_told_of_on_deployment(host, tmp_path):
    """The file is sound: what it lacks is in the configuration, and the first webhook would be lost by it."""
    fields = {"accountSid": "AC" + "1" * 32, "apiKey": "SK" + "2" * 32, "apiSecret": "secret", "authToken": "token"}
    host.connections.add(name="Twilio", component="twilio", key="apiKeySecret", fields=fields)
    (tmp_path / "texts.yaml").write_text(ANSWERING)
    with pytest.raises(InvalidInput, match=r"flow 'Answer': its trigger 'Text' cannot take its inputs: .*responseText"):
        host.deploy(tmp_path / "texts.yaml", customer="acme", config={"Twilio": "Twilio", "Answer": " "})
    assert host.store.instances.all() == []
    instance = host.deploy(tmp_path / "texts.yaml", customer="acme", config={"Twilio": "Twilio", "Answer": "Thanks"})
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
