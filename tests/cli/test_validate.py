from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "auto-reply" / "integration.yaml"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/integration.yaml")), ids=lambda file: file.parent.name)
def test_the_examples_can_be_deployed(run, file):
    done = run("validate", file)
    assert (done.status, done.err) == (0, "")
    assert "can be deployed" in done.out


def test_every_problem_is_told_with_its_line(run, tmp_path):
    file = tmp_path / "integration.yaml"
    file.write_text(
        EXAMPLE.read_text().replace("key: sendMessage", "key: sendMesage").replace("key: runCode", "key: runcode")
    )
    done = run("validate", file)
    assert (done.status, done.out) == (2, "")
    assert "did you mean sendMessage?" in done.err
    assert "did you mean runCode?" in done.err
    assert all(f"{file}:" in line for line in done.err.removeprefix("error: ").splitlines() if line.strip())


GREETER = EXAMPLES / "components" / "greeter"


def test_a_component_of_a_mounted_folder_is_known(run, monkeypatch):
    file = GREETER / "integration.yaml"
    monkeypatch.delenv("TWILIO_CONNECTOR_COMPONENTS", raising=False)
    assert run("validate", file).status == 2
    monkeypatch.setenv("TWILIO_CONNECTOR_COMPONENTS", str(GREETER))
    assert (run("validate", file).status, run("validate", file, "--components", GREETER).status) == (0, 0)
