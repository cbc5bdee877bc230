"""Which step made what at a service, for good: what one step made, no other takes for its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..connector.context import utc_now
from .stopping import Stopping
from .store.commit import Busy, GroupCommit, Write
from .store.database import insert, reading
from .store.schema import claims as table


@dataclass(frozen=True, slots=True, kw_only=True)
class StepClaims:
    """The claims of one attempt at one step; an attempt that is run again after a crash has those of its first run."""

    engine: sa.Engine
    records: GroupCommit[Write, Any]
    component: str
    execution_id: str
    step: str

    def take(self, sid: str, use: str = "") -> bool:
        try:
            taken = self.records.put(lambda connection: self._take(connection, sid, use, utc_now()))
        except Busy:  # not the step's error, which would say that nothing was done
            raise Stopping from None
        return bool(taken.result())

    def is_free(self, sid: str, use: str = "") -> bool:
        with reading(self.engine).begin() as connection:
            return self._owner(connection, sid) in {None, self._mine(use)}

    def _take(self, connection: sa.Connection, sid: str, use: str, now: datetime) -> bool:
        execution_id, step = self._mine(use)
        row = {"component": self.component, "sid": sid, "execution_id": execution_id, "step": step, "created_at": now}
        connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
        return self._owner(connection, sid) == (execution_id, step)

    def _owner(self, connection: sa.Connection, sid: str) -> tuple[str, str] | None:
        mine = (table.c.component == self.component, table.c.sid == sid)
        row = connection.execute(sa.select(table.c.execution_id, table.c.step).where(*mine)).first()
        return None if row is None else (row.execution_id, row.step)

    def _mine(self, use: str) -> tuple[str, str]:
        return self.execution_id, f"{self.step}:{use}"
