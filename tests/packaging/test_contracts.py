"""The import contracts bite: each wall, stepped over, is reported by its name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command as run; run()"
COMPONENT = "The component: triggers -> actions -> connections -> connector"
OUTER = "The component knows no host, no local Twilio and no command"
MANIFEST = "The host knows components only by their manifest"
SANDBOX = "The local Twilio shares no code with what it tests"
COMMAND = "The command reaches the component only through the connector core"
LIGHT = "The component needs no web, database or engine module"
SDK = "Only a connection hands out the official SDK"
ROOMS = "The rooms of the host"
WEB = "Pages and API stand on the rest of the web"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a consumer's path sees it, to plant a breach in."""
    package = tmp_path_factory.mktemp("contracts") / "twilio_connector"
    for init in ROOT.glob("*/__init__.py"):
        shutil.copytree(init.parent, package / init.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def broken(copy: Path, *, module: str, line: str) -> set[str]:
    breach = copy / module
    breach.write_text(line)
    command = [sys.executable, "-c", LINT, "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "PYTHONPATH": str(copy.parent), "COLUMNS": "200"}
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    finally:
        breach.unlink()
    told = {line.rsplit(" ", 1)[0] for line in result.stdout.splitlines() if line.endswith(" BROKEN")}
    assert result.returncode == bool(told), result.stdout + result.stderr
    return told


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("actions/breach.py", "from ..triggers import anything", COMPONENT),
        ("connector/breach.py", "from .. import connections", COMPONENT),
        ("connector/breach.py", "def late():\n    from ..host import store", OUTER),
        ("triggers/breach.py", "from ..cli import main", OUTER),
        ("host/breach.py", "from ..connector.twilio import signature", MANIFEST),
        ("host/components/breach.py", "from ...actions import messages", MANIFEST),
        ("host/breach.py", "from ..sandbox import app", MANIFEST),
        ("host/breach.py", "from ..cli import main", MANIFEST),
        ("sandbox/breach.py", "from ..connector import errors", SANDBOX),
        ("cli/breach.py", "from ..connections import api_key", COMMAND),
        ("connector/breach.py", "import sqlalchemy.orm", LIGHT),
        ("actions/breach.py", "from starlette.responses import Response", LIGHT),
        ("connector/twilio/breach.py", "import twilio.rest", SDK),
        ("host/store/breach.py", "from ..secrets import vault", ROOMS),
        ("host/execution/breach.py", "from ..engine import durable", ROOMS),
        ("host/engine/breach.py", "def late():\n    from ..host import Host", ROOMS),
        ("host/processes/breach.py", "from ..secrets import vault", ROOMS),
        ("host/of_no_room.py", "", ROOMS),
        ("host/web/api/breach.py", "from ..pages import units", WEB),
        ("host/web/of_no_layer.py", "", WEB),
    ],
)
def test_a_breach_is_reported(copy: Path, module: str, line: str, contract: str) -> None:
    assert contract in broken(copy, module=module, line=line)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("triggers/allowed.py", "from ..connector.twilio import errors"),
        ("connections/allowed.py", "def sdk():\n    import twilio.rest"),
        (
            "host/engine/allowed.py",
            "import starlette, sqlalchemy, dbos\nfrom ...connector import errors\nfrom ..store import ids",
        ),
        ("sandbox/allowed.py", "import twilio.request_validator"),
        ("cli/allowed.py", "from ..host import web\nfrom ..sandbox import app"),
    ],
)
def test_what_the_plan_allows_is_kept(copy: Path, module: str, line: str) -> None:
    assert broken(copy, module=module, line=line) == set()
