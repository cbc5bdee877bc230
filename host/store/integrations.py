"""Integrations and their versions. A version never changes, so an execution ends on the one it began with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from .database import insert, reading, storable
from .ids import time_id
from .schema import integrations, version_files, versions

_PATH_LENGTH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """``id`` is the SHA-256 of the integration's name and files; ``file_name`` the definition among the files."""

    id: str
    integration_id: str
    integration: str
    number: int
    file_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Integrations:
    engine: sa.Engine

    def publish(
        self, name: str, *, file_name: str, files: Mapping[str, bytes], limit: int
    ) -> tuple[VersionRecord, bool]:
        """Store files (relative POSIX path → bytes) as the next version; the same content gives the same version.

        Tells whether it was made now.
        Raises InvalidInput when together they are larger than ``limit`` bytes, or a path leads out of the folder.
        """
        _check(files, limit)
        version_id = content_hash(name, file_name, files)
        with self.engine.begin() as connection:
            integration_id = _ensure(connection, name)
            is_new = not _exists(connection, version_id)
            if is_new:
                _store(connection, version_id, integration_id, file_name, files)
        return self.version(version_id), is_new

    def version(self, version_id: str) -> VersionRecord:
        """Raises InvalidInput when there is none."""
        with reading(self.engine).begin() as connection:
            query = _query().where(versions.c.id == version_id)
            row = connection.execute(query).mappings().one_or_none() if storable(version_id) else None
        if row is None:
            raise InvalidInput(f"versionId: there is no version {version_id!r}", field="versionId")
        return VersionRecord(**row)

    def newest(self, integration_id: str) -> VersionRecord:
        """Raises InvalidInput when there is none."""
        query = _query().where(versions.c.integration_id == integration_id).order_by(versions.c.number.desc()).limit(1)
        with reading(self.engine).begin() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise InvalidInput(f"there is no integration {integration_id}", field="integration")
        return VersionRecord(**row)

    def files(self, version_id: str) -> dict[str, bytes]:
        with reading(self.engine).begin() as connection:
            query = sa.select(version_files.c.path, version_files.c.content)
            rows = connection.execute(query.where(version_files.c.version_id == version_id))
            return {row.path: row.content for row in rows}

    def all(self) -> list[VersionRecord]:
        """Every version, the newest of each integration first."""
        with reading(self.engine).begin() as connection:
            rows = connection.execute(_query().order_by(integrations.c.name, versions.c.number.desc())).mappings()
            return [VersionRecord(**row) for row in rows]


def _query() -> sa.Select[tuple[str, str, str, int, str, datetime]]:
    return sa.select(
        versions.c.id,
        versions.c.integration_id,
        integrations.c.name.label("integration"),
        versions.c.number,
        versions.c.file_name,
        versions.c.created_at,
    ).join(integrations)


def _check(files: Mapping[str, bytes], limit: int) -> None:
    if (size := sum(map(len, files.values()))) > limit:
        raise InvalidInput(
            f"the integration's folder holds {size} bytes, the limit is {limit}: move out what it does not need"
        )
    for path in files:
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or len(path) > _PATH_LENGTH:
            raise InvalidInput(
                f"{path}: not a path inside the integration's folder of at most {_PATH_LENGTH} characters"
            )


def content_hash(name: str, file_name: str, files: Mapping[str, bytes]) -> str:
    """The id of the version that these files are, published or not."""
    digest = hashlib.sha256()
    for part in (
        name.encode(),
        file_name.encode(),
        *(p for path in sorted(files) for p in (path.encode(), files[path])),
    ):
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def _ensure(connection: sa.Connection, name: str) -> str:
    values = {"id": time_id(), "name": name, "created_at": utc_now()}
    connection.execute(insert(connection, integrations).values(values).on_conflict_do_nothing())
    # Locked, so that two processes publishing at once number their versions one after the other.
    query = sa.select(integrations.c.id).where(integrations.c.name == name).with_for_update()
    return str(connection.execute(query).scalar_one())


def _exists(connection: sa.Connection, version_id: str) -> bool:
    return connection.execute(sa.select(versions.c.id).where(versions.c.id == version_id)).first() is not None


def _store(
    connection: sa.Connection, version_id: str, integration_id: str, file_name: str, files: Mapping[str, bytes]
) -> None:
    last = sa.select(sa.func.coalesce(sa.func.max(versions.c.number), 0))
    number = connection.execute(last.where(versions.c.integration_id == integration_id)).scalar_one() + 1
    values = {"id": version_id, "integration_id": integration_id, "number": number, "file_name": file_name}
    connection.execute(sa.insert(versions).values(**values, created_at=utc_now()))
    rows = [{"version_id": version_id, "path": path, "content": content} for path, content in files.items()]
    if rows:
        connection.execute(sa.insert(version_files), rows)
