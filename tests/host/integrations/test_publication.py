"""What is published, whoever does it: each version once, with one line in the log of changes."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from twilio_connector.connector.errors import ConnectorError
from twilio_connector.host.definition.parse import read
from twilio_connector.host.integrations.publication import files
from twilio_connector.host.integrations.uploads import unzipped
from twilio_connector.host.operating.changes import Wanted


def lines(host):
    return [
        change.summary for change in reversed(host.changes.find(Wanted())[0]) if change.what == "integration.publish"
    ]


def test_each_version_leaves_one_line_however_it_came(host, integration, step):
    file = integration(step("Give", "give", what="one"))
    host.integrations.publish(file)
    host.integrations.publish_upload({file.name: file.read_bytes()})
    host.instances.deploy(file, customer="acme")
    for _ in range(2):
        host.integrations.publish_upload({file.name: integration(step("Give", "give", what="two")).read_bytes()})
    assert lines(host) == ["Probe: version 1", "Probe: version 2"]


RUN = """
{name: Run, action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode},
 inputs: {code: {type: value, value: "own:run"}}}
"""


@pytest.mark.parametrize("name", ["probe.yaml", "own.py", "notes.txt"])
def test_a_file_that_may_not_be_read_is_named(integration, bound_by_modes, name):
    file = integration(" ".join(RUN.split()))
    (file.parent / "own.py").write_text("def run(context, results): ...\n")
    (file.parent / "notes.txt").touch()
    (file.parent / name).chmod(0)
    with pytest.raises(ConnectorError, match=rf"{name}.* cannot be read: Permission denied") as caught:
        files(read(file), file, 1 << 20)
    assert caught.value.exit_status == 2


def test_a_zip_is_taken_as_the_folder_is_by_its_path(host, integration):
    file = integration(" ".join(RUN.split()))
    folder = file.parent
    for path in ("own.py", "__pycache__/own.pyc", "node_modules/left-pad/index.js", "__MACOSX/own.py", ".git/config"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("def run(context, results): ...\n")
    by_path = host.integrations.publish(file)
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for each in [file, *(one for one in folder.rglob("*") if one.is_file() and one != file)]:
            archive.write(each, each.relative_to(folder))
    unpacked = unzipped(packed.getvalue(), 1 << 20)
    assert set(unpacked) == set(files(read(file), file, 1 << 20)) == {file.name, "own.py"}
    assert host.integrations.publish_upload(unpacked) == by_path
