"""Who changed what. Each change that a person or a program makes through the host leaves one line, without a secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ..connector.context import utc_now
from .ids import time_id
from .redact import Redactor
from .store.database import reading
from .store.schema import changes as table

_WHO: ContextVar[str] = ContextVar("who", default="host")


@contextmanager
def by(who: str) -> Iterator[None]:
    """In it, changes are that person's or program's: ``cli:<user>``, ``page:<session>``, ``api:<token's name>``."""
    token = _WHO.set(who)
    try:
        yield
    finally:
        _WHO.reset(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``what`` such as ``connection.update``; ``subject`` the id or name of what was changed."""

    id: str
    at: datetime
    who: str
    what: str
    subject: str
    summary: str


@dataclass(frozen=True, slots=True)
class Changes:
    engine: sa.Engine
    redactor: Redactor

    def note(self, what: str, subject: str, summary: str = "") -> None:
        """Write it down once it is done: a change that failed leaves no line."""
        values = {"what": what, "subject": subject, "summary": self.redactor.strike(summary)}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table).values(id=time_id(), at=utc_now(), who=_WHO.get(), **values))

    def recent(self, limit: int = 100, subject: str = "") -> list[Change]:
        """The newest first; only those of a ``subject``, if it is given."""
        query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
        with reading(self.engine).begin() as connection:
            rows = connection.execute(query.where(table.c.subject == subject) if subject else query).mappings()
            return [Change(**row) for row in rows]
