"""Everything that is wrong is told at once, by file and line, before anything is changed; and no secret is quoted."""

import os

import pytest
from twilio_connector.host.definition.tree import MAX_BYTES

from .conftest import WHOLE

MAIN = "{name: Main, component: probe, key: token, fields: {account: A}, secrets: {token: my-token}, reservedFor: $}"
TOKEN = "0123456789abcdef0123456789abcdef"


def test_everything_is_told_at_once(problems, folder, host):
    root = folder(
        **{
            "connections/a.yaml": "name: A\ncomponent: prob\nkey: token\n",
            "connections/b.yaml": "name: B\ncomponent: probe\nkey: token\nfields: {acount: A1}\nsecrets: {token: nowhere}\n",
            "customers/b.yaml": "name: B\n",
            "instances/b.yaml": "integration: Gret\ncustomer: acme\nname: [x]\n",
            "integrations/greet/integration.yaml": "name: Greet\ndefinitionVersion: 7\nflows: [{name: A, stepz: []}]\n",
        }
    )
    told = problems(root)
    assert [line.split(": ")[0] for line in told] == [
        *("connections/a.yaml:2", "connections/b.yaml:4", "customers/b.yaml:1", "instances/b.yaml:3"),
        *("integrations/greet/integration.yaml:3",) * 2,
    ]
    assert "did you mean probe?" in told[0]
    assert host.store.customers.all() == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"connections/main.yaml": "{name: Main, component: probe, key: tokn}"}, "did you mean token?"),
        ({"connections/main.yaml": "{name: Main, type: prob}"}, "did you mean probe?"),
        ({"connections/main.yaml": "{name: Main, component: probe, key: token}"}, "account"),
        ({"connections/main.yaml": "[Main]"}, "must be a mapping"),
        ({"connections/main.yaml": ""}, "is empty"),
        (
            {
                "connections/main.yaml": "{name: Main, component: probe, key: token, fields: {account: A}, secrets: "
                "{token: my-token, account: my-token}}"
            },
            "secrets.account: is no secret; write it into fields",
        ),
        (
            {"connections/main.yaml": MAIN.replace("$", "{acme: [ada]}")},
            "reservedFor.acme[0]: the customer 'acme' has no user of the external id 'ada'",
        ),
        ({"connections/main.yaml": MAIN.replace("$", "{acmee: [ada]}")}, "did you mean acme?"),
        ({"connections/main.yaml": MAIN.replace("$", "{acme: []}")}, "names no user"),
        ({"connections/main.yaml": MAIN.replace("$", "{acme: ada}")}, "must be a list"),
        ({"connections/main.yaml": MAIN.replace("$", "[ada]")}, "must be a mapping"),
        ({"connections/main.yaml": MAIN.replace("$", "{acme: [{a: b}]}")}, "must be text"),
        ({"customers/other.yaml": "{externalId: acme}"}, "acme.yaml:1 too; names are unique"),
        ({"connections/twin.json": '{"name": "Main", "component": "probe", "key": "token"}'}, "main.yaml:1 too"),
        ({"instances/twin.yaml": "{integration: Greet, customer: acme, config: {Token: Main}}"}, "acme.yaml:1 too"),
        ({"instances/acme.yaml": "{integration: Greet, customer: acmee, config: {Token: Main}}"}, "did you mean acme?"),
        ({"instances/acme.yaml": "{integration: Greet, customer: acme}"}, "'Token': choose a connection"),
        ({"instances/acme.yaml": "{integration: Greet, customer: acme, config: {Token: Man}}"}, "config.Token: "),
        (
            {"instances/acme.yaml": "{integration: Greet, customer: acme, config: {Token: Main, Greting: Hi}}"},
            "did you mean Greeting?",
        ),
        ({"instances/acme.yaml": "{integration: Greet, customer: acme, enabled: maybe}"}, "true or false"),
        ({"instances/acme.yml.bak": "x"}, "is not read"),
        ({"integrations/loose.yaml": "x"}, "an integration is a folder here"),
        ({"instance/a.yaml": "x"}, "did you mean instances?"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(problems, folder, files, told):
    assert any(told in line for line in problems(folder(**files))), problems(folder())


def test_the_whole_folder_is_right_as_it_stands(problems, folder):
    assert problems(folder(**{"README.md": "ours", "connections/README.md": "ours", ".git/config": "x"})) == []


def test_a_missing_secret_stands_at_its_line_and_says_where_it_was_looked_for(problems, folder, host):
    root = folder()
    host.store.named_secrets.remove("my-token")
    (told,) = problems(root)
    assert told.startswith("connections/main.yaml:5: secrets.token: ")
    assert "'my-token'" in told
    assert "TWILIO_CONNECTOR_SECRET_MY_TOKEN" in told


@pytest.mark.parametrize(
    "text",
    [
        f"{{name: Main, component: probe, key: token, fields: {{account: A1, token: {TOKEN}}}}}",
        f"{{name: Main, component: probe, key: token, fields: {{account: A1}}, secrets: {{token: {TOKEN}}}}}",
        f"{{name: Main, component: probe, key: token, fields: {{account: A1}}, secrets: {{token: {{x: {TOKEN}}}}}}}",
        f"{{name: Main, type: probe, config: {{sid: A1, auth_token: {TOKEN}}}}}",
        f"{{name: Main, type: probe, config: {{sid: A1}}, secret_config: {{auth_token: {TOKEN}}}}}",
        f"{{name: Main, type: probe, config: {{sid: A1}}, auth_token: {TOKEN}}}",
        f"name: Main\ntype: probe\nconfig: [\n  {TOKEN}",
    ],
)
def test_a_secret_written_into_a_file_is_refused_and_not_quoted(problems, folder, text):
    told = problems(folder(**{"connections/main.yaml": text}))
    assert told
    assert not [line for line in told if TOKEN in line]


def test_an_existing_connection_of_another_kind_is_not_turned_into_this(problems, folder, host):
    fields = {"username": "AC" + "1" * 32, "password": "hunter2-hunter2"}
    host.connections.add(name="Main", component="twilio", key="basic", fields=fields)
    assert any("connections/main.yaml:1: name: the host has a connection" in line for line in problems(folder()))


def bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines)


