"""Who changed what. Each change that a person or a program makes through the host leaves one line, without a secret.

So does each action that is run from a form or over the API: on which connection, and how it ended.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import is_told
from ..loggers import logger
from ..secrets.redact import Redactor
from ..store.database import reading, storable
from ..store.ids import time_id
from ..store.schema import changes as table

AT_WORK = "at work"
RUNS = ("action.run", "action.try")
"""Lines of actions, over the API and from a form. There may be many, so they go with the executions of their time."""

_WHO: ContextVar[str] = ContextVar("who", default="host")
log = logger()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which changes. Empty means any.

    ``what`` is a whole word or the first part, such as ``connection``; ``who`` any part of a name, ``subject`` the whole.
    """

    what: str = ""
    who: str = ""
    subject: str = ""

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.what:
            yield sa.or_(table.c.what == self.what, table.c.what.startswith(f"{self.what}.", autoescape=True))
        if self.who:
            yield table.c.who.icontains(self.who, autoescape=True)
        if self.subject:
            yield table.c.subject == self.subject


@dataclass(frozen=True, slots=True)
class Changes:
    engine: sa.Engine
    redactor: Redactor

    def note(self, what: str, subject: str, summary: str = "") -> str:
        """Write it down once it is done: a change that failed leaves no line. Gives the line's id."""
        new_id = time_id()
        values = {"what": what, "subject": subject, "summary": self.redactor.strike(summary)}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table).values(id=new_id, at=utc_now(), who=_WHO.get(), **values))
        return new_id

    @contextmanager
    def running(self, what: str, subject: str, on: str = "") -> Iterator[None]:
        """Write down an action before it runs, and then how it ended: ``succeeded``, or its error's kind.

        Never what it was given. A line that stays ``at work`` is of a process that died over it.
        """
        line = self.note(what, subject, _told(on, AT_WORK))
        try:
            yield
        except Exception as error:
            self._amend(line, _told(on, getattr(error, "kind", "") if is_told(error) else "failed"))
            raise
        self._amend(line, _told(on, "succeeded"))

    def _amend(self, line: str, summary: str) -> None:
        """What was done is not undone by a database that is gone meanwhile."""
        try:
            with self.engine.begin() as connection:
                struck = self.redactor.strike(summary)
                connection.execute(sa.update(table).where(table.c.id == line).values(summary=struck))
        except sa.exc.SQLAlchemyError:
            log.exception("how an action ended could not be written into the log of changes")

    def find(self, wanted: Wanted, *, before: str = "", limit: int = 100) -> tuple[list[Change], str]:
        """A page, the newest first, and what to give as ``before`` for the next one; empty at the end."""
        if not all(map(storable, (wanted.what, wanted.who, wanted.subject, before))):
            return [], ""
        conditions = [*wanted.conditions(), *([table.c.id < before] if before else [])]
        query = sa.select(table).where(*conditions).order_by(table.c.id.desc()).limit(limit + 1)
        with reading(self.engine).begin() as connection:
            rows: list[Any] = list(connection.execute(query).mappings())
        return [Change(**row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else ""


def _told(on: str, ended: str) -> str:
    return f"{on}: {ended}" if on else ended
