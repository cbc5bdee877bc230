"""Which executors live, by their heartbeat. An executor is one life of a process: its name comes once and never again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from . import leases
from .database import reading
from .schema import OPEN, executions, status_in
from .schema import executors as table

CLOCKS = {
    "postgresql": """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
}
_ALIVE = sa.select(table.c.id).scalar_subquery()
_LIVES = sa.select(table.c.id).where(table.c.id == sa.bindparam("id_")).with_for_update(read=True, key_share=True)
_RUNNING = status_in(executions, *OPEN) & status_in(executions, "running")


@dataclass(frozen=True, slots=True)
class Executors:
    """Times are the database's: of several machines no two clocks agree."""

    engine: sa.Engine

    def begin(self, executor: str) -> None:
        """It lives from now on."""
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table).values(id=executor, seen_at=_now(connection)))

    def beat(self, executor: str) -> bool:
        """Whether it still lives. False: it was taken for dead, and what it held is another's."""
        with self.engine.begin() as connection:
            seen = sa.update(table).where(table.c.id == executor).values(seen_at=_now(connection))
            return connection.execute(seen).rowcount == 1

    def alive(self) -> list[str]:
        with reading(self.engine).begin() as connection:
            return list(connection.scalars(sa.select(table.c.id)))

    def bury(self, *, silent_for: float, but: str) -> list[str]:
        """End the lives that were not heard of for so many seconds; which."""
        with self.engine.begin() as connection:
            silent = table.c.seen_at < _now(connection) - timedelta(seconds=silent_for)
            gone = sa.delete(table).where(silent, table.c.id != but).returning(table.c.id)
            return list(connection.scalars(gone))

    def end(self, executors: Iterable[str]) -> None:
        """End these lives."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.id.in_(list(executors))))

    def inherit(self, heir: str) -> None:
        """Give the heir all that runs under no living executor's name, and free the leases of the dead."""
        left = _RUNNING & executions.c.executor.not_in(_ALIVE)
        with self.engine.begin() as connection:
            if require_alive(connection, heir):
                connection.execute(sa.update(executions).where(left).values(executor=heir))
                leases.free(connection, _ALIVE)


def require_alive(connection: sa.Connection, executor: str) -> bool:
    """Whether it lives, and goes on to live until the transaction ends."""
    return connection.execute(_LIVES, {"id_": executor}).first() is not None


def _now(connection: sa.Connection) -> datetime:
    text: str = connection.exec_driver_sql(f"SELECT {CLOCKS[connection.dialect.name]}").scalar_one()
    return datetime.fromisoformat(text)
