"""What steps wrote to the log of their execution."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from .database import insert, reading
from .schema import logs as table


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One message, secrets struck out. ``path`` and the attempts say which step wrote it; ``level`` is in lower case."""

    execution_id: str
    number: int
    flow_attempt: int
    path: str
    attempt: int
    level: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Logs:
    engine: sa.Engine

    def of(self, execution_id: str) -> Sequence[LogLine]:
        """In the order in which they were written."""
        query = sa.select(table).where(table.c.execution_id == execution_id).order_by(table.c.number)
        with reading(self.engine).begin() as connection:
            return [LogLine(**row) for row in connection.execute(query).mappings()]

    def count(self, execution_id: str) -> int:
        query = sa.select(sa.func.count()).where(table.c.execution_id == execution_id)
        with reading(self.engine).begin() as connection:
            return connection.scalar(query) or 0


def write(connection: sa.Connection, line: LogLine) -> None:
    connection.execute(insert(connection, table).values(asdict(line)).on_conflict_do_nothing())
