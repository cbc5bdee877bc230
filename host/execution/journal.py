"""What a long step writes down as it goes, in the database: the next process that runs the same attempt reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ...connector.journal import Entry
from ..processes.life import Stopping
from ..store.commit import Busy
from ..store.database import reading
from ..store.schema import journal as table
from .runtime import Runtime

PAGE = 500


@dataclass(slots=True)
class StepJournal:
    """The journal of one attempt at one step. One thread writes it."""

    runtime: Runtime
    execution_id: str
    step: str
    _next: int | None = field(default=None)

    def read(self) -> Iterator[Entry]:
        after = 0
        while rows := self.runtime.patiently(lambda after=after: self._page(after)):  # type: ignore[misc]
            for row in rows:
                yield row.entry
            after = rows[-1].number

    def append(self, entries: Sequence[Entry], *, sync: bool = True) -> None:  # noqa: ARG002  a commit always is
        first = self._next or self._last() + 1
        rows = [{**self._mine, "number": number, "entry": entry} for number, entry in enumerate(entries, first)]
        try:
            self.runtime.write(lambda connection: connection.execute(sa.insert(table), rows) and None)
        except Busy:
            raise Stopping from None
        self._next = first + len(rows)

    @property
    def _mine(self) -> dict[str, str]:
        return {"execution_id": self.execution_id, "step": self.step}

    @property
    def _where(self) -> tuple[sa.ColumnElement[bool], ...]:
        return table.c.execution_id == self.execution_id, table.c.step == self.step

    def _page(self, after: int) -> Sequence[Any]:
        query = sa.select(table.c.number, table.c.entry).where(*self._where, table.c.number > after)
        with reading(self.runtime.store.engine).begin() as connection:
            return connection.execute(query.order_by(table.c.number).limit(PAGE)).all()

    def _last(self) -> int:
        def read() -> int:
            with reading(self.runtime.store.engine).begin() as connection:
                return connection.scalar(sa.select(sa.func.max(table.c.number)).where(*self._where)) or 0

        return self.runtime.patiently(read)
