"""What integrations that exist already rely on: the keys of the platform's own component, as its stored definition has them."""

import subprocess
import sys
from pathlib import Path

import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.testing import contract

test_contract = contract("twilio_connector")
test_contract_of_the_mounted_folder = contract(Path(__file__).parents[2])

REQUIRED, OPTIONAL = True, False
CONNECTION = ("connection", REQUIRED, "", "")
TEXT, MAYBE = ("string", REQUIRED, "", ""), ("string", OPTIONAL, "", "")
PAIRS = ("string", OPTIONAL, "", "keyvaluelist")

# (type, required, default, collection) by key. Source: the stored definition of the platform's Twilio component.
INPUTS = {
    ("connections", "apiKeySecret"): {"accountSid": TEXT, "apiKey": TEXT, "apiSecret": ("password", REQUIRED, "", "")},
    ("connections", "basic"): {"username": TEXT, "password": ("password", REQUIRED, "", "")},
    ("actions", "sendSMS"): {"twilioConnection": CONNECTION, "to": TEXT, "from": TEXT, "message": TEXT},
    ("actions", "getSMS"): {"twilioConnection": CONNECTION, "sid": TEXT},
    ("actions", "listMessages"): {"twilioConnection": CONNECTION},
    ("actions", "rawRequest"): {
        "twilioConnection": CONNECTION,
        "url": TEXT,
        "method": TEXT,
        "data": MAYBE,
        "formData": PAIRS,
        "fileData": PAIRS,
        "fileDataFileNames": PAIRS,
        "queryParams": PAIRS,
        "headers": PAIRS,
        "responseType": ("string", REQUIRED, "json", ""),
        "timeout": MAYBE,
        "retryDelayMS": ("string", OPTIONAL, "0", ""),
        "retryAllErrors": ("boolean", OPTIONAL, "false", ""),
        "maxRetries": ("string", OPTIONAL, "0", ""),
        "useExponentialBackoff": ("boolean", OPTIONAL, "false", ""),
    },
    ("triggers", "webhook"): {},
    ("triggers", "pollChangesTrigger"): {
        "connection": CONNECTION,
        "from": MAYBE,
        "to": MAYBE,
        "showNewRecords": ("boolean", OPTIONAL, "true", ""),
        "showUpdatedRecords": ("boolean", OPTIONAL, "true", ""),
    },
    ("dataSources", "selectMessage"): {"connection": CONNECTION},
}
# Labels of connections, triggers and actions. Source: the component's page in the platform's documentation.
LABELS = {
    ("connections", "apiKeySecret"): "Twilio API Key Connection",
    ("connections", "basic"): "Twilio Auth Token Connection",
    ("triggers", "webhook"): "Webhook",
    ("actions", "getSMS"): "Get SMS",
    ("actions", "listMessages"): "List SMS messages",
    ("actions", "rawRequest"): "Raw Request",
    ("actions", "sendSMS"): "Send SMS",
}
METHODS = ["DELETE", "GET", "HEAD", "LINK", "OPTIONS", "PATCH", "POST", "PURGE", "PUT", "UNLINK"]


@pytest.fixture(scope="module")
def manifest():
    return load("twilio_connector").manifest()


def unit(manifest, group, key):
    found = manifest[group]
    return found[key] if isinstance(found, dict) else next(each for each in found if each["key"] == key)


@pytest.mark.parametrize("where", INPUTS, ids="-".join)
def test_every_input_of_the_platform_is_there_with_its_type(manifest, where):
    inputs = {each["key"]: each for each in unit(manifest, *where)["inputs"]}
    found = {
        key: tuple(inputs[key].get(name, "") for name in ("type", "required", "default", "collection"))
        for key in INPUTS[where]
    }
    assert found == INPUTS[where]


@pytest.mark.parametrize("where", INPUTS, ids="-".join)
def test_what_we_add_is_never_required(manifest, where):
    added = [each for each in unit(manifest, *where)["inputs"] if each["key"] not in INPUTS[where]]
    assert not any(each["required"] for each in added)


@pytest.mark.parametrize("where", LABELS, ids="-".join)
def test_labels_are_those_of_the_documentation(manifest, where):
    found = unit(manifest, *where)
    assert (found.get("label") or found["display"]["label"]) == LABELS[where]


def test_the_component_and_its_triggers_are_declared_as_the_platform_has_them(manifest):
    assert (manifest["key"], manifest["public"]) == ("twilio", True)
    assert manifest["display"]["label"] == "Twilio"
    assert manifest["display"]["category"] == "Application Connectors"
    poll, hook = (manifest["triggers"][key] for key in ("pollChangesTrigger", "webhook"))
    assert (poll["scheduleSupport"], poll["synchronousResponseSupport"], poll["isPollingTrigger"]) == (
        "required",
        "invalid",
        True,
    )
    assert (hook["scheduleSupport"], hook["triggerResolverSupport"]) == ("invalid", "invalid")
    assert manifest["dataSources"]["selectMessage"]["dataSourceType"] == "picklist"


def test_choices_and_pickers_are_the_platforms(manifest):
    raw = {each["key"]: each for each in manifest["actions"]["rawRequest"]["inputs"]}
    assert [choice["value"] for choice in raw["method"]["model"]] == METHODS
    assert [choice["value"] for choice in raw["responseType"]["model"]] == ["arraybuffer", "document", "json", "text"]
    assert unit(manifest, "actions", "getSMS")["inputs"][1]["dataSource"] == "selectMessage"


def test_a_listed_message_has_the_keys_of_the_platforms_example(manifest):
    expected = {
        "accountSid",
        "apiVersion",
        "body",
        "dateCreated",
        "dateSent",
        "dateUpdated",
        "direction",
        "errorCode",
        "errorMessage",
        "from",
    }
    expected |= {
        "messagingServiceSid",
        "numMedia",
        "numSegments",
        "price",
        "priceUnit",
        "sid",
        "status",
        "subresourceUris",
        "to",
        "uri",
    }
    assert set(manifest["actions"]["listMessages"]["examplePayload"]["data"][0]) == expected


PROBE = """
import sys
from twilio_connector.connector.component import load
component = load("twilio_connector")
fields = {"accountSid": "AC" + "0" * 32, "apiKey": "SK" + "0" * 32, "apiSecret": "secret"}
values = {"twilioConnection": {"key": "apiKeySecret", "fields": fields}, "to": "+1555", "from": "+1555", "message": "Hi"}
component.actions["sendSMS"].prepare(values)
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""


def test_a_fresh_process_that_prepares_an_action_loads_no_web_database_engine_or_http_module():
    heavy = [
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "dbos",
        "jinja2",
        "twilio",
        "typer",
        "requests",
        "urllib3",
        "jsonschema",
    ]
    units = [
        "twilio_connector.triggers.webhook",
        "twilio_connector.actions.raw_request",
        "twilio_connector.connections.basic_x",
    ]
    done = subprocess.run([sys.executable, "-c", PROBE, *heavy, *units], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("action", "key", "kind"),
    [
        ("sendMessage", "body", "text"),
        ("sendWhatsApp", "body", "text"),
        ("sendBulk", "body", "text"),
        ("createCall", "say", "text"),
        ("updateCall", "say", "text"),
        ("sendSMS", "message", "string"),  # as the platform has it
    ],
)
def test_a_text_with_lines_has_a_field_that_keeps_them(manifest, action, key, kind):
    inputs = {each["key"]: each for each in unit(manifest, "actions", action)["inputs"]}
    assert inputs[key]["type"] == kind
