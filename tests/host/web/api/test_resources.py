"""What the pages do, done by a program."""

import io
import zipfile

import pytest

PAGE = {"items": [], "next": None}


def test_a_connection_is_made_changed_tested_and_removed_and_its_secret_never_told(api, connection, host):
    secret = "5ecret-of-the-account-9f2"
    one = f"/api/connections/{connection['id']}"
    assert connection["secrets"] == ["secret"]
    tested = api.post(f"{one}/test").json()
    assert (tested["healthy"], tested["verdict"]) == (True, "reaches Acme's account of the tests")
    changed = api.patch(one, json={"name": "Renamed"}).json()
    assert (changed["name"], changed["fields"], changed["secrets"]) == ("Renamed", connection["fields"], ["secret"])
    api.patch(one, json={"fields": connection["fields"] | {"secret": "another-secret-77", "second": "second-secret-1"}})
    assert api.patch(one, json={"forget": ["second"]}).json()["secrets"] == ["secret"]
    listed = api.get("/api/connections?component=acme")
    assert [item["name"] for item in listed.json()["items"]] == ["Renamed"]
    assert api.get("/api/connections?component=twilio").json() == PAGE
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404
    for text in (str(connection), listed.text, api.get("/api/changes").text):
        assert secret not in text
        assert "another-secret-77" not in text


def test_customers_and_their_users(api):
    customer = api.put("/api/customers", json={"externalId": "acme", "name": "Acme"}).json()
    one = f"/api/customers/{customer['id']}"
    assert api.put("/api/customers", json={"externalId": "acme", "name": "Acme Inc."}).json()["id"] == customer["id"]
    assert api.get(one).json()["name"] == "Acme Inc."
    user = api.post(f"{one}/users", json={"externalId": "ada"}).json()
    assert api.post(f"{one}/users", json={"externalId": "ada"}).status_code == 422
    changed = api.put(f"{one}/users/{user['id']}", json={"name": "Ada", "email": "ada@example.com"}).json()
    assert changed == {"id": user["id"], "externalId": "ada", "name": "Ada", "email": "ada@example.com"}
    other = api.put("/api/customers", json={"externalId": "other"}).json()
    assert api.delete(f"/api/customers/{other['id']}/users/{user['id']}").status_code == 404
    assert api.delete(f"{one}/users/{user['id']}").status_code == 204
    assert api.delete(one).status_code == 204
    assert [item["externalId"] for item in api.get("/api/customers").json()["items"]] == ["other"]


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def upload(api, data, query=""):
    return api.post(f"/api/integrations{query}", content=data, headers={"content-type": "application/zip"})


def test_the_same_integration_from_json_and_from_a_zip_file_is_one_version(api, files, definition, host):
    first = api.post("/api/integrations", json=files)
    assert first.status_code == 201
    second = upload(api, zipped({"reply/integration.yaml": definition, "reply/README.md": "x"}))
    assert second.json() == first.json()
    version = api.get(f"/api/integrations/versions/{first.json()['id']}").json()
    assert (version["flows"], version["files"]) == (["Inbound text"], ["integration.yaml"])
    assert [(var["key"], var["connection"]) for var in version["configVars"]] == [
        ("Acme account", "acme.token"), ("Greeting", None)
    ]  # fmt: skip
    assert [item["number"] for item in api.get("/api/integrations?integration=Auto reply").json()["items"]] == [1]


def test_what_is_wrong_with_an_integration_is_told_all_at_once(api, definition):
    wrong = definition.replace("key: send", "key: sned").replace("key: signed", "key: singed")
    problem = api.post("/api/integrations", json={"files": {"integration.yaml": wrong}}).json()
    assert (problem["status"], problem["kind"], len(problem["problems"])) == (422, "integration", 2)
    assert problem["problems"][0].startswith("integration.yaml:20: ")
    assert api.get("/api/integrations").json() == PAGE


