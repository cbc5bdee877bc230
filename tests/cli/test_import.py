"""Exported App Services and Stitch applications become integrations; what cannot be carried over is said, secrets never are."""

import json
import re
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio_connector.cli.app_services.command import import_app_services
from twilio_connector.cli.app_services.handler import ported
from twilio_connector.connector.errors import ConnectorError, InvalidInput
from twilio_connector.host.definition import check, code, read
from twilio_connector.host.registry import components

SID = "AC" + "a1" * 16
TOKEN = "0123456789abcdef" * 2
PAGE = """exports = async function(payload, response) {
  // const { To, From, Body } = payload;
  const mongodb = context.services.get("mongodb-atlas");
  const texts = mongodb.db("demo").collection("messages");

  try {
    // Save the text message body, to number, and from number
    const { insertedId } = await texts.insertOne(payload);
    // Send the user a confirmation text message
    response.setBody(`Saved your text message with _id: ${insertedId}`);
  } catch (error) {
    // Send the user an error notification text message
    response.setBody(`Failed to save your text message: ${error}`);
  }
}
"""
OTHER = 'exports = function(payload) { return "You said " + payload.Body; };\n'
EXPORTED = {
    "run_as_authed_user": False,
    "run_as_user_id": "",
    "run_as_user_id_script_source": "",
    "can_evaluate": {},
    "options": {},
    "respond_result": True,
    "fetch_custom_user_data": False,
    "create_user_on_auth": False,
}


def service(name="sms", *, webhooks=None, **more):
    """The files of a service of an App Services application, by path."""
    config = {"id": "5f4a", "name": name, "type": "twilio", "config": {"sid": SID}, "version": 1}
    files = {f"services/{name}/config.json": config | {"secret_config": {"auth_token": "twilio_token"}} | more}
    for number, (config, source) in enumerate(webhooks if webhooks is not None else [({"name": "reply"}, OTHER)]):
        folder = f"services/{name}/incoming_webhooks/w{number}"
        files |= {f"{folder}/config.json": EXPORTED | config, f"{folder}/source.js": source}
    return files


def export(folder, files):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / path).write_bytes(text.encode())
    return folder


@pytest.fixture
def bring(run, tmp_path):
    """Export those files and import them."""

    def bring(files, **options):
        return run("import", "app-services", export(tmp_path / "app", files), "--into", tmp_path / "out", **options)

    return bring


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def everything(folder):
    return {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*") if file.is_file()}


installed = cache(components)


def problems(folder):
    return [str(problem) for problem in check(read(folder / "integration.yaml"), installed())]


# ── what is carried over ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_app_services_application_becomes_an_integration(bring, out):
    webhooks = [({"name": "saveText"}, PAGE), ({"name": "say again", "respond_result": False}, OTHER)]
    done = bring(service(webhooks=webhooks) | {"realm_config.json": {"name": "My App", "config_version": 20210101}})
    assert (done.status, done.err) == (0, "")
    assert "All of it was carried over." in done.out
    integration = read(out / "integration.yaml")
    assert problems(out) == []
    assert (integration.name, [(flow.name, flow.synchronous) for flow in integration.flows]) == (
        "My App Twilio",
        [("saveText", True), ("say again", False)],
    )
    assert SID in integration.config_var("sms Connection").description
    assert json.loads((out / "connections" / "sms.json").read_text()) == {
        "name": "sms",
        "type": "twilio",
        "config": {"sid": SID},
        "secret_config": {"auth_token": "twilio_token"},
    }
    assert ((out / "save_text.js").read_text(), (out / "say_again.js").read_text()) == (PAGE, OTHER)


def test_a_stitch_application_becomes_an_integration_without_its_secrets(bring, out):
    files = service("Texts", webhooks=[({"name": "reply"}, f'const token = "{TOKEN}";\n{OTHER}')])
    del files["services/Texts/config.json"]["secret_config"]
    done = bring(
        files | {"secrets.json": {"services": {"Texts": {"auth_token": TOKEN}}}, "stitch.json": {"name": "old"}}
    )
    assert done.status == 0
    assert "w0/source.js: held a secret" in done.out
    assert TOKEN not in f"{everything(out)} {done.out}"
    assert json.loads((out / "connections/texts.json").read_text())["secret_config"] == {
        "auth_token": "Texts_auth_token"
    }
    assert "`Texts_auth_token`" in (out / "IMPORTED.md").read_text()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"secret_config": {"auth_token": TOKEN}}, "sms_auth_token"),
        ({"config": {"sid": SID, "auth_token": TOKEN}}, "twilio_token"),
    ],
)
def test_a_token_where_its_name_should_be_is_not_copied_either(bring, out, more, named):
    done = bring(
        service(
            webhooks=[({"name": f"w {TOKEN}", "options": {"secret": "s3cret-of-ours"}}, "//s3cret-of-ours")], **more
        )
    )
    assert done.status == 0
    assert not any(secret in f"{everything(out)} {done.out}" for secret in (TOKEN, "s3cret-of-ours"))
    assert json.loads((out / "connections/sms.json").read_text())["secret_config"] == {"auth_token": named}


