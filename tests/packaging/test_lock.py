"""One lock for uv and pip: every requirement in it, every entry hashed, no index's address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
ENTRIES = re.findall(r"^([a-z0-9-]+)==(\S+)((?:.*\\\n)+.*)", LOCK, flags=re.MULTILINE)
PINNED = {name: version for name, version, _ in ENTRIES}


def requirements() -> set[str]:
    project = PYPROJECT["project"]
    groups = [project["dependencies"], PYPROJECT["build-system"]["requires"]]
    groups += [*project["optional-dependencies"].values(), *PYPROJECT["dependency-groups"].values()]
    lines = {line for group in groups for line in group if isinstance(line, str)}  # else another group's name
    return {line for line in lines if not line.startswith(project["name"])}


@pytest.mark.parametrize("line", sorted(requirements()))
def test_every_requirement_is_locked_at_a_version_it_allows(line: str) -> None:
    requirement = Requirement(line)
    locked = PINNED.get(canonicalize_name(requirement.name))
    assert locked, f"{requirement.name} is not in requirements.lock: run make lock"
    assert requirement.specifier.contains(locked)


def test_every_entry_is_hashed() -> None:
    assert len(ENTRIES) == len(re.findall(r"^\S.*==", LOCK, flags=re.MULTILINE))
    assert [name for name, _, rest in ENTRIES if "--hash=sha256:" not in rest] == []


def test_names_no_index() -> None:
    assert not re.search(r"https?:|--index|--extra-index|--find-links", LOCK)
