"""Files in the shapes that the platform's designer exports: they load, or every reason why not is told with its line."""

import copy
import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.definition import IntegrationInvalid
from twilio_connector.host.definition.check import examine


def value(text):
    return {"type": "value", "value": text}


def reference(path):
    return {"type": "reference", "value": path}


def step(name, component, key, inputs=None, **more):
    action = {"key": key, "component": {"isPublic": True, "key": component, "version": "LATEST"}}
    return {"action": action, "description": "", "inputs": inputs or {}, "name": name} | more


def http(name, method, url, data=None):
    flags = ("debugRequest", "ignoreSslErrors", "includeFullResponse", "retryOnAllErrors", "useExponentialBackoff")
    inputs = {flag: value("false") for flag in flags} | {
        "connection": {"type": "configVar", "value": ""},
        "headers": {
            "type": "complex",
            "value": [{"name": "content-type", "type": "value", "value": "application/json"}],
        },
        "maxRetries": value("0"),
        "queryParams": {"type": "complex", "value": []},
        "responseType": value("json"),
        "retryDelayMS": value("0"),
        "timeout": value(""),
        "url": url,
    }
    return step(name, "http", method, inputs | ({"data": data} if data else {}))


WEBHOOK = step(
    "Integration Trigger",
    "webhook-triggers",
    "webhook",
    {"body": value(""), "contentType": value(""), "headers": {"type": "complex", "value": []}, "statusCode": value("")},
    isTrigger=True,
)
STOP = step(
    "Stop Execution",
    "stop-execution",
    "stopExecution",
    {"contentType": value("application/json"), "jsonBody": value(""), "statusCode": value("200")},
)
BREAK = step("Break Loop", "loop", "breakLoop")


def flow(name, *steps, **more):
    return {"description": "", "endpointSecurityType": "customer_optional", "isSynchronous": False, "name": name} | {
        "steps": list(steps),
        **more,
    }


def export(name, *flows, **more):
    return {"category": "", "defaultInstanceProfile": "Default Instance Profile", "definitionVersion": 7} | {
        "description": "",
        "documentation": "# Title\n\nText",
        "endpointType": "flow_specific",
        "flows": list(flows),
        "name": name,
        **more,
    }


def persist(name, key, inputs):
    return step(name, "persist-data", key, inputs)


