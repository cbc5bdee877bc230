"""Set-up: once, again when what it was made from changes, and a clear word where it cannot be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAKE_UV = """#!/bin/sh
echo "$@" >>"$UV_LOG"
case "$1" in venv) rm -rf .venv; mkdir -p .venv/bin; ln -s "$REAL_PYTHON" .venv/bin/python ;; esac
"""
OLD_PYTHON = '#!/bin/sh\nif [ "$1" = --version ]; then echo "Python 3.9.2"; else exit 1; fi\n'
# As on Debian without python3-venv: new enough, but neither ensurepip nor pip.
BARE_PYTHON = '#!/bin/sh\ncase "$*" in *ensurepip*|*"-m pip"*) exit 1 ;; *) exit 0 ;; esac\n'


@dataclass(frozen=True)
class Machine:
    """A clone and a PATH that holds a few tools and what a test puts there."""

    clone: Path
    path: Path

    def put(self, name: str, script: str) -> None:
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)

    def set_up(self, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = settings | {
            "PATH": str(self.path),
            "UV_LOG": str(self.clone / "uv.log"),
            "REAL_PYTHON": sys.executable,
        }
        command = ["/bin/sh", str(self.clone / ".ci" / "setup")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def uv_calls(self) -> Sequence[str]:
        log = self.clone / "uv.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "a clone", tmp_path / "bin")
    made.path.mkdir()
    for tool in ("cat", "cksum", "dirname", "ln", "mkdir", "rm", "sh"):
        (made.path / tool).symlink_to(str(shutil.which(tool)))
    (made.clone / ".ci").mkdir(parents=True)
    for name in (".ci/setup", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, made.clone / name)
    return made


@pytest.fixture
def ready(machine: Machine) -> Machine:
    machine.put("uv", FAKE_UV)
    assert machine.set_up().returncode == 0
    return machine


def test_installs_exactly_the_lock_and_then_the_project_itself(ready: Machine) -> None:
    assert ready.uv_calls() == [
        "venv --quiet --clear --python 3.13 .venv",
        "pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r requirements.lock",
        "pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .",
    ]


def test_the_second_time_does_nothing(ready: Machine) -> None:
    before = ready.uv_calls()
    result = ready.set_up()
    assert (result.returncode, result.stderr, ready.uv_calls()) == (0, "", before)


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_is_done_again_when_its_source_changed(ready: Machine, name: str) -> None:
    with (ready.clone / name).open("a") as file:
        file.write("\n# changed\n")
    ready.set_up()
    assert len(ready.uv_calls()) == 6


def test_is_done_again_when_the_clone_moved(ready: Machine) -> None:
    moved = Machine(ready.clone.rename(ready.clone.with_name("elsewhere")), ready.path)
    moved.set_up()
    assert len(moved.uv_calls()) == 6


def test_an_old_python_is_named_with_what_is_missing(machine: Machine) -> None:
    machine.put("python3", OLD_PYTHON)
    result = machine.set_up()
    assert result.returncode == 1
    assert "No Python 3.11 or newer found" in result.stderr
    assert "Found instead: Python 3.9.2" in result.stderr


def test_a_machine_without_python_is_told_so(machine: Machine) -> None:
    result = machine.set_up()
    assert result.returncode == 1
    assert "Found instead: none" in result.stderr


def test_a_named_python_that_is_too_old_is_not_passed_over(machine: Machine) -> None:
    machine.put("uv", FAKE_UV)
    machine.put("python-of-old", OLD_PYTHON)
    result = machine.set_up(PYTHON="python-of-old")
    assert result.returncode == 1
    assert "looked for: python-of-old" in result.stderr
    assert machine.uv_calls() == []


def test_a_python_that_cannot_make_environments_is_told_the_package(machine: Machine) -> None:
    machine.put("python3", BARE_PYTHON)
    result = machine.set_up()
    assert result.returncode == 1
    assert "apt install python3-venv" in result.stderr


def test_a_set_up_that_failed_is_tried_again(machine: Machine) -> None:
    machine.put("uv", "#!/bin/sh\nexit 1\n")
    assert machine.set_up().returncode == 1
    machine.put("uv", FAKE_UV)
    assert machine.set_up().returncode == 0
    assert len(machine.uv_calls()) == 3