@pytest.mark.parametrize(
    "path", ["../integration.yaml", "/etc/integration.yaml", "a//b.yaml", "c:\\x.yaml", "x\0.yaml", ""]
)
def test_files_outside_of_their_folder_are_refused(api, definition, path):
    assert api.post("/api/integrations", json={"files": {path: definition}}).status_code == 422


def test_an_upload_larger_than_fits_is_refused_whatever_it_says_of_itself(api, definition):
    bomb = zipped({"integration.yaml": definition, "zeros": b"\0" * (1 << 20)})
    assert len(bomb) < 8192
    assert "more than 65536 bytes" in upload(api, bomb).json()["detail"]
    assert upload(api, b"x" * (200 << 10)).status_code == 413
    assert upload(api, b"no zip").status_code == 422


@pytest.fixture
def instance(api, connection, files):
    api.post("/api/integrations", json=files)
    config = {"Acme account": "Main account"}
    return api.post("/api/instances", json={"integration": "Auto reply", "customer": "acme", "config": config}).json()


def test_an_instance_is_deployed_configured_upgraded_paused_and_removed(api, instance, definition, connection):
    one = f"/api/instances/{instance['id']}"
    assert instance["connections"] == {"Acme account": connection["id"]}
    (flow,) = instance["flows"]
    assert flow["url"].startswith("https://hooks.example.com/trigger/")
    configured = api.patch(one, json={"config": {"Greeting": "Ahoy"}, "enabled": False}).json()
    assert (configured["config"], configured["enabled"]) == ({"Greeting": "Ahoy"}, False)
    api.post(
        "/api/integrations", json={"files": {"integration.yaml": definition.replace("Answers texts.", "Answers.")}}
    )
    assert api.get(one).json()["version"] == 1
    upgraded = api.post(f"{one}/upgrade", json={}).json()
    assert (upgraded["version"], upgraded["config"], upgraded["flows"][0]["url"]) == (
        2,
        {"Greeting": "Ahoy"},
        flow["url"],
    )
    assert api.post(f"{one}/upgrade", json={"versionId": "none"}).status_code == 422
    assert api.delete(f"/api/connections/{connection['id']}").status_code == 422
    assert api.delete(one).status_code == 204
    assert api.get("/api/instances").json() == PAGE


