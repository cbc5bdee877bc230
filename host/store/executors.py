"""Which executors live, by their heartbeat."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from . import leases
from .database import insert, reading
from .schema import executions
from .schema import executors as table


@dataclass(frozen=True, slots=True)
class Executors:
    engine: sa.Engine

    def beat(self, executor: str, now: datetime) -> None:
        with self.engine.begin() as connection:
            statement = insert(connection, table).values(id=executor, seen_at=now)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"seen_at": now}))

    def silent_since(self, moment: datetime) -> list[str]:
        with reading(self.engine).begin() as connection:
            return list(connection.execute(sa.select(table.c.id).where(table.c.seen_at < moment)).scalars())

    def take_over(self, dead: str, successor: str) -> None:
        """Give what ``dead`` had claimed to ``successor``, and forget it. Two that try: the second finds nothing."""
        with self.engine.begin() as connection:
            mine = (executions.c.executor == dead) & (executions.c.status == "running")
            connection.execute(sa.update(executions).where(mine).values(executor=successor))
            leases.free(connection, dead)
            connection.execute(sa.delete(table).where(table.c.id == dead))

    def begin(self, executor: str) -> None:
        """It has started: what one of its name held before it died is held no more."""
        with self.engine.begin() as connection:
            leases.free(connection, executor)
