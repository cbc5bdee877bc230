"""A component that a folder brings in works in host and pages, which know of it what its manifest says and nothing more."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from twilio_connector.connector.errors import WebhookRejected
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app

EXAMPLES = Path(__file__).parents[2] / "examples"
GREETER = EXAMPLES / "components" / "greeter"
WORD = "a-word-among-us"


@pytest.fixture
def host(tmp_path):
    with Host.open(Settings(data=tmp_path, components=(GREETER,), public_url="https://host.example")) as running:
        yield running


@pytest.fixture
def pages(host):
    access = Access(host.credentials)
    with TestClient(create_app(host, access), base_url="http://127.0.0.1") as client:
        assert client.get(f"/login?token={access.new_token()}").status_code == 200
        yield client


def post(pages, path, **fields):
    return pages.post(path, data=fields, headers={"Origin": "http://127.0.0.1"})


def send(host, instance, word):
    (endpoint,) = host.store.instances.endpoints(instance.id)
    headers = (("X-Acme-Word", word), ("X-Acme-Event", "e1"))
    request = WebhookRequest(
        url=host.address(endpoint.id), headers=headers, body=json.dumps({"person": "Ada"}).encode()
    )
    received = asyncio.run(host.receive(endpoint.id, request))
    return received, asyncio.run(host.result(received.execution_id, 30))


def test_connection_pick_list_trigger_and_action_work_from_the_pages_on(host, pages):
    made = post(pages, "/connections", _type="acme-greeter.team", _name="Ours", name="Support", word=WORD)
    assert made.status_code == 200
    (connection,) = host.store.connections.all()
    file = str(GREETER / "integration.yaml")
    host.store.customers.ensure("acme", "Acme")
    begun = post(pages, "/instances/new", file=file, customer="acme")
    address = str(begun.url).partition("?")[0]
    first = {"_customer": "acme", "_step": "0", "v0": connection.id}
    assert "Who greets" in begun.text
    assert "Callers send the team&#39;s word in X-Acme-Word ." in begun.text
    offered = post(pages, address, **first, v1="", _go="choices").text
    assert re.search(r'<option value="de"[^>]*>Deutsch</option>', offered)
    checked = post(pages, address, **first, v1="de", _go="next").text
    assert "Check it once more" in checked
    assert host.store.instances.all() == []
    entered = json.dumps({"v0": connection.id, "v1": "de"})
    last = {"_customer": "acme", "_step": "1", "_entered": entered, "_name": "Greetings"}
    done = post(pages, address, **last, _go="deploy")
    assert "Acme Greeter: Greet" in done.text
    (instance,) = host.store.instances.all()
    received, ended = send(host, instance, WORD)
    assert ended.result["data"] == "Hallo, Ada! Yours, Support"
    assert send(host, instance, WORD)[0].duplicate
    with pytest.raises(WebhookRejected):
        send(host, instance, "another-word")
    shown = pages.get(f"/executions/{received.execution_id}").text
    assert "Hallo, Ada!" in shown
    assert WORD not in shown
