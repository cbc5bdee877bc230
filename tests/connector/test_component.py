import shutil
import sys
from pathlib import Path

import pytest
from twilio_connector.connector.component import discover, load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, InvalidComponent, InvalidInput
from twilio_connector.connector.testing import Harness, _checks
from twilio_connector.connector.webhooks import LedgerInMemory

CONTEXT = ActionContext()


def perform(folder, token, **values):
    return load(folder).actions["greet"].perform(CONTEXT, {"connection": token, "name": "Ada", **values}).data


def test_a_folder_is_loaded_by_its_manifest(greeter):
    component = load(greeter)
    assert component.key == "greeter"
    assert list(component.actions) == ["greet", "count"]
    assert list(component.connections) == ["token"]
    assert list(component.triggers) == ["hook"]
    assert list(component.data_sources) == ["names"]


def test_loading_imports_no_unit_and_leaves_the_search_path_alone(greeter):
    path = list(sys.path)
    (greeter / "code.py").write_text("raise SystemExit")
    assert load(greeter).actions["greet"].label == "Greet"
    assert sys.path == path


def test_two_folders_with_modules_of_one_name_do_not_meet(greeter, token, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "component.yaml").write_text((greeter / "component.yaml").read_text().replace("greeter", "other", 1))
    (other / "code.py").write_text((greeter / "code.py").read_text().replace("range(inputs.limit)", "'xyz'"))
    assert list(load(greeter).actions["count"].run(CONTEXT, {})) == [0, 1, 2]
    assert list(load(other).actions["count"].run(CONTEXT, {})) == ["x", "y", "z"]


def test_strings_as_hosts_send_them_become_what_the_model_says(greeter, token):
    data = perform(greeter, token, times="2", loud="true", extras='[{"key": "a", "value": "1"}]', tags="x")
    assert data == {
        "name": "Ada",
        "tone": "warm",
        "times": 2,
        "loud": True,
        "note": None,
        "extras": (("a", "1"),),
        "tags": ("x",),
    }


def test_a_blank_means_not_given(greeter, token):
    assert perform(greeter, token, times="", tone="", note="", loud=None)["times"] == 1


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({"name": ""}, "name", "name: is required"),
        ({"nmae": "x"}, "nmae", "did you mean name?"),
        ({"times": "two"}, "times", "times: input should be a valid integer"),
        ({"times": "0"}, "times", "greater than or equal to 1"),
        ({"tone": "hot"}, "tone", "'warm' or 'cool'"),
        ({"extras": "{"}, "extras", "a list of"),
    ],
)
def test_a_bad_input_is_an_error_on_its_field(greeter, token, values, field, says):
    with pytest.raises(InvalidInput) as caught:
        perform(greeter, token, **values)
    assert caught.value.field == field
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("connection", "field", "says"),
    [
        ({"key": "token", "fields": {"accountSid": "SK" + "1" * 32, "token": "x"}}, "accountSid", "starts with 'SK'"),
        ({"key": "token", "fields": {"accountSid": "AC1", "token": "x"}}, "accountSid", "34 characters in all"),
        ({"key": "token", "fields": {"accountSid": "AC" + "1" * 32}}, "token", "token: is required"),
        ({"key": "other", "fields": {}}, "key", "one of token"),
        ("text", "key", "one of token"),
        ({"key": "token"}, "key", '"fields"'),
    ],
)
def test_a_bad_connection_is_an_error_of_the_connection(greeter, connection, field, says):
    with pytest.raises(ConnectionFailed) as caught:
        perform(greeter, connection)
    assert caught.value.field == field
    assert says in str(caught.value)


def test_pasted_blanks_around_a_credential_are_taken_off(greeter):
    fields = {"accountSid": "\ufeff AC" + "1" * 32 + "\u00a0\n", "token": "\u200b s3cret\t"}
    built = load(greeter).connections["token"].build(fields)
    assert built.account_sid == "AC" + "1" * 32
    assert built.token.get_secret_value() == "s3cret"


def test_a_lazy_action_stays_lazy_when_run_and_is_a_list_when_performed(greeter):
    action = load(greeter).actions["count"]
    assert next(action.run(CONTEXT, {"limit": str(10**12)})) == 0
    assert action.perform(CONTEXT, {"limit": "3"}).data == [0, 1, 2]


def test_a_connection_is_tried_by_its_own_test(greeter, token):
    assert load(greeter).connections["token"].test(token["fields"], CONTEXT) == "reaches the greeter"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("nowhere:greet", "there is no module nowhere"),
        ("code:missing", "module code has no missing"),
        ("code:Greet.missing", "module code has no Greet.missing"),
        ("code:missing.greet", "module code has no missing.greet"),
    ],
)
def test_an_entry_that_leads_nowhere_is_named_when_used(greeter, token, entry, says):
    manifest = greeter / "component.yaml"
    manifest.write_text(manifest.read_text().replace('"code:greet"', f'"{entry}"'))
    with pytest.raises(InvalidComponent, match=says) as caught:
        perform(greeter, token)
    assert caught.value.field == "greet"


def test_an_entry_may_be_a_method_of_what_a_module_has(greeter, token):
    with (greeter / "code.py").open("a") as code:
        code.write("\n\nclass Aloud:\n    def greet(self, context: ActionContext, inputs: Greet) -> str:\n")
        code.write('        return f"HI {inputs.name}"\n\n\naloud = Aloud()\n')
    manifest = greeter / "component.yaml"
    manifest.write_text(manifest.read_text().replace('"code:greet"', '"code:aloud.greet"'))
    assert perform(greeter, token) == "HI Ada"