PAGING = export(
    "Paging",
    flow(
        "Initial Sync",
        step("Initial Sync Trigger", "management-triggers", "instanceDeploy", isTrigger=True),
        step(
            "Loop Over Pages",
            "loop",
            "loopNTimes",
            {"iterationCount": value("10")},
            steps=[
                persist("Get Page", "getExecutionValue", {"defaultValueInput": value(""), "keyInput": value("page")}),
                http("List", "httpGet", value("https://example.com/items")),
                step(
                    "Loop Over Items",
                    "loop",
                    "loopOverItems",
                    {"items": reference("list.results.items")},
                    steps=[
                        step(
                            "Create payload",
                            "collection-tools",
                            "createObject",
                            {
                                "keyValueInput": {
                                    "type": "complex",
                                    "value": [
                                        {"name": "id", **reference("loopOverItems.currentItem.id")},
                                        {"name": value("place"), **reference("loopOverItems.index")},
                                    ],
                                }
                            },
                        ),
                        http("Send", "httpPut", value("https://example.com/put"), reference("createPayload.results")),
                    ],
                ),
                step(
                    "Branch on Expression",
                    "branch",
                    "branchOnExpression",
                    {
                        "conditions": {
                            "type": "complex",
                            "value": [
                                {
                                    "name": "No More Data",
                                    "type": "complex",
                                    "value": ["and", ["doesNotExist", {"name": "", **reference("list.results.next")}]],
                                }
                            ],
                        }
                    },
                    branches=[
                        {"name": "No More Data", "steps": [BREAK]},
                        {
                            "name": "Else",
                            "steps": [
                                persist(
                                    "Save Page",
                                    "saveExecutionValue",
                                    {"keyInput": value("page"), "valueInput": reference("list.results.next")},
                                )
                            ],
                        },
                    ],
                ),
            ],
        ),
    ),
    flow("Removed", step("Removed Trigger", "management-triggers", "instanceRemove", isTrigger=True)),
)
ROUTER = export(
    "Router",
    flow(
        "Registration Endpoint",
        WEBHOOK,
        step(
            "Branch on Value",
            "branch",
            "branchOnValue",
            {
                "branchValueMappings": {
                    "type": "complex",
                    "value": [{"name": "Register", **value("register")}, {"name": "Deregister", **value("deregister")}],
                },
                "inputValue": reference("integrationTrigger.results.body.data.event"),
            },
            branches=[
                {
                    "name": "Register",
                    "steps": [
                        persist(
                            "Cross Flow - Save Value",
                            "saveCrossFlowValue",
                            {
                                "keyInput": reference("integrationTrigger.results.body.data.id"),
                                "valueInput": reference("integrationTrigger.results.body.data.url"),
                            },
                        )
                    ],
                },
                {
                    "name": "Deregister",
                    "steps": [
                        persist(
                            "Cross Flow - Remove Value",
                            "removeCrossFlowValue",
                            {"keyInput": reference("integrationTrigger.results.body.data.id")},
                        )
                    ],
                },
                {"name": "Else", "steps": [STOP]},
            ],
        ),
    ),
    flow(
        "Route Request",
        WEBHOOK,
        step(
            "Deserialize URL-encoded Form Data",
            "change-data-format",
            "deserializeFormData",
            {"data": reference("integrationTrigger.results.body")},
        ),
        step(
            "Deserialize JSON",
            "change-data-format",
            "deserializeFromJson",
            {"data": reference("deserializeUrlEncodedFormData.results.payload")},
        ),
        persist(
            "Cross Flow - Get Value",
            "getCrossFlowValue",
            {"defaultValueInput": value(""), "keyInput": reference("deserializeJson.results.id")},
        ),
        http(
            "POST Request",
            "httpPost",
            reference("crossFlowGetValue.results"),
            reference("integrationTrigger.results.body"),
        ),
    ),
    configPages=[{"elements": [], "name": "Configuration", "tagline": ""}],
)
PARALLEL = export(
    "Parallel",
    flow(
        "Split",
        WEBHOOK,
        step(
            "Chunks",
            "collection-tools",
            "chunks",
            {"listInput": reference("integrationTrigger.results.body.data"), "numberInput": value("20")},
        ),
        step(
            "Parallelize",
            "loop",
            "loopOverItems",
            {"items": reference("chunks.results")},
            steps=[
                step(
                    "Invoke Flow",
                    "cross-flow",
                    "invokeFlow",
                    {"flowName": value("Work"), "data": reference("parallelize.currentItem")},
                ),
                step("Sleep", "sleep", "sleep", {"ms": value("2000")}),
            ],
        ),
    ),
    flow(
        "Work",
        step("Work Trigger", "cross-flow", "crossFlow", isTrigger=True),
        step("Log", "log", "writeLog", {"level": value("info"), "message": reference("workTrigger.results.body.data")}),
        queueConfig={"usesFifoQueue": False, "concurrencyLimit": 3},
        retryConfig={"maxAttempts": 3, "delayMinutes": 1, "usesExponentialBackoff": True},
    ),
)
FOREIGN = export(
    "Foreign",
    flow(
        "Files",
        WEBHOOK,
        step(
            "List Files",
            "acme-storage",
            "listFiles",
            {
                "connection": {"type": "configVar", "value": "Storage"},
                "prefix": {"type": "configVar", "value": "Folder"},
            },
        ),
        step("Text", "acme-text", "replace", {"text": reference("listFiles.results")}),
        step("Code", "code", "runCode", {"code": {"type": "reference", "value": "text.results"}}),
    ),
    configPages=[
        {"elements": [{"type": "configVar", "value": "Storage"}], "name": "Configuration"},
        {
            "elements": [{"type": "configVar", "value": "Folder"}],
            "name": "Users",
            "tagline": "",
            "userLevelConfigured": True,
        },
    ],
    requiredConfigVars=[
        {
            "connection": {"key": "k", "component": {"isPublic": True, "key": "acme-storage", "version": "LATEST"}},
            "dataType": "connection",
            "inputs": {"projectId": value("")},
            "key": "Storage",
            "meta": {"visibleToCustomerDeployer": False, "visibleToOrgDeployer": True},
            "onPremiseConnectionConfig": "disallowed",
            "orgOnly": True,
        },
        {"dataType": "string", "defaultValue": "unprocessed/", "key": "Folder", "orgOnly": False},
    ],
)


def as_yaml(document):
    return yaml.safe_dump(document, sort_keys=True, width=80).encode()


@pytest.mark.parametrize("document", [PAGING, ROUTER, PARALLEL], ids=lambda document: document["name"])
def test_an_export_of_what_is_here_loads(own, document):
    integration = examine(as_yaml(document), own)
    assert [flow.name for flow in integration.flows] == [flow["name"] for flow in document["flows"]]


def test_an_export_of_what_is_not_here_is_refused_with_all_reasons(own):
    text = as_yaml(FOREIGN)
    lines = text.decode().splitlines()
    with pytest.raises(IntegrationInvalid) as caught:
        examine(text, own, file="foreign.yml")
    told = [(problem.line, problem.message) for problem in caught.value.problems]
    wanted = {"acme-storage": 2, "acme-text": 1, "userLevelConfigured": 1, "must be of type value": 1}
    for part, times in wanted.items():
        found = [line for line, message in told if part in f"{message} {lines[line - 1]}"]
        assert len(found) == times, (part, told)
    assert len(told) == sum(wanted.values())


JUNK = st.sampled_from(
    [
        *(None, "", "x", "true", "-1", [], {}, ["and"], [["or"]], {"a": "b"}, reference("x.results")),
        {"type": "complex", "value": ["or"]},
    ]
)


def places(node, path=()):
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


ALL = {document["name"]: (document, list(places(document))) for document in (PAGING, ROUTER, PARALLEL, FOREIGN)}


@given(st.data())
def test_a_changed_export_is_loaded_or_refused_at_lines_that_are_there(own, data):
    document, paths = ALL[data.draw(st.sampled_from(sorted(ALL)))]
    document = copy.deepcopy(document)
    *path, last = data.draw(st.sampled_from(paths))
    node = document
    for key in path:
        node = node[key]
    node[last] = copy.deepcopy(data.draw(JUNK))
    text = as_yaml(json.loads(json.dumps(document)))
    problems = []
    try:
        examine(text, own)
    except IntegrationInvalid as error:
        problems = error.problems
    assert all(1 <= problem.line <= text.count(b"\n") + 1 for problem in problems)
    assert all(re.match(r"integration\.yaml:\d+: ", str(problem)) for problem in problems)