CONTENTS = {"large": b"#" * (MAX_BYTES + 1), "bomb": bomb().encode(), "binary": b"\xff\xfe\0", "deep": b"[" * 5000}


@pytest.mark.parametrize("attack", CONTENTS)
def test_a_file_that_is_none_is_told(problems, folder, attack):
    root = folder()
    (root / "customers" / "bad.yaml").write_bytes(CONTENTS[attack])
    assert any("customers/bad.yaml:" in line for line in problems(root))


def link_out(root, outside):
    (root / "customers" / "bad.yaml").symlink_to(outside / "integration.yaml")


def folder_out(root, outside):
    (root / "customers" / "acme.yaml").unlink()
    (root / "customers").rmdir()
    (root / "customers").symlink_to(outside)


def definition_out(root, outside):
    (root / "integrations" / "bad").symlink_to(outside)


def loop(root, outside):
    (root / "customers" / "bad.yaml").symlink_to("bad.yaml")


def pipe(root, outside):
    os.mkfifo(root / "customers" / "bad.yaml")


def device(root, outside):
    (root / "customers" / "bad.yaml").symlink_to("/dev/zero")


@pytest.mark.parametrize("attack", [link_out, folder_out, definition_out, loop, pipe, device])
def test_what_leads_out_of_the_folder_or_never_ends_is_not_followed(problems, folder, tmp_path, attack):
    root, outside = folder(), tmp_path / "outside"
    outside.mkdir()
    (outside / "integration.yaml").write_text("name: outside-the-folder")
    attack(root, outside)
    told = problems(root)
    assert any(reason in line for line in told for reason in ("leads out", "must be a folder in", "no plain file"))
    assert not [line for line in told if "outside-the-folder" in line]


CODE = """
    {name: Run, action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode},
     inputs: {code: {type: value, value: "own:run"}}}
"""


@pytest.mark.parametrize(
    "path",
    ["connections/main.yaml", "customers", "integrations/greet", "integrations/greet/integration.yaml",
     "integrations/greet/own.py", "integrations/greet/notes.txt"],
)  # fmt: skip
def test_what_may_not_be_read_is_a_problem_of_its_own(problems, folder, bound_by_modes, path):
    coded = WHOLE["integrations/greet/integration.yaml"].rstrip() + f"\n          - {' '.join(CODE.split())}\n"
    root = folder(**{
        "integrations/greet/integration.yaml": coded,
        "integrations/greet/own.py": "def run(context, results): ...",
        "integrations/greet/notes.txt": "Notes",
    })  # fmt: skip
    assert problems(root) == []
    (root / path).chmod(0)
    told = problems(root)
    (root / path).chmod(0o700)
    assert [line for line in told if path.rpartition("/")[2] in line and "cannot be read: Permission denied" in line]


@pytest.mark.parametrize("place", ["", "nowhere"])
def test_a_folder_that_declares_nothing_is_told(problems, tmp_path, place):
    assert any("is no folder" in line or "declares nothing" in line for line in problems(tmp_path / "n" / place))
