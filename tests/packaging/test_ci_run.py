"""The check-in run: fetches only what is missing, tries that twice, insists on browser and proxy, and ends with the demo."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TELL = '#!/bin/sh\necho "{name} $* browser=$REQUIRE_BROWSER nginx=$REQUIRE_NGINX" >>"{log}"\n'


@dataclass(frozen=True)
class Machine:
    """A PATH of fakes, each of which writes down how it was called."""

    path: Path
    log: Path

    def put(self, name: str, then: str = "") -> None:
        (self.path / name).write_text(TELL.format(name=name, log=self.log) + then)
        (self.path / name).chmod(0o755)

    def run(self) -> int:
        command = [str(shutil.which("bash")), str(self.path.parent / ".ci" / "run")]
        return subprocess.run(command, env={"PATH": str(self.path)}, capture_output=True, check=False).returncode

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "bin", tmp_path / "log")
    made.path.mkdir()
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    for tool in ("dirname", "env"):
        (made.path / tool).symlink_to(str(shutil.which(tool)))
    (made.path / "id").write_text("#!/bin/sh\necho 0\n")
    (made.path / "id").chmod(0o755)
    for name in ("apt-get", "make", "sleep", "uv"):
        made.put(name)
    return made


CHECKS = ["make test browser=1 nginx=1", "make demo ONCE=1 browser=1 nginx=1"]
UNSET = "browser= nginx="
INSTALL = [
    f"apt-get update -qq {UNSET}",
    f"apt-get install -y -qq --no-install-recommends chromium nginx-light {UNSET}",
]


def test_a_machine_with_all_installs_nothing(machine: Machine) -> None:
    machine.put("chromium")
    machine.put("nginx")
    assert machine.run() == 0
    assert machine.calls() == CHECKS


def test_what_is_missing_is_installed_first(machine: Machine) -> None:
    assert machine.run() == 0
    assert machine.calls() == [*INSTALL, *CHECKS]


def test_an_installation_that_fails_is_tried_once_more(machine: Machine) -> None:
    machine.put("apt-get", then="exit 100\n")
    assert machine.run() == 100
    assert machine.calls() == [INSTALL[0], f"sleep 5 {UNSET}", INSTALL[0]]


def test_a_failed_check_ends_it(machine: Machine) -> None:
    machine.put("chromium")
    machine.put("nginx")
    machine.put("make", then="exit 2\n")
    assert machine.run() == 2
    assert machine.calls() == CHECKS[:1]
