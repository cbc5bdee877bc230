"""Which files belong to an integration: its definition, and where it has code the folder that it lies in."""

from pathlib import Path

from ...connector.errors import InvalidInput
from ..definition.model import Flow, Integration

_LEFT_OUT = frozenset({"__pycache__", "node_modules"})


def files(integration: Integration, path: Path, limit: int) -> dict[str, bytes]:
    """Relative POSIX path → bytes. Hidden files, caches and links out of the folder are left out.

    Raises InvalidInput when together they are larger than ``limit`` bytes.
    """
    found = {path.name: path.read_bytes()}
    if not any(map(_has_code, integration.flows)):
        return found
    folder = path.resolve().parent
    size = 0
    for file in sorted(folder.rglob("*")):
        if not _belongs(file, folder):
            continue
        size += file.stat().st_size
        if size > limit:
            raise InvalidInput(
                f"{path.parent} holds more than {limit} bytes: keep the integration and its modules in a folder of their own"
            )
        found[file.relative_to(folder).as_posix()] = file.read_bytes()
    return found


def _has_code(flow: Flow) -> bool:
    return flow.run_as.type == "script" or any(step.action.component.key == "code" for step in flow.walk())


def _belongs(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    hidden = any(part.startswith(".") or part in _LEFT_OUT for part in parts)
    return not hidden and file.is_file() and file.resolve().is_relative_to(folder)