def test_what_is_no_name_of_a_secret_may_be_one(bring, out):
    done = bring(service("my texts", secret_config={"auth_token": "pass phrase, 1!"}))
    assert "secret_config.auth_token is no name of a secret" in done.out
    assert "pass phrase" not in f"{everything(out)} {done.out}"
    connection = json.loads((out / "connections/my_texts.json").read_text())
    assert connection["secret_config"] == {"auth_token": "my_texts_auth_token"}


def test_the_page_s_own_example_is_carried_over_with_its_collection():
    module = ported(PAGE)
    assert 'TABLE = "messages"' in module
    assert ported(PAGE.replace("  ", "\t").replace("//", "/* so */ //").replace("\n", "\r\n")) == module
    compile(module, "module", "exec")


@pytest.mark.parametrize(
    "source",
    [
        OTHER,
        PAGE + "exports = async function() {};",
        PAGE.replace("insertOne(payload)", "insertOne({...payload, at: new Date()})"),
        PAGE.replace("Saved your text", "We saved your text"),
        PAGE.replace('"messages"', "`messages`"),
        PAGE.replace('"messages"', '"a\\" + evil() + \\""'),
        "",
    ],
)
def test_what_differs_from_it_is_not_guessed_at(source):
    assert ported(source) is None


def test_a_handler_that_is_not_ported_fails_and_says_what_to_do(bring, out):
    assert bring(service()).status == 0
    handler = code.load(code.find(out, "handlers:reply"))
    with pytest.raises(ConnectorError, match=r"reply is not written yet: port reply\.js"):
        handler({}, None, None)


@pytest.mark.parametrize(
    ("said", "run_as"),
    [
        ({"run_as_user_id": "5f4a01"}, {"type": "user", "value": "5f4a01"}),
        ({"run_as_user_id_script_source": "exports = () => '1'"}, {"type": "script", "value": "handlers:reply_run_as"}),
        ({"run_as_system": True, "run_as_user_id": "5f4a01"}, None),
        ({"run_as_user_id": None}, None),
    ],
)
def test_as_whom_a_webhook_runs_is_carried_over(bring, out, said, run_as):
    assert bring(service(webhooks=[({"name": "reply"} | said, OTHER)])).status == 0
    text = (out / "integration.yaml").read_text()
    assert problems(out) == []
    found = "runAs:\n    type: {type}\n    value: {value}\n".format(**run_as) if run_as else ""
    assert found in text
    assert ("runAs" in text) is bool(run_as)
    if run_as and run_as["type"] == "script":
        assert (out / "reply_run_as.js").read_text() == "exports = () => '1'\n"
        assert "def reply_run_as(payload" in (out / "handlers.py").read_text()


def test_names_that_meet_are_told_apart(bring, out):
    two = [
        ({"name": "saveText"}, OTHER),
        ({"name": "save-text"}, OTHER),
        ({"name": "class"}, OTHER),
        ({"name": "12"}, OTHER),
    ]
    done = bring(service("A", webhooks=two) | service("B", webhooks=[({"name": "saveText"}, OTHER)]))
    assert done.status == 0
    assert problems(out) == []
    names = [flow.name for flow in read(out / "integration.yaml").flows]
    assert names == ["saveText (A)", "save-text", "class", "12", "saveText (B)"]
    assert {"save_text.js", "save_text_2.js", "save_text_3.js", "webhook_class.js", "webhook_12.js"} < everything(
        out
    ).keys()
    assert "saveText: is a webhook of another service too" in done.out