@pytest.mark.parametrize(
    ("body", "field"),
    [({"customer": "acme"}, "integration"), ({"customer": "acme", "integration": "none"}, "integration"),
     ({"customer": "", "integration": "Auto reply"}, "customer"),
     ({"customer": "acme", "integration": "Auto reply", "config": {"Greeting": "Hi"}}, "Acme account"),
     ({"customer": "acme", "integration": "Auto reply", "config": {"Acme account": "Main account", "Odd": 1}}, "Odd")],
)  # fmt: skip
def test_a_deployment_that_cannot_be_says_what_is_missing(api, connection, files, body, field):
    api.post("/api/integrations", json=files)
    answer = api.post("/api/instances", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_webhooks_key_is_made_and_removed_by_its_flows_name(api, instance):
    flow = f"/api/instances/{instance['id']}/flows/Inbound text"
    key = api.post(f"{flow}/keys").json()["key"]
    webhook = instance["flows"][0]["url"].removeprefix("https://hooks.example.com")
    assert api.post(webhook, headers={"x-word": "sesame"}).status_code == 401
    assert api.post(webhook, headers={"x-word": "sesame", "api-key": key}).status_code == 200
    (kept,) = api.get(f"/api/instances/{instance['id']}").json()["flows"][0]["keys"]
    assert key.endswith(kept["hint"])
    assert api.delete(f"{flow}/keys/none").status_code == 404
    assert api.delete(f"{flow}/keys/{kept['id']}").status_code == 204
    assert api.post(f"{flow}s/keys").status_code == 404


def test_a_flow_without_a_schedule_has_none_to_change(api, instance):
    flow = f"/api/instances/{instance['id']}/flows/Inbound text"
    assert api.put(f"{flow}/schedule", json={"times": "every hour"}).status_code == 404
    assert api.post(f"{flow}/run").status_code == 404
    assert api.post(f"{flow}/register").status_code == 404


SCHEDULED = """
definitionVersion: 7
name: Ticker
flows:
  - name: a/b tick
    steps:
      - name: Tick
        isTrigger: true
        schedule: {type: value, value: "0 9 * * *", meta: {scheduleType: custom}}
        action: {component: {key: schedule-triggers, isPublic: true, version: LATEST}, key: schedule}
"""


def test_a_schedule_is_changed_and_reset_also_of_a_flow_whose_name_has_a_slash(api):
    api.post("/api/integrations", json={"files": {"t.yaml": SCHEDULED}}).raise_for_status()
    made = api.post("/api/instances", json={"integration": "Ticker", "customer": "acme"}).json()
    flow = f"/api/instances/{made['id']}/flows/a%2Fb tick"
    changed = api.put(f"{flow}/schedule", json={"times": "30 7 * * 1-5", "timeZone": "Europe/Berlin"}).json()
    assert (changed["times"], changed["timeZone"], changed["own"]) == ("30 7 * * 1-5", "Europe/Berlin", True)
    for body in ({"times": "sometimes"}, {"times": "every hour", "timeZone": "Mars/Phobos"}):
        answer = api.put(f"{flow}/schedule", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, "times")
    assert api.delete(f"{flow}/schedule").json()["own"] is False
    assert api.post(f"{flow}/run").status_code == 204


def test_executions_are_listed_a_page_at_a_time_and_shown_with_their_payload(api, instance):
    webhook = instance["flows"][0]["url"].removeprefix("https://hooks.example.com")
    for number in range(3):
        api.post(webhook, headers={"x-word": "sesame"}, content=f"text {number}")
    first = api.get("/api/executions?limit=2").json()
    assert [item["flow"] for item in first["items"]] == ["Inbound text"] * 2
    second = api.get(f"/api/executions?limit=2&before={first['next']}").json()
    assert (len(second["items"]), second["next"]) == (1, None)
    shown = api.get(f"/api/executions/{second['items'][0]['id']}").json()
    assert shown["payload"]["body"]["data"] == "text 0"
    assert (shown["status"], shown["steps"], shown["result"]) == ("accepted", [], None)
    assert api.get(f"/api/executions?instanceId={instance['id']}&status=succeeded").json() == PAGE


def test_an_execution_is_cancelled_and_replayed_once_it_has_ended(api, instance):
    webhook = instance["flows"][0]["url"].removeprefix("https://hooks.example.com")
    first = api.post(webhook, headers={"x-word": "sesame"}, content="text").headers["x-execution-id"]
    one = f"/api/executions/{first}"
    assert api.post(f"{one}/cancel").status_code == 204
    assert api.get(one).json()["status"] == "cancelled"
    again = api.post(f"{one}/replay", json={})
    assert again.status_code == 201
    assert [item["id"] for item in api.get("/api/executions").json()["items"]] == [again.json()["id"], first]
    assert api.post(f"{one}/replay", json={"fromStep": "none"}).json()["field"] == "fromStep"
    assert api.post("/api/executions/none/cancel").status_code == 404


def test_refused_webhooks_are_told_with_why(api, instance, host):
    webhook = instance["flows"][0]["url"].removeprefix("https://hooks.example.com")
    assert api.post(webhook, headers={"x-word": "wrong"}).status_code == 403
    host._records.put(lambda _: None).result()  # what was before it is written now
    (refusal,) = api.get("/api/refusals").json()["items"]
    assert "the word is wrong" in refusal["reason"]


def test_the_catalogue_tells_what_is_installed(api):
    found = {item["key"]: item for item in api.get("/api/components").json()["items"]}
    assert found["acme"]["actions"] == ["send", "look", "fetch"]
    assert found["till"]["dataSources"] == ["lines"]
    assert api.get("/api/components/acme").json()["actions"]["send"]["key"] == "send"
