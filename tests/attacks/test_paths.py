"""Paths that lead out: of an integration's folder, when it is published and when its code is called; of the static files."""

import os

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.definition import code, parse
from twilio_connector.host.integrations import publication

DEFINITION = """
definitionVersion: 7
name: Paths
flows:
  - name: Only
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
      - name: Run
        action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode}
        inputs: {code: {type: value, value: "inside:run"}}
"""
MODULE = "def run(context, results):\n    return 'ran'\n"


@pytest.fixture
def folder(tmp_path):
    """An integration's folder, beside another that is not its own, with every way out of it that a folder can hold."""
    own, other = tmp_path / "own", tmp_path / "own-other"
    for each in (own, other, own / "package", own / ".hidden", own / "__pycache__"):
        each.mkdir()
    (own / "integration.yaml").write_text(DEFINITION)
    for file in (own / "inside.py", own / "package" / "module.py", other / "outside.py", own / ".hidden" / "module.py"):
        file.write_text(MODULE)
    (other / "secret.txt").write_text("the-other-folders-secret")
    (own / "link.py").symlink_to(other / "outside.py")
    (own / "secret.txt").symlink_to(other / "secret.txt")
    (own / "linked").symlink_to(other)
    (own / "root").symlink_to("/")
    (own / "loop").symlink_to(own)
    (own / "nowhere.py").symlink_to(own / "gone.py")
    (own / "itself.py").symlink_to(own / "itself.py")
    os.mkfifo(own / "pipe.py")
    return own


OUTSIDE = [
    "../own-other/outside:run", "..:run", "..outside:run", "/etc/passwd:run", "linked.outside:run", "link:run", "nowhere:run",
    "itself:run", "pipe:run", "root.etc.passwd:run", "loop.linked.outside:run", "inside.py:run", "inside/:run", "inside:run()",
    "inside:__import__('os').system('id')", "inside:run.__globals__", ".hidden.module:run", "package/module:run",
    "package\\module:run", "inside\0:run", "INSIDE:run", "\uff49nside:run", "inside:\uff52un", "os:system", ":run",
    "inside:run:run", "inside:", "inside", "__init__:run", "a" * 100_000 + ":run", "a." * 20_000 + "a:run", "file:///etc/passwd:run",
]  # fmt: skip


@pytest.mark.parametrize("entry", OUTSIDE, ids=lambda entry: ascii(entry[:40]))
def test_no_code_step_leads_out_of_its_folder(folder, entry):
    with pytest.raises(InvalidInput):
        code.find(folder, entry)


@pytest.mark.parametrize("entry", ["inside:run", "package.module:run", " inside:run "])
def test_what_lies_in_the_folder_is_found(folder, entry):
    assert code.find(folder, entry).function == "run"


def test_what_leads_out_of_the_folder_is_not_published(folder):
    path = folder / "integration.yaml"
    found = publication.files(parse(path.read_bytes(), file=path.name), path, 1 << 20)
    assert sorted(found) == ["inside.py", "integration.yaml", "package/module.py"]
    assert b"the-other-folders-secret" not in b"".join(found.values())


@pytest.mark.parametrize(
    "path",
    ["../access.py", "%2e%2e/access.py", "..%2faccess.py", "%2e%2e%2f%2e%2e%2fvault.py", "....//access.py", "/etc/passwd",
     "%2fetc%2fpasswd", "..%5caccess.py", "host.css/../../access.py", "host.css%00.py", "./../access.py", ""],
)  # fmt: skip
def test_static_files_are_those_of_their_folder(stranger, path):
    answer = stranger.get(f"/static/{path}")
    assert answer.status_code in {401, 404, 405, 421}, answer.text
    assert "import" not in answer.text
