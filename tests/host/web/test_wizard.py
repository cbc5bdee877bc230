"""Deploying, changing and upgrading by the pages of the file."""

import io
import json
import zipfile

import pytest
from twilio_connector.host.store.customers import Customer

from .conftest import DEFINITION, Wizard

KINDS = """
definitionVersion: 7
name: Every kind
requiredConfigVars:
  - key: Acme account
    dataType: connection
    connection: {component: {key: acme, isPublic: true, version: LATEST}, key: token}
  - key: Number
    dataType: picklist
    dataSource: {component: {key: acme, isPublic: true, version: LATEST}, key: numbers}
    inputs: {connection: {type: configVar, value: Acme account}}
  - {key: Greeting, dataType: string, defaultValue: Hi}
  - {key: Size, dataType: picklist, pickList: [small, large]}
  - {key: Loud, dataType: boolean}
  - {key: Tries, dataType: number}
  - {key: Day, dataType: date}
  - {key: Moment, dataType: timestamp}
  - {key: Script, dataType: code, codeLanguage: json}
  - {key: Times, dataType: schedule}
  - {key: Tags, dataType: string, collectionType: valuelist}
  - {key: Labels, dataType: string, collectionType: keyvaluelist}
  - {key: Fields, dataType: objectFieldMap}
configPages:
  - name: Account
    tagline: Whose texts
    elements:
      - {type: htmlElement, value: "<h3>Hello <script>alert(1)</script>you</h3>"}
      - {type: configVar, value: Acme account}
  - name: Texts
    elements:
      - {type: configVar, value: Number}
      - {type: configVar, value: Greeting}
flows:
  - name: Inbound text
    steps:
      - name: Text received
        isTrigger: true
        action: {component: {key: acme, isPublic: true, version: LATEST}, key: signed}
"""
REST = {
    "v3": "large",
    "v4": "true",
    "v5": "3",
    "v6": "2026-03-15",
    "v7": "2026-03-15T14:32",
    "v8": '{"a": 1}',
    "v9": "0 9 * * *",
    "v9-zone": "Europe/Berlin",
    "v10": "a\r\nb",
    "v11.key": ["x", ""],
    "v11.value": ["1", ""],
    "v12": '{"fields": []}',
}


@pytest.fixture
def customer(web_host) -> Customer:
    return web_host.store.customers.ensure("acme", "Acme Inc.")


@pytest.fixture
def kinds(client, tmp_path, customer, connection) -> Wizard:
    file = tmp_path / "kinds.yaml"
    file.write_text(KINDS)
    return Wizard.begin(client, file=str(file), customer="acme")


def test_every_kind_of_variable_is_asked_for_page_by_page_and_deployed(kinds, web_host, connection):
    assert "Whose texts" in kinds.page
    assert "Hello you" in kinds.page
    assert "alert(1)" not in kinds.page
    kinds.go(v0=connection.id)
    assert '<option value="+15550002222">Night</option>' in kinds.page  # by the connection of the page before
    kinds.go(v1="+15550002222", v2="Good day")
    assert 'type="date"' in kinds.page
    assert 'type="datetime-local"' in kinds.page
    kinds.go(**REST)
    for said in ("Check it once more", "Main account", "Good day", "2026-03-15T14:32:00.000Z"):
        assert said in kinds.page
    assert web_host.store.instances.all() == []
    answer = kinds.go("deploy", _name="Mine")
    assert answer.status_code == 303
    (instance,) = web_host.store.instances.all()
    assert (instance.name, instance.customer) == ("Mine", "Acme Inc.")
    assert instance.connections == {"Acme account": connection.id}
    assert instance.config == {
        "Number": "+15550002222",
        "Greeting": "Good day",
        "Size": "large",
        "Loud": True,
        "Tries": 3,
        "Day": "2026-03-15",
        "Moment": "2026-03-15T14:32:00.000Z",
        "Script": '{"a": 1}',
        "Times": instance.config["Times"],
        "Tags": ["a", "b"],
        "Labels": [{"key": "x", "value": "1"}],
        "Fields": {"fields": []},
    }


