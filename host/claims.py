"""Which step or call made what at a service, for good: what one made, no other takes for its own."""

from dataclasses import dataclass

import sqlalchemy as sa

from ..connector.context import utc_now
from .store.commit import Busy
from .store.database import insert, reading
from .store.schema import claims as table
from .workshop import Stopping, Workshop

_Owner = tuple[str | None, str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepClaims:
    """The claims of one attempt at one step, or of a call; what is run again after a crash has those of its first run."""

    workshop: Workshop
    component: str
    execution_id: str | None = None
    call_id: str | None = None
    step: str

    def take(self, sid: str, use: str = "") -> bool:
        try:
            return self.workshop.write(lambda connection: self._take(connection, sid, use))
        except Busy:  # as an error of the step it would say that nothing was done
            raise Stopping from None

    def is_free(self, sid: str, use: str = "") -> bool:
        return self.workshop.patiently(lambda: self._read(sid)) in {None, self._mine(use)}

    def mine(self, use: str = "") -> str | None:
        execution_id, call_id, step = self._mine(use)
        made = (
            table.c.execution_id == execution_id,
            table.c.call_id == call_id,
            table.c.step == step,
            table.c.component == self.component,
        )

        def read() -> str | None:
            with reading(self.workshop.store.engine).begin() as connection:
                return connection.scalar(sa.select(table.c.sid).where(*made))

        return self.workshop.patiently(read)

    def _read(self, sid: str) -> _Owner | None:
        with reading(self.workshop.store.engine).begin() as connection:
            return self._owner(connection, sid)

    def _take(self, connection: sa.Connection, sid: str, use: str) -> bool:
        execution_id, call_id, step = self._mine(use)
        row = {"component": self.component, "sid": sid, "execution_id": execution_id, "call_id": call_id, "step": step}
        connection.execute(insert(connection, table).values(created_at=utc_now(), **row).on_conflict_do_nothing())
        return self._owner(connection, sid) == (execution_id, call_id, step)

    def _owner(self, connection: sa.Connection, sid: str) -> _Owner | None:
        made = (table.c.component == self.component, table.c.sid == sid)
        row = connection.execute(sa.select(table.c.execution_id, table.c.call_id, table.c.step).where(*made)).first()
        return None if row is None else (row.execution_id, row.call_id, row.step)

    def _mine(self, use: str) -> _Owner:
        return self.execution_id, self.call_id, f"{self.step}:{use}"
