"""What pages and command ask of the host."""

import asyncio
import logging
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.definition import IntegrationInvalid
from twilio_connector.host.host import Host, KeyRefused, NoSuchEndpoint, TooLarge
from twilio_connector.host.settings import Limits
from twilio_connector.host.store import portable
from twilio_connector.host.store.schema import metadata

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


# ── connections ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def add(host, name="mine", **fields):
    return host.add_connection(name=name, component="probe", key="token", fields=FIELDS | fields)


def test_a_connection_is_checked_by_its_component_before_it_is_kept(host):
    with pytest.raises(ConnectionFailed) as caught:
        host.add_connection(name="mine", component="probe", key="token", fields={"token": "hunter2-hunter2"})
    assert caught.value.field == "account"
    assert host.store.connections.all() == []


def test_a_page_sees_which_secrets_are_set_but_never_their_values(host):
    shown, secret = host.connection_form(add(host).id)
    assert (shown, secret) == ({"account": "A1"}, {"token"})


def test_a_secret_left_empty_keeps_its_value(host):
    made = add(host)
    host.update_connection(made.id, name="ours", fields={"account": "A2", "token": ""})
    record = host.store.connections.require(made.id)
    assert record.name == "ours"
    assert host.vault.unseal(made.id, record.secret) == {"account": "A2", "token": "hunter2-hunter2"}


def test_a_test_is_written_down_whether_good_or_bad(host):
    good, bad = add(host), add(host, "bad", token="wrong-token")
    assert (host.test_connection(good.id).healthy, host.test_connection(good.id).verdict) == (True, "reaches A1")
    tested = host.test_connection(bad.id)
    assert (tested.healthy, tested.verdict) == (False, "the token [secret] is wrong")


@pytest.mark.parametrize(
    "unknown", [{"component": "nothing", "key": "token"}, {"component": "probe", "key": "nothing"}]
)
def test_a_connection_of_no_component_is_refused(host, unknown):
    with pytest.raises(InvalidInput, match="no installed component"):
        host.add_connection(name="mine", fields=FIELDS, **unknown)


def test_no_table_holds_a_secret_in_plain(host):
    add(host)
    with host.store.engine.begin() as connection:
        everything = [connection.execute(sa.select(table)).all() for table in metadata.sorted_tables]
    assert "hunter2" not in repr(everything)


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
    host.test_connection(add(host).id)
    for name in ("twilio_connector.flow", "somebody.elses"):
        logging.getLogger(name).warning("token=%s", "hunter2-hunter2")
    assert [record.getMessage() for record in caplog.records] == ["token=[secret]"] * 2


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "\ud800"])
def test_names_that_a_database_does_not_take_are_refused(host, name):
    with pytest.raises(InvalidInput, match="printable"):
        add(host, name)
    with pytest.raises(InvalidInput, match="printable"):
        host.store.customers.ensure(name.strip())


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
    host.add_connection(name="Twilio", component="twilio", key="apiKeySecret", fields=fields)
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


def test_stored_secrets_are_not_sent_to_another_address(host):
    fields = {"username": "AC" + "1" * 32, "password": "the-auth-token"}
    made = host.add_connection(name="Twilio", component="twilio", key="basic", fields=fields)
    theirs = {"username": fields["username"], "baseUrl": "https://theirs.example/{product}"}
    with pytest.raises(InvalidInput, match=r"baseUrl: .*enter them again \(password\)"):
        host.update_connection(made.id, name="Twilio", fields=theirs)
    with pytest.raises(InvalidInput, match="baseUrl"):
        host.update_connection(made.id, name="Twilio", fields=theirs, tested=True)
    assert host.connection_form(made.id)[0] == {"username": fields["username"]}
    same = {"username": fields["username"], "baseUrl": "https://{product}.twilio.com", "timeout": "5"}
    host.update_connection(made.id, name="Twilio", fields=same)
    host.update_connection(made.id, name="Twilio", fields=theirs | {"password": "the-auth-token"})
    assert host.connection_form(made.id)[0]["baseUrl"] == theirs["baseUrl"]


def test_a_named_secret_is_not_sent_to_an_address_that_whoever_chose_it_gave(host):
    host.custody.set_secret("one", "the-auth-token")
    host.custody.set_secret("two", "another-token")
    theirs = {"username": "AC" + "1" * 32, "baseUrl": "https://theirs.example/{product}"}
    call, other = {"password": {"$secret": "one"}}, {"password": {"$secret": "two"}}
    kind = {"component": "twilio", "key": "basic"}
    with pytest.raises(InvalidInput, match="baseUrl: a secret that is called by its name"):
        host.add_connection(name="New", **kind, fields=theirs | call)
    usual = host.add_connection(name="Usual", **kind, fields={"username": theirs["username"]} | call)
    for change in ({}, call, other):
        with pytest.raises(InvalidInput, match="baseUrl: "):
            host.update_connection(usual.id, name="Usual", fields=theirs | change)
    own = host.add_connection(name="Own", **kind, fields=theirs | {"password": "entered"})
    with pytest.raises(InvalidInput, match="baseUrl: a secret"):
        host.update_connection(own.id, name="Own", fields=theirs | call, tested=True)
    declared = host.add_connection(name="Declared", **kind, fields=theirs | call, elsewhere=True)
    host.update_connection(declared.id, name="Renamed", fields=theirs | call)
    with pytest.raises(InvalidInput, match="baseUrl: a secret"):
        host.update_connection(declared.id, name="Renamed", fields=theirs | other)
    assert [record.name for record in host.store.connections.all()] == ["Own", "Renamed", "Usual"]