def test_a_value_that_no_data_source_offers_is_typed(kinds, connection):
    kinds.go(v0=connection.id)
    assert "Type the values" in kinds.page
    page = kinds.go("typed", v1="+15550002222", v2="Good day").text
    assert '<input id="v1" name="v1" value="+15550002222"' in page
    assert 'value="Good day"' in page
    assert "Type the values" not in page
    assert '<input id="v1"' in kinds.go(v1="").text  # wrong, and still to be typed
    kinds.go(v1="+15550009999")
    kinds.go("back", **REST)
    assert '<option value="+15550009999" selected>+15550009999 (as entered)</option>' in kinds.page
    assert '<option value="+15550002222">Night</option>' in kinds.page


def test_choices_are_loaded_again_where_values_were_typed(kinds, connection):
    kinds.go(v0=connection.id)
    kinds.go("typed")
    kinds.go("choices", v1="+15550002222")
    assert '<option value="+15550002222" selected>Night</option>' in kinds.page


def test_back_and_forth_loses_nothing(kinds, connection):
    kinds.go(v0=connection.id)
    kinds.go(v1="+15550002222", v2="Good day")
    kinds.go("back", **REST | {"v5": "three"})
    assert 'value="Good day"' in kinds.page
    kinds.go("back", v1="+15550002222", v2="Better day")
    kinds.go(v0=connection.id)
    assert 'value="Better day"' in kinds.page
    kinds.go(v1="+15550002222", v2="Better day")
    assert 'value="three"' in kinds.page
    assert 'value="2026-03-15T14:32:00"' in kinds.page


@pytest.mark.parametrize(
    ("field", "value"),
    [("v5", "three"), ("v6", "x"), ("v7", "x"), ("v8", "{"), ("v9", "x"), ("v12", "{"), ("v12", "[1]"), ("v3", "huge")],
)
def test_what_is_wrong_is_told_at_its_field_and_kept(kinds, connection, field, value):
    kinds.go(v0=connection.id)
    kinds.go(v1="+15550002222")
    answer = kinds.go(**REST | {field: value})
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert "2026-03-15" in answer.text


def test_nobody_gets_past_a_page_that_is_not_right(kinds, web_host, connection):
    assert 'id="v0-error">Choose a connection.' in kinds.go(v0="").text
    hidden = kinds.hidden | {"_step": "3", "_entered": json.dumps({"v0": connection.id}), "_go": "deploy", "_name": "X"}
    answer = kinds.client.post(kinds.address, data=hidden)
    assert answer.status_code == 400
    assert 'id="v1-error"' in answer.text
    assert web_host.store.instances.all() == []


@pytest.mark.parametrize(
    "hidden",
    [
        {"_entered": "{"},
        {"_entered": "[]"},
        {"_entered": '{"v11": 5}'},
        {"_entered": '{"v0": {}}'},
        {"_entered": '{"v2": "\\ud800"}'},
        {"_entered": '{"v9": "\\ud800"}'},
        {"_entered": '{"v12": {"a": ["\\ud800"]}}'},
        {"_entered": '{"_name": "\\ud800"}'},
        {"_step": "9"},
        {"_step": "x"},
        {"_step": ""},
    ],
)
def test_a_damaged_form_is_refused(kinds, hidden):
    answer = kinds.client.post(kinds.address, data=kinds.hidden | hidden)
    assert (answer.status_code, "The form cannot be read" in answer.text) == (400, True)


def test_a_name_is_asked_for_at_its_field(client, tmp_path, customer, connection, definition):
    file = tmp_path / "integration.yaml"
    file.write_text(definition)
    wizard = Wizard.begin(client, file=str(file), customer="acme")
    wizard.go(v0=connection.id, v1="Hello")
    assert 'id="_name-error"' in wizard.go("deploy", _name=" ").text


def test_a_new_customer_comes_with_the_deployment(client, web_host, tmp_path, definition):
    file = tmp_path / "integration.yaml"
    file.write_text(definition)
    Wizard.begin(client, file=str(file), newCustomer="beta", newCustomerName="Beta Ltd.")
    assert [(item.external_id, item.name) for item in web_host.store.customers.all()] == [("beta", "Beta Ltd.")]


