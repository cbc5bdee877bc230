"""Which folder made what, so that a folder that no longer declares it may remove it, and no other."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from .database import insert, reading
from .schema import declared as table

Subject = tuple[str, str]
"""A kind and an id."""


@dataclass(frozen=True, slots=True)
class Declared:
    engine: sa.Engine

    def mark(self, kind: str, subject_id: str, folder: str) -> None:
        """The folder of that name made it."""
        values = {"kind": kind, "subject_id": subject_id, "folder": folder}
        with self.engine.begin() as connection:
            connection.execute(insert(connection, table).values(values).on_conflict_do_nothing())

    def all(self) -> Mapping[Subject, str]:
        """The folder's name by what it made."""
        with reading(self.engine).begin() as connection:
            return {(row.kind, row.subject_id): row.folder for row in connection.execute(sa.select(table))}

    def forget(self, kind: str, subject_id: str) -> None:
        """It is gone."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.kind == kind, table.c.subject_id == subject_id))