def test_a_module_missing_inside_a_unit_is_not_blamed_on_the_manifest(greeter, token):
    (greeter / "code.py").write_text("import no_such_library")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        perform(greeter, token)


@pytest.mark.parametrize("source", ["no_such_package", "no-such-package", "json", "../nowhere"])
def test_what_is_no_component_is_refused_by_name(source):
    with pytest.raises(InvalidComponent, match=source):
        load(source)


def test_an_empty_folder_is_refused_with_what_is_missing(tmp_path):
    with pytest.raises(InvalidComponent, match=r"component\.yaml: cannot be read"):
        load(tmp_path)


def test_installed_components_and_folders_are_discovered_by_key(greeter):
    found = discover([greeter])
    assert found["greeter"].root == greeter
    assert found["twilio"].package == "twilio_connector"


def test_two_components_with_one_key_are_an_error_that_names_both(greeter, tmp_path_factory):
    twin = tmp_path_factory.mktemp("twin")
    (twin / "component.yaml").write_text((greeter / "component.yaml").read_text())
    with pytest.raises(InvalidComponent) as caught:
        discover([greeter, twin])
    assert str(greeter) in str(caught.value)
    assert str(twin) in str(caught.value)


def test_the_distributions_own_folder_is_the_installed_package():
    root = Path(__file__).resolve().parents[2]
    assert load(root).package == "twilio_connector"
    assert load(root).root == load("twilio_connector").root == root


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The component as a folder somewhere else, as a host mounts it."""
    root, folder = Path(__file__).parents[2], tmp_path_factory.mktemp("mounted") / "twilio"
    for name in ("connector", "connections", "actions", "triggers"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "component.yaml", folder)
    return folder


def test_a_mounted_copy_holds_the_contract(copy):
    for _, check in _checks(load(copy)):
        check()


def test_a_mounted_copy_resolves_to_the_same_manifest(copy):
    assert load(copy).manifest() == load("twilio_connector").manifest()


def test_a_mounted_copy_raises_the_hosts_errors_from_code_of_its_own(copy):
    action = load(copy).actions["sendSMS"]
    with pytest.raises(InvalidInput, match="did you mean to"):
        action.perform(CONTEXT, {"too": "x"})
    assert Path(sys.modules[action.target.__module__].__file__).is_relative_to(copy)
    assert not action.target.__module__.startswith("twilio_connector.")


def test_a_component_cannot_be_changed(greeter):
    with pytest.raises(AttributeError):
        load(greeter).key = "other"


@pytest.mark.parametrize("kind", ["connections", "actions", "triggers", "data_sources"])
def test_a_components_units_cannot_be_changed(greeter, kind):
    with pytest.raises(TypeError):
        getattr(load(greeter), kind)["other"] = None


REGISTERING = """
    scheduleSupport: invalid
    synchronousResponseSupport: valid
    webhookCreate: "code:create"
    webhookDelete: "code:delete"
dataSources:"""
CREATE = '''
from twilio_connector.connector.webhooks import Change


def create(context, inputs, ledger):
    """Write down, then change."""
    if inputs.connection:
        ledger.write("place", {"before": "", "owner": ledger.owner(context.invoke_url)})
        yield Change(target="place", setting="url", after=context.invoke_url)


def delete(context, inputs, ledger):
    """Put back."""
    for key in ledger.read():
        ledger.write(key, None)
        yield Change(target=key, setting="url", before=context.invoke_url)
'''


@pytest.fixture
def registering(greeter):
    """The greeter, whose hook registers itself."""
    path = greeter / "component.yaml"
    old = "\n    scheduleSupport: invalid\n    synchronousResponseSupport: valid\ndataSources:"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, REGISTERING))
    (greeter / "code.py").write_text((greeter / "code.py").read_text() + CREATE)
    return greeter


def test_a_trigger_registers_its_webhook_and_undoes_it(registering, token):
    harness = Harness(registering, connection=token, context=ActionContext(invoke_url="https://h.example/t"))
    ledger = LedgerInMemory(owners={"https://h.example/t": "us"})
    assert harness.component.triggers["hook"].registers
    (made,) = harness.create_webhook("hook", ledger=ledger)
    assert (made.target, made.after, ledger.read()) == (
        "place",
        "https://h.example/t",
        {"place": {"before": "", "owner": "us"}},
    )
    (undone,) = harness.delete_webhook("hook", ledger=ledger)
    assert (undone.before, ledger.read()) == ("https://h.example/t", {})


def test_the_stored_definition_says_that_a_trigger_registers_and_not_how(registering):
    stored = load(registering).manifest()["triggers"]["hook"]
    assert (stored["hasWebhookCreateFunction"], stored["hasWebhookDeleteFunction"]) == (True, True)
    assert not {"webhookCreate", "webhookDelete"} & stored.keys()


def test_what_registers_must_undo_it(registering):
    path = registering / "component.yaml"
    path.write_text(path.read_text().replace('    webhookDelete: "code:delete"\n', ""))
    with pytest.raises(InvalidComponent, match=r"triggers\.hook: webhookDelete is missing"):
        load(registering)


def test_a_trigger_that_registers_when_asked_holds_the_contract(registering):
    assert [name for name, check in _checks(load(registering)) if _fails(check)] == []


def test_a_trigger_that_registers_unasked_breaks_the_contract(registering):
    code = (registering / "code.py").read_text()
    (registering / "code.py").write_text(code.replace("    if inputs.connection:", "    if True:"))
    failed = [name for name, check in _checks(load(registering)) if _fails(check)]
    assert failed == ["hook: registers nothing unasked"]


def _fails(check):
    try:
        check()
    except AssertionError:
        return True
    return False