def test_a_service_without_webhooks_leaves_its_connection(bring, out):
    done = bring(service(webhooks=[]))
    assert done.status == 0
    assert everything(out).keys() == {"connections/sms.json", "IMPORTED.md"}
    assert "sms: has no incoming webhooks, so it has no flow" in done.out


# ── what is left behind ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_carried_over_is_listed(bring, out):
    said = {
        "name": "reply",
        "can_evaluate": {"%%true": True},
        "run_as_authed_user": True,
        "options": {"httpMethod": "GET"},
    }
    files = service(webhooks=[(said | {"disable_arg_logs": True, "novel": 1}, OTHER)], extra={}) | {
        "services/sms/rules/send.json": {"name": "send", "actions": ["send"]},
        "services/http/config.json": {"name": "http", "type": "http"},
        "functions/config.json": [],
        "functions/a.js": "",
        "http_endpoints/config.json": [],
        "values/number.json": {"name": "number"},
        "services/empty/readme.txt": "",
    }
    done = bring(files)
    assert done.status == 0
    listed = done.out.partition("Not carried over:")[2]
    for part in [
        *(
            "config.json: extra is",
            "novel is",
            "can_evaluate: ",
            "run_as_authed_user: ",
            "options: ",
            "disable_arg_logs: ",
        ),
        *("rules/send.json: rules", "services/http/config.json: a service of type http", "functions: 2 files"),
        *("http_endpoints: 1 file ", "values: 1 file ", "services/empty: there is no config.json"),
    ]:
        assert part in listed
    assert (out / "IMPORTED.md").read_text().partition("## Not carried over")[2].count("\n- ") == listed.count("\n  ")


def test_a_sid_that_is_none_is_left_to_the_connection(bring, out):
    done = bring(service(config={"sid": "not a sid"}))
    assert "config.sid is no account SID" in done.out
    assert json.loads((out / "connections/sms.json").read_text())["config"] == {}


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────────────────

