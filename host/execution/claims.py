"""Which step or call made what at a service, for good: what one made, no other takes for its own."""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from ...connector.context import utc_now
from ..processes.life import Stopping
from ..store import turns
from ..store.commit import Busy
from ..store.database import insert, reading
from ..store.schema import call_claims, claims
from .runtime import Runtime

_Owner = tuple[str, str]  # an execution's or a call's id, and the step with its use
_MAKERS = ((claims, claims.c.execution_id), (call_claims, call_claims.c.call_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepClaims:
    """The claims of one attempt at one step, or of a call; what is run again after a crash has those of its first run."""

    runtime: Runtime
    component: str
    execution_id: str = ""
    call_id: str = ""
    step: str

    def take(self, sid: str, use: str = "") -> bool:
        try:
            return self.runtime.write(lambda connection: self._take(connection, sid, use))
        except Busy:  # as an error of the step it would say that nothing was done
            raise Stopping from None

    def is_free(self, sid: str, use: str = "") -> bool:
        return self.runtime.patiently(lambda: self._read(sid)) in {None, self._mine(use)}

    def mine(self, use: str = "") -> str | None:
        table, maker = _MAKERS[bool(self.call_id)]
        owner, step = self._mine(use)
        made = (maker == owner, table.c.step == step, table.c.component == self.component)

        def read() -> str | None:
            with reading(self.runtime.store.engine).begin() as connection:
                return connection.scalar(sa.select(table.c.sid).where(*made))

        return self.runtime.patiently(read)

    def _read(self, sid: str) -> _Owner | None:
        with reading(self.runtime.store.engine).begin() as connection:
            return self._owner(connection, sid)

    def _take(self, connection: sa.Connection, sid: str, use: str) -> bool:
        self._take_turn(connection, sid)
        if self._owner(connection, sid) is None:
            table, maker = _MAKERS[bool(self.call_id)]
            owner, step = self._mine(use)
            row = {"component": self.component, "sid": sid, maker.name: owner, "step": step, "created_at": utc_now()}
            connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
        return self._owner(connection, sid) == self._mine(use)

    def _take_turn(self, connection: sa.Connection, sid: str) -> None:
        """Two tables have no key in common, so those who want the same wait for one another."""
        digest = hashlib.sha256(f"claim {self.component} {sid}".encode()).digest()
        turns.take(connection, int.from_bytes(digest[:8], signed=True))

    def _owner(self, connection: sa.Connection, sid: str) -> _Owner | None:
        for table, maker in _MAKERS:
            made = (table.c.component == self.component, table.c.sid == sid)
            row = connection.execute(sa.select(maker, table.c.step).where(*made)).first()
            if row is not None:
                return str(row[0]), str(row[1])
        return None

    def _mine(self, use: str) -> _Owner:
        return self.call_id or self.execution_id, f"{self.step}:{use}"
