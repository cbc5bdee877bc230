"""Actions run over the API: what was asked, who is at it, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from ...connector.context import utc_now
from .database import insert
from .executors import CLOCKS
from .ids import time_id
from .schema import calls as table

Begun = Literal["new", "again", "known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiActionRecord:
    """``owner`` is the process that is at it; empty when it has ended. ``sealed`` is the outcome where a secret is in it."""

    id: str
    key_digest: str | None
    fingerprint: str
    who: str
    component: str
    action: str
    owner: str
    created_at: datetime
    ended_at: datetime | None
    outcome: str
    sealed: str


@dataclass(frozen=True, slots=True)
class ApiActions:
    engine: sa.Engine

    def begin(
        self,
        *,
        key_digest: str | None,
        fingerprint: str,
        who: str,
        component: str,
        action: str,
        owner: str,
        takes_over: Callable[[ApiActionRecord], bool],
    ) -> tuple[ApiActionRecord, Begun]:
        """The call: ``new``, or ``again`` where ``takes_over`` says so of the known one. Both are for ``owner`` to do.

        It is dated by the database's clock: who takes it over looks from then on, by another machine's. Of two that begin the
        same, one does it. What ``takes_over`` raises leaves everything as it is.
        """
        row: dict[str, object] = {
            "key_digest": key_digest,
            "fingerprint": fingerprint,
            "who": who,
            "component": component,
            "created_at": sa.literal_column(CLOCKS[self.engine.dialect.name]),
        }
        row |= {"id": time_id(), "action": action, "owner": owner}
        with self.engine.begin() as connection:
            statement = insert(connection, table).values(row).on_conflict_do_nothing().returning(table.c.id)
            if connection.execute(statement).first() is not None:
                return _record(connection, table.c.id == row["id"]), "new"
            known = _record(connection, table.c.key_digest == key_digest)
            if not takes_over(known):
                return known, "known"
            changed = {"owner": owner, "ended_at": None, "outcome": "", "sealed": ""}
            connection.execute(sa.update(table).where(table.c.id == known.id).values(changed))
            return known, "again"

    def is_at(self, call_id: str, owner: str) -> bool:
        """Whether it is still that owner's to do. Who is about to take it over is waited for."""
        mine = sa.select(table.c.id).where(*_mine(call_id, owner)).with_for_update(read=True)
        with self.engine.begin() as connection:
            return connection.execute(mine).first() is not None

    def end(self, call_id: str, owner: str, *, outcome: str = "", sealed: str = "") -> None:
        """Unless another has taken it over meanwhile."""
        ended = {"owner": "", "ended_at": utc_now(), "outcome": outcome, "sealed": sealed}
        with self.engine.begin() as connection:
            connection.execute(sa.update(table).where(*_mine(call_id, owner)).values(ended))

    def forget(self, call_id: str, owner: str) -> None:
        """As if it had never been made: nothing was done."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table).where(*_mine(call_id, owner)))


def _mine(call_id: str, owner: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.id == call_id, table.c.owner == owner


def _record(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> ApiActionRecord:
    """Locked, so that two that take over do so one after the other."""
    return ApiActionRecord(**connection.execute(sa.select(table).where(condition).with_for_update()).mappings().one())
