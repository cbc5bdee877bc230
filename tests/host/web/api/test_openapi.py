"""The document is made from the routes, so what it says is served: schemathesis asks for all that it allows."""

from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks
from starlette.testclient import TestClient
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.api.table import ROUTES
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.throttle import Throttle

HOST = Path(__file__).parents[2]
FIELDS = {"accountSid": "AC" + "0" * 32, "secret": "5ecret-of-the-account-9f2"}
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
    openapi_checks.unsupported_method,
    openapi_checks.ignored_auth,
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An application with one of everything in it, and the headers that let in."""
    data = tmp_path_factory.mktemp("host") / "data"
    host = Host.open(Settings(data=data, public_url="https://hooks.example.com", components=(HOST / "web" / "acme",)))
    host.connections.add(name="Main account", component="acme", key="token", fields=FIELDS)
    host.users.add(host.customers.put("acme").id, external_id="ada")
    seldom = Throttle(clock=count(step=10_000).__next__)  # so that wrong tokens are told as that
    yield create_app(host, Access(host.credentials, programs=seldom)), host.credentials.create_token("fuzz", "write")
    host.stop()


@pytest.fixture(scope="module")
def document(served):
    app, token = served
    with TestClient(app) as client:
        return client.get("/api/openapi.json", headers={"authorization": f"Bearer {token}"}).json()


def test_every_route_is_in_the_document_under_a_name_of_its_own(document):
    operations = [
        (method.upper(), path, said["operationId"])
        for path, item in document["paths"].items()
        for method, said in item.items()
    ]
    assert {(route.method, route.address) for route in ROUTES} <= {(method, path) for method, path, _ in operations}
    names = [name for _, _, name in operations]
    assert len(set(names)) == len(names)


def test_every_action_that_is_installed_has_an_address_with_its_own_inputs(document):
    body = document["paths"]["/components/twilio/actions/sendSMS"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"connection", "inputs"}
    assert set(schema["properties"]["inputs"]["required"]) == {"to", "from", "message"}
    assert "/components/twilio/data-sources/selectPhoneNumber" in document["paths"]
    assert "/components/acme/actions/send" in document["paths"]


def test_every_example_of_an_input_is_one_that_it_takes(document):
    inputs = {
        (path, key): schema
        for path, item in document["paths"].items()
        for content in item.get("post", {}).get("requestBody", {}).get("content", {}).values()
        for key, schema in content["schema"].get("properties", {}).get("inputs", {}).get("properties", {}).items()
    }
    assert inputs["/components/twilio/actions/sendMessage", "mediaUrl"]["examples"] == [
        ["https://example.com/table.jpg"]
    ]
    for place, schema in inputs.items():
        for example in schema.get("examples", ()):
            assert Draft202012Validator(schema).is_valid(example), place


def test_every_schema_is_one_and_every_reference_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)

    def references(value):
        if isinstance(value, dict):
            yield from [value["$ref"]] if "$ref" in value else []
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            yield from references(item)

    assert {name.removeprefix("#/components/schemas/") for name in references(document)} <= schemas.keys()


def fuzz(served, examples):
    app, token = served
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=headers)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.startswith("/components/") and not operation.path.startswith(
            ("/components/acme", "/components/{")
        ):
            continue  # these would wait, or ask a service
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(operation, mode, headers, examples)
            tried += 1
    return tried


def _try(operation, mode, headers, examples):
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 100,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    with suppress(Unsatisfiable):  # nothing can be wrong about it
        check()


def test_whatever_is_asked_for_the_answer_is_as_documented_and_no_fault_of_ours(served):
    assert fuzz(served, 3) > 60


@pytest.mark.soak
def test_the_same_for_long(served):
    assert fuzz(served, 300) > 60
