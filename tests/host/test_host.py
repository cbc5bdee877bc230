"""What pages and command ask of the host."""

import asyncio
import logging
import time
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import get_args

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import KeyRefused, NoSuchEndpoint, TooLarge
from twilio_connector.host.loggers import Subject, logger
from twilio_connector.host.store import portable

HOST = Path(__file__).parents[2] / "host"
FIELDS = {"account": "A1", "token": "hunter2-hunter2"}
JSON = (("Content-Type", "application/json"),)


def request(body=b"{}", headers=JSON, url="https://host.example/trigger/x?a=1&a=2&b="):
    return WebhookRequest(url=url, headers=headers, body=body)


@pytest.fixture
def instance(host, integration, step):
    return host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme", customer_name="Acme")


@pytest.fixture
def endpoint(host, instance):
    (found,) = host.store.instances.endpoints(instance.id)
    return found.id


def receive(host, endpoint, *args, **given):
    return asyncio.run(host.receive(endpoint, *args, **given))


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
    host.instances.enable(instance.id, enabled=False)
    with pytest.raises(NoSuchEndpoint):
        receive(host, endpoint, request())
    host.instances.enable(instance.id, enabled=True)
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
    key = host.endpoints.add_key(endpoint)
    assert receive(host, endpoint, request(), api_key=key).execution_id
    for wrong in (None, "", key + "x", "\ud800"):
        with pytest.raises(KeyRefused):
            receive(host, endpoint, request(), api_key=wrong)
    host.endpoints.remove_key(host.store.instances.keys(endpoint)[0].id)
    assert receive(host, endpoint, request()).execution_id


def test_a_flow_that_requires_a_key_lets_nobody_in_without_one(host, integration, step):
    path = integration(step("Give", "give", what="x"), flow="    endpointSecurityType: customer_required\n")
    (endpoint,) = host.store.instances.endpoints(host.instances.deploy(path, customer="acme").id)
    with pytest.raises(KeyRefused):
        receive(host, endpoint.id, request())


def test_a_synchronous_flow_says_so(host, integration, step):
    path = integration(step("Give", "give", what="twiml"), flow="    isSynchronous: true\n")
    (endpoint,) = host.store.instances.endpoints(host.instances.deploy(path, customer="acme").id)
    assert receive(host, endpoint.id, request()).wait


def add(host):
    return host.connections.add(name="mine", component="probe", key="token", fields=FIELDS)


def test_removing_an_instance_closes_its_addresses(host, endpoint, instance):
    host.instances.remove(instance.id)
    with pytest.raises(NoSuchEndpoint):
        receive(host, endpoint, request())


def test_a_running_host_strikes_known_secrets_out_of_the_log(host, caplog):
    host.connections.test(add(host).id)
    for name in ("twilio_connector.flow", "somebody.elses"):
        logging.getLogger(name).warning("token=%s", "hunter2-hunter2")
    assert [record.getMessage() for record in caplog.records] == ["token=[secret]"] * 2


@pytest.mark.parametrize("subject", [None, *get_args(Subject)])
def test_every_logger_of_a_running_host_strikes_secrets_out(host, subject):
    host.connections.test(add(host).id)
    handler = BufferingHandler(1_000)  # that of somebody who knows no filter
    logger(subject).addHandler(handler)
    try:
        logger(subject).warning("token=%s", "hunter2-hunter2")
    finally:
        logger(subject).removeHandler(handler)
    assert [record.getMessage() for record in handler.buffer] == ["token=[secret]"]


def test_the_host_takes_its_loggers_from_one_place():
    taken = {file.name for file in HOST.rglob("*.py") if "getLogger(" in file.read_text()}
    assert taken == {"loggers.py", "durable.py"}  # the other is of the engine underneath


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
