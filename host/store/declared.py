"""Which folder made what, so that a folder that no longer declares it may remove it, and no other; and what did not go well."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from .database import insert, reading
from .schema import declared as table

Subject = tuple[str, str]
"""A kind and an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``made``: by that folder; else it was there before. ``failed``: what the folder last wanted of it did not go well."""

    folder: str
    made: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class Declared:
    engine: sa.Engine

    def put(self, kind: str, subject_id: str, mark: Mark) -> None:
        """Who made it stays as it was first written down."""
        values = {"folder": mark.folder, "made": mark.made, "failed": mark.failed}
        with self.engine.begin() as connection:
            statement = insert(connection, table).values(kind=kind, subject_id=subject_id, **values)
            changed = {"failed": mark.failed}
            connection.execute(statement.on_conflict_do_update(index_elements=["kind", "subject_id"], set_=changed))

    def all(self) -> Mapping[Subject, Mark]:
        with reading(self.engine).begin() as connection:
            rows = connection.execute(sa.select(table))
            return {
                (row.kind, row.subject_id): Mark(folder=row.folder, made=row.made, failed=row.failed) for row in rows
            }

    def forget(self, kind: str, subject_id: str) -> None:
        """It is gone."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.kind == kind, table.c.subject_id == subject_id))