@pytest.mark.parametrize("wrong", [{"newCustomer": "x" * 256}, {"newCustomer": "x", "newCustomerName": "a\0"}])
def test_a_new_customer_is_called_what_customers_may_be_called(client, web_host, tmp_path, definition, wrong):
    (tmp_path / "integration.yaml").write_text(definition)
    answer = client.post("/instances/new", data={"file": str(tmp_path / "integration.yaml"), **wrong})
    assert (answer.status_code, f'id="{list(wrong)[-1]}-error"' in answer.text) == (400, True)
    assert web_host.store.customers.all() == []


def test_one_source_and_one_customer_are_asked_for(client, web_host, tmp_path, customer, definition):
    assert 'id="upload-error"' in client.post("/instances/new", data={"customer": "acme"}).text
    file = tmp_path / "integration.yaml"
    file.write_text(definition)
    answer = client.post("/instances/new", data={"file": str(file), "customer": "acme", "newCustomer": "beta"})
    assert "not both" in answer.text
    assert web_host.store.customers.known("beta") is None


# ── uploads ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def upload(client, name, content):
    return client.post("/instances/new", data={"customer": "acme"}, files={"upload": (name, content)})


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["mine.yaml", "../../mine.yaml", "C:\\mine.yml"])
def test_a_file_is_uploaded_and_asked_about(client, web_host, customer, definition, name):
    answer = upload(client, name, definition.encode())
    assert answer.status_code == 303
    (version,) = web_host.store.integrations.all()
    assert answer.headers["location"] == f"/instances/new/{version.id}?customer=acme"
    assert list(web_host.settings.data.glob("upload-*")) == []


def test_an_upload_is_kept_while_the_rest_of_the_form_is_mended(client, web_host, customer, definition):
    answer = client.post("/instances/new", data={}, files={"upload": ("mine.yaml", definition.encode())})
    assert answer.status_code == 400
    (version,) = web_host.store.integrations.all()
    assert 'id="customer-error"' in answer.text
    assert f'<option value="{version.id}" selected>' in answer.text


def test_a_zip_of_a_folder_brings_its_code(client, web_host, customer, definition):
    action = "{component: {key: code, isPublic: true, version: LATEST}, key: runCode}"
    step = f'      - name: Compute\n        action: {action}\n        inputs: {{code: {{type: value, value: "steps:one"}}}}\n'
    files = {"mine/integration.yaml": definition + step, "mine/steps.py": "def one(c, s):\n    return 1\n"}
    answer = upload(client, "mine.zip", zipped(**files))
    assert answer.status_code == 303, answer.text
    (version,) = web_host.store.integrations.all()
    assert sorted(web_host.store.integrations.files(version.id)) == ["integration.yaml", "steps.py"]


def test_an_upload_that_cannot_run_says_where_and_why(client, customer, definition):
    answer = upload(client, "mine.yaml", definition.replace("key: send}", "key: sned}").encode())
    assert answer.status_code == 400
    assert "mine.yaml:" in answer.text
    assert "sned" in answer.text


@pytest.mark.parametrize(("name", "content"), [("x.exe", b"MZ"), ("x.zip", b"PK"), ("x.yaml", b"\xff\xfe")])
def test_an_upload_of_another_kind_is_refused_in_words(client, web_host, customer, name, content):
    answer = upload(client, name, content)
    assert answer.status_code == 400
    assert web_host.store.integrations.all() == []


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_multipart_body_that_is_none_is_refused(client, kind):
    answer = client.post("/instances/new", content=b"--y\r\nnothing", headers={"content-type": kind})
    assert answer.status_code == 400


