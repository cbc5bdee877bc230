"""Publishing an integration: its definition, and where it has code the folder that it lies in, become a version."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...connector.errors import InvalidInput
from ..definition.check import load
from ..definition.model import Flow, Integration
from ..operating.changes import Changes
from ..registry import Registry
from ..store import Store
from ..store.integrations import VersionRecord
from .uploads import LEFT_OUT, folder_of


@dataclass(frozen=True, kw_only=True)
class Integrations:
    """``limit`` bytes may an integration have; what is uploaded lies in ``folder`` meanwhile."""

    store: Store
    registry: Registry
    changes: Changes
    limit: int
    folder: Path

    def publish(self, path: Path) -> VersionRecord:
        """Keep an integration file, and what belongs to it, as the next version; instances stay on theirs.

        The same content gives the same version. Raises IntegrationInvalid with everything that is wrong in the file.
        """
        integration = load(path, self.registry)
        found = files(integration, path, self.limit)
        version, is_new = self.store.integrations.publish(
            integration.name, file_name=path.name, files=found, limit=self.limit
        )
        if is_new:
            self.changes.note("integration.publish", version.id, f"{version.integration}: version {version.number}")
        return version

    def publish_upload(
        self, files: Mapping[str, bytes], definition: str = "", *, field: str = "files", chosen_by: str = "file"
    ) -> VersionRecord:
        """Publish files from elsewhere, by path; see uploads.folder_of. Raises InvalidInput too."""
        with folder_of(files, definition, self.limit, field=field, chosen_by=chosen_by, within=self.folder) as path:
            return self.publish(path)


def files(integration: Integration, path: Path, limit: int) -> dict[str, bytes]:
    """Relative POSIX path → bytes. Hidden files, caches and links out of the folder are left out.

    Raises InvalidInput, field ``file``, when together they are larger than ``limit`` bytes, or one cannot be read.
    """
    try:
        return _read(integration, path, limit)
    except OSError as error:
        raise InvalidInput(unreadable(Path(error.filename or path), error), field="file") from None


def unreadable(path: Path, error: OSError) -> str:
    """What an InvalidInput says of a file that the system does not give."""
    return f"file: {path} cannot be read: {error.strerror}; let the account that this host runs as read it"


def _read(integration: Integration, path: Path, limit: int) -> dict[str, bytes]:
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
                f"file: {path.parent} holds more than {limit} bytes: keep the integration and its modules in a folder of "
                "their own",
                field="file",
            )
        found[file.relative_to(folder).as_posix()] = file.read_bytes()
    return found


def _has_code(flow: Flow) -> bool:
    return flow.run_as.type == "script" or any(step.action.component.key == "code" for step in flow.walk())


def _belongs(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    hidden = any(part.startswith(".") or part in LEFT_OUT for part in parts)
    return not hidden and file.is_file() and file.resolve().is_relative_to(folder)
