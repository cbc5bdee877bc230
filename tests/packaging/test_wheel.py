"""The wheel is the tree: the package folders, the component's declaration, and nothing else."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROOT_FILES = ("component.yaml", "icon.png", "py.typed")
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
IMPORT_ALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    print(importlib.import_module(name).__file__)
"""


def shipped_folders() -> list[Path]:
    return sorted(init.parent for init in ROOT.glob("*/__init__.py"))


def tree() -> set[str]:
    files = {path for folder in shipped_folders() for path in folder.rglob("*") if path.is_file()}
    files |= {ROOT / name for name in ROOT_FILES if (ROOT / name).exists()} | set(ROOT.glob("examples/**/*.*"))
    files -= set(ROOT.glob("examples/deploy/*"))
    names = (path.relative_to(ROOT) for path in files if path.suffix != ".pyc")
    return {f"twilio_connector/{name.as_posix()}" for name in names if not name.name.startswith(".")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since setuptools leaves its traces in the folder that it builds from."""
    copy, out = tmp_path_factory.mktemp("source") / "copy", tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(".*", "build", "dist", "*.egg-info"))
    subprocess.run([sys.executable, "-c", BUILD, str(out)], cwd=copy, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def contents(wheel: Path) -> dict[str, str]:
    """Text by its name in the wheel; what is not text is there by name only."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(contents: dict[str, str]) -> email.message.Message:
    return email.message_from_string(next(text for name, text in contents.items() if name.endswith("/METADATA")))


def test_holds_every_file_of_the_tree_and_no_other(contents: dict[str, str]) -> None:
    assert {name for name in contents if ".dist-info/" not in name} == tree()


def test_claims_a_single_import_name(contents: dict[str, str]) -> None:
    assert {name.split("/")[0] for name in contents if ".dist-info/" not in name} == {"twilio_connector"}


def test_carries_its_types(contents: dict[str, str]) -> None:
    assert "twilio_connector/py.typed" in contents


def test_is_for_any_platform(wheel: Path) -> None:
    assert wheel.name == f"twilio_connector-{PROJECT['version']}-py3-none-any.whl"


def test_metadata_is_what_the_project_declares(metadata: email.message.Message) -> None:
    assert metadata["Name"] == PROJECT["name"]
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata["License-Expression"] == PROJECT["license"]
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])


def test_the_component_by_itself_needs_only_its_own_dependencies(metadata: email.message.Message) -> None:
    required = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    bare = {requirement.name for requirement in required if requirement.marker is None}
    assert bare == {Requirement(line).name for line in PROJECT["dependencies"]}


def test_the_command_and_the_component_are_found_by_entry_point(contents: dict[str, str]) -> None:
    declared = next(text for name, text in contents.items() if name.endswith("/entry_points.txt"))
    assert "[console_scripts]\ntwilio-connector = twilio_connector.cli.main:main" in declared
    assert "[twilio_connector.components]\ntwilio = twilio_connector" in declared


def test_imports_from_where_it_was_unpacked(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    names = [f"twilio_connector.{folder.name}" for folder in shipped_folders()]
    command = [sys.executable, "-I", "-c", IMPORT_ALL, str(tmp_path), *names]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert found == [str(tmp_path / "twilio_connector" / folder.name / "__init__.py") for folder in shipped_folders()]