# ── changing and upgrading ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_configuration_is_changed_and_the_change_shown_before(client, web_host, instance):
    wizard = Wizard.at(client, f"/instances/{instance.id}/configure")
    assert 'value="Hello"' in wizard.page
    wizard.go(v0=instance.connections["Acme account"], v1="Good night")
    assert '<s><span class="sr">before: </span>Hello</s> Good night' in wizard.page
    answer = wizard.go("deploy")
    assert "Saved, and deployed with it." in client.get(answer.headers["location"]).text
    changed = web_host.store.instances.get(instance.id)
    assert (changed.config, changed.version_id) == ({"Greeting": "Good night"}, instance.version_id)


def test_what_is_cleared_is_the_default_again(client, web_host, instance):
    wizard = Wizard.at(client, f"/instances/{instance.id}/configure")
    wizard.go(v0=instance.connections["Acme account"], v1="")
    wizard.go("deploy")
    assert web_host.store.instances.get(instance.id).config == {"Greeting": "Hi"}


def test_an_upgrade_shows_what_it_does_and_asks_for_what_is_new(client, web_host, instance, tmp_path):
    file = tmp_path / "integration.yaml"
    newer = DEFINITION.replace("{synchronous}", "false").replace("name: Inbound text", "name: Texts")
    file.write_text(newer.replace("configPages:", "  - {key: Tries, dataType: number}\nconfigPages:"))
    version = web_host.integrations.publish(file)
    page = client.get(f"/instances/{instance.id}").text
    link = f"/instances/{instance.id}/configure?version={version.id}"
    assert f'href="{link}"' in page
    assert f'href="{link}"' in client.get(f"/integrations/{version.integration_id}").text
    wizard = Wizard.at(client, link)
    wizard.go(v0=instance.connections["Acme account"], v1="Hello")
    wizard.go(v2="5")
    for said in ("From version 1 to version 2", "Inbound text goes", "Texts is new", "nothing</s> 5"):
        assert said in wizard.page
    assert web_host.store.instances.get(instance.id).version == 1
    answer = wizard.go("deploy")
    assert answer.headers["location"].endswith("?done=upgraded")
    upgraded = web_host.store.instances.get(instance.id)
    assert (upgraded.version, upgraded.config) == (2, {"Greeting": "Hello", "Tries": 5})


def test_an_upgrade_that_asks_for_nothing_new_shows_only_what_changes(client, web_host, instance, tmp_path):
    (tmp_path / "integration.yaml").write_text(DEFINITION.replace("{synchronous}", "true"))
    version = web_host.integrations.publish(tmp_path / "integration.yaml")
    wizard = Wizard.at(client, f"/instances/{instance.id}/configure?version={version.id}")
    assert "What changes" in wizard.page
    wizard.go("deploy")
    assert web_host.store.instances.get(instance.id).version == 2


def test_what_was_configured_for_another_kind_of_variable_is_asked_for_again(client, web_host, instance, tmp_path):
    for kind in ("string, collectionType: keyvaluelist", "string, collectionType: valuelist", "schedule", "number"):
        text = DEFINITION.replace("{synchronous}", "false").replace("string, defaultValue: Hi", kind)
        (tmp_path / "integration.yaml").write_text(text)
        version = web_host.integrations.publish(tmp_path / "integration.yaml")
        answer = client.get(f"/instances/{instance.id}/configure?version={version.id}")
        assert answer.status_code in {200, 400}
        assert "Greeting" in answer.text


def test_an_instance_gets_no_version_of_another_integration(client, web_host, instance, tmp_path):
    (tmp_path / "other.yaml").write_text(KINDS)
    other = web_host.integrations.publish(tmp_path / "other.yaml")
    assert client.get(f"/instances/{instance.id}/configure?version={other.id}").status_code == 404


def test_integrations_list_their_versions_and_instances(client, web_host, instance):
    assert "Auto reply" in client.get("/integrations").text
    page = client.get(f"/integrations/{instance.integration_id}").text
    assert f'href="/instances/{instance.id}"' in page
    assert f'href="/instances/new?version={instance.version_id}"' in page
    assert client.get("/integrations/none").status_code == 404
    begun = client.get(f"/instances/new?version={instance.version_id}").text
    assert f'<option value="{instance.version_id}" selected>' in begun