CONFIG = "services/sms/config.json"
WEBHOOK = "services/sms/incoming_webhooks/w0/config.json"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "has no Twilio service"),
        (
            {"services/a/config.json": {"type": "http"}},
            "has no Twilio service: .*; found services/a/config.json: a service",
        ),
        (service() | {CONFIG: "{\n'"}, rf"{CONFIG}: is not JSON: .* in line 2"),
        (service() | {CONFIG: "[]"}, f"{CONFIG}: must be an object, not a list"),
        (service() | {CONFIG: "[" * 100_000}, f"{CONFIG}: is not JSON that can be read"),
        (service() | {CONFIG: f'{{"a": {"9" * 5000}}}'}, f"{CONFIG}: is not JSON that can be read"),
        (service() | {CONFIG: " " * (1 << 20) + "{}"}, f"{CONFIG}: is larger than 1048576 bytes"),
        (service(config=[]), f"{CONFIG}: config: must be an object, not a list"),
        (service(config={"sid": 5}), f"{CONFIG}: config.sid: must be text, not a number"),
        (service(name="x") | {CONFIG: {"type": "twilio"}}, f"{CONFIG}: name: is required"),
        (
            service() | {"services/a/config.json": {"name": "sms", "type": "twilio"}},
            "name: 'sms' is the name in services/a/",
        ),
        (service(webhooks=[({"name": " "}, OTHER)]), f"{WEBHOOK}: name: is required"),
        (service(webhooks=[({"name": "a\nb"}, OTHER)]), f"{WEBHOOK}: name: holds a character that cannot be printed"),
        (service(webhooks=[({"name": "\ud800"}, OTHER)]), f"{WEBHOOK}: name: holds a character that cannot be printed"),
        (service(webhooks=[({"name": "x" * 101}, OTHER)]), "one line of at most 100 characters"),
        (service(webhooks=[({"name": "a"}, OTHER)] * 2), "name: 'a' is the name in services/sms/.*w0/config.json too"),
        (
            service(webhooks=[({"name": "a", "respond_result": "yes"}, OTHER)]),
            "respond_result: must be true or false, not text",
        ),
        (
            service(webhooks=[({"name": "a", "run_as_user_id": "1", "run_as_user_id_script_source": "x"}, OTHER)]),
            "run_as_user_id_script_source: cannot be used with run_as_user_id; keep one",
        ),
        ({CONFIG: service()[CONFIG], WEBHOOK: {"name": "a"}}, "w0/source.js: is missing: it is the webhook's function"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_key(bring, out, files, problem):
    done = bring({"x": ""} | files)
    assert (done.status, done.out) == (2, "")
    assert re.search(problem, done.err), done.err
    assert not out.exists()


def test_a_folder_that_is_there_is_never_written_to(bring, out):
    out.mkdir()
    (out / "mine").write_text("mine")
    done = bring(service())
    assert (done.status, everything(out)) == (2, {"mine": "mine"})
    assert "is there already and stays as it is; name a new folder with --into" in done.err


def test_a_folder_that_is_no_export_is_named(run, tmp_path):
    done = run("import", "app-services", tmp_path / "nope")
    assert done.status == 2
    assert "nope is not a folder" in done.err


@pytest.mark.parametrize("path", ["services/sms/incoming_webhooks/w0/source.js", CONFIG])
def test_links_out_of_the_export_are_not_followed(run, tmp_path, path):
    app = export(tmp_path / "app", service())
    (tmp_path / "elsewhere").write_text((app / path).read_text())
    (app / path).unlink()
    (app / path).symlink_to(tmp_path / "elsewhere")
    done = run("import", "app-services", app, "--into", tmp_path / "out")
    assert (done.status, (tmp_path / "out").exists()) == (2, False)
    assert f"{path}: leads out of the exported folder" in done.err


NAMES = st.sampled_from(
    ["../x", "/etc/passwd", "a/b", "..", "con", "é'\"`|{{$x}}", "handlers", "import", "null", "~", "a: b #", "🎉"]
)
TEXTS = NAMES | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def hostile(sensible, **known):
    """An object with those keys: sensible values mostly, at times anything."""
    anything = st.fixed_dictionaries({}, optional={key: values | VALUES for key, values in known.items()})
    likely = st.fixed_dictionaries(sensible, optional=known)
    return likely | st.builds(lambda a, b, c: a | b | c, anything, likely, st.dictionaries(TEXTS, VALUES, max_size=1))


WEBHOOKS = hostile(
    {"name": TEXTS, "respond_result": st.booleans()},
    run_as_user_id=TEXTS,
    run_as_user_id_script_source=TEXTS,
    run_as_system=st.booleans(),
    options=st.just({"secret": TOKEN}),
)
SERVICES = hostile(
    {"name": TEXTS, "type": st.just("twilio")},
    config=st.fixed_dictionaries({"sid": st.just(SID) | TEXTS}),
    secret_config=st.fixed_dictionaries({"auth_token": st.sampled_from([TOKEN, "a_name"]) | TEXTS}),
)
SOURCES = st.sampled_from([PAGE, OTHER, f"// {TOKEN}"]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=60)
@given(st.lists(st.tuples(SERVICES, st.lists(st.tuples(WEBHOOKS, SOURCES), max_size=3)), min_size=1, max_size=2))
def test_whatever_an_export_holds_the_result_can_be_deployed_and_tells_no_secret(services):
    files = {"secrets.json": {"any": [TOKEN]}}
    for number, (config, webhooks) in enumerate(services):
        files[f"services/{number}/config.json"] = config
        for place, (webhook, source) in enumerate(webhooks):
            folder = f"services/{number}/incoming_webhooks/{place}"
            files |= {f"{folder}/config.json": webhook, f"{folder}/source.js": source}
    with TemporaryDirectory() as place:
        around = Path(place)
        app = export(around / "app", files)
        before = set(around.rglob("*"))
        refused = ""
        try:
            import_app_services(app, around / "out")
        except InvalidInput as error:
            refused = str(error)
        assert TOKEN not in refused
        assert {path for path in around.rglob("*") if around / "out" not in (path, *path.parents)} == before
        assert (around / "out").exists() is not bool(refused)
        made = everything(around / "out")
        assert all(PurePosixPath(path).name.isascii() for path in made)
        assert not any(TOKEN in text for text in made.values())
        if "integration.yaml" in made:
            assert problems(around / "out") == []
