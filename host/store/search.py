"""Executions by filter and by text, page by page, as fast among a million as among a thousand.

Every page begins where an index does: at a term, an instance or a status, the newest first. What no index tells is looked at
row by row, at most so many of them a page; a page that ends there says so and goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from . import portable
from .bulk import insert_rows
from .database import reading, storable
from .executions import BRIEF, ExecutionRecord, StartedBy, Status, is_started_by
from .ids import first_id
from .schema import ENDED, OPEN, executions, instances, status_in, terms
from .subject import asked

LOOKED_AT = 2_000
_MOST_INSTANCES = 20
_ID_CHARACTERS = frozenset("0123456789abcdef-")
_SHORTEST_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which executions. Empty means any; ``text`` is the beginning of an id, a number, or whole words of what was said.

    ``run_as`` is a user's id or ``system``; ``started_by`` a webhook, its schedule, another flow or a replay; ``since`` and
    ``until`` are when it was accepted.
    """

    text: str = ""
    instance_id: str = ""
    customer_id: str = ""
    flow: str = ""
    status: str = ""
    run_as: str = ""
    started_by: StartedBy | Literal[""] = ""
    since: datetime | None = None
    until: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """What :meth:`of_json` reads."""
        moments = {name: portable.instant(at) for name in ("since", "until") if (at := getattr(self, name))}
        return {name: value for name, value in asdict(self).items() if value} | moments

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "Filter":
        moments = {name: datetime.fromisoformat(stored[name]) for name in ("since", "until") if name in stored}
        return cls(**{**stored, **moments})

    @property
    def is_possible(self) -> bool:
        """Whether the database can be asked for it at all."""
        if self.text.strip() and not (_is_id(self.text) or asked(self.text)):
            return False
        texts = (self.text, self.instance_id, self.customer_id, self.flow, self.run_as)
        words = self.status in {"", *get_args(Status)} and self.started_by in {"", *get_args(StartedBy)}
        return words and all(map(storable, texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page, the newest first. ``next`` is what to give as ``before`` for the next one, empty at the end.

    ``is_short`` tells that more was looked through than is shown: the next page looks further back.
    """

    rows: Sequence[ExecutionRecord] = ()
    next: str = ""
    is_short: bool = False


def find(engine: sa.Engine, wanted: Filter, *, before: str = "", limit: int = 50, looked_at: int = LOOKED_AT) -> Found:
    """One page of them, without payloads and results."""
    if not wanted.is_possible or not storable(before):
        return Found()
    with reading(engine).begin() as connection:
        return page(connection, wanted, before=before, limit=limit, looked_at=looked_at)


def page(
    connection: sa.Connection,
    wanted: Filter,
    *,
    before: str = "",
    limit: int = 50,
    looked_at: int = LOOKED_AT,
    also: Sequence[sa.ColumnElement[bool]] = (),
) -> Found:
    """The same as part of a transaction, of those for which ``also`` holds."""
    source, rest = _source(connection, wanted, before)
    rest = [*rest, *also]
    ids = source.limit(looked_at if rest else limit + 1).subquery()
    query = sa.select(*BRIEF).join(ids, ids.c.id == executions.c.id).where(*rest)
    rows = connection.execute(query.order_by(ids.c.id.desc()).limit(limit + 1)).mappings()
    found = [ExecutionRecord(**row) for row in rows]
    if len(found) > limit:
        return Found(rows=found[:limit], next=found[limit - 1].id)
    last: str | None = connection.scalar(source.offset(looked_at - 1).limit(1)) if rest else None
    return Found(rows=found, next=last or "", is_short=last is not None)


def index(connection: sa.Connection, execution_id: str, found: Sequence[str]) -> None:
    """Let the execution be found by these terms, of which there is at least one."""
    insert_rows(connection, terms, [{"term": term, "execution_id": execution_id} for term in found], new=False)


def _source(
    connection: sa.Connection, wanted: Filter, before: str
) -> tuple[sa.Select[Any], list[sa.ColumnElement[bool]]]:
    """Ids in the order of an index, and what has to be looked at with each."""
    mine = _instances(connection, wanted)
    asked_for = [] if _is_id(wanted.text) else asked(wanted.text)
    rest: dict[str, sa.ColumnElement[bool]] = {}
    if wanted.flow:
        rest["flow"] = executions.c.flow == wanted.flow
    if wanted.run_as:
        rest["run_as"] = executions.c.run_as == wanted.run_as
    if wanted.started_by:
        rest["started by"] = is_started_by(wanted.started_by)
    if wanted.status:
        rest["status"] = executions.c.status == wanted.status
    if mine is not None:
        rest["instance"] = executions.c.instance_id.in_(mine)
    rest |= {f"term {term}": _has(term) for term in asked_for[1:]}
    if asked_for:
        source = _between(sa.select(terms.c.execution_id.label("id")), terms.c.execution_id, wanted, before)
        return source.where(terms.c.term == asked_for[0]).order_by(sa.desc("id")), list(rest.values())
    plain = _between(sa.select(executions.c.id.label("id")), executions.c.id, wanted, before)
    if mine is not None and len(mine) <= _MOST_INSTANCES:
        rest.pop("instance")
        return _of_each(plain, mine), list(rest.values())
    if wanted.status:
        rest.pop("status")
        return _in_status(plain, wanted.status), list(rest.values())
    if wanted.started_by == "schedule":  # they have an index of their own
        plain = plain.where(executions.c.planned_at.is_not(None))
    return plain.order_by(executions.c.id.desc()), list(rest.values())


def _of_each(plain: sa.Select[Any], ids: Sequence[str]) -> sa.Select[Any]:
    """Those of several instances, each from its own stretch of the index."""
    newest = [
        sa.select(
            plain.where(executions.c.instance_id == instance_id)
            .order_by(executions.c.id.desc())
            .limit(LOOKED_AT)
            .subquery()
            .c.id
        )
        for instance_id in ids
    ]
    if len(newest) == 1:
        return plain.where(executions.c.instance_id == ids[0]).order_by(executions.c.id.desc())
    if not newest:
        return plain.where(sa.false())
    merged = sa.union_all(*newest).subquery()
    return sa.select(merged.c.id).order_by(merged.c.id.desc())


def _in_status(plain: sa.Select[Any], status: str) -> sa.Select[Any]:
    """Those that have ended have an index of their own; of those that have not there are few."""
    same = executions.c.status == sa.literal_column(f"'{status}'")
    if status in ENDED:
        return plain.where(same, status_in(executions, *ENDED)).order_by(executions.c.id.desc())
    few = plain.where(status_in(executions, *OPEN), same).order_by(executions.c.available_at, executions.c.id)
    kept = few.limit(10 * LOOKED_AT).subquery()
    return sa.select(kept.c.id).order_by(kept.c.id.desc())


def _between(query: Any, column: Any, wanted: Filter, before: str) -> Any:
    """Ids sort by time, so a time is an id."""
    if before:
        query = query.where(column < before)
    if wanted.since:
        query = query.where(column >= first_id(wanted.since))
    if wanted.until:
        query = query.where(column < first_id(wanted.until))
    if _is_id(wanted.text):
        start = wanted.text.strip().lower()
        query = query.where(column >= start, column < start + "g")  # the character after f
    return query


def _instances(connection: sa.Connection, wanted: Filter) -> list[str] | None:
    """Whose executions, where that is asked."""
    if wanted.instance_id:
        return [wanted.instance_id]
    if not wanted.customer_id:
        return None
    query = sa.select(instances.c.id).where(instances.c.customer_id == wanted.customer_id)
    return list(connection.execute(query).scalars())


def _has(term: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(terms.c.term == term, terms.c.execution_id == executions.c.id)


def _is_id(text: str) -> bool:
    """Whether it is the beginning of an id: hyphens tell it from a number."""
    plain = text.strip().lower()
    return len(plain) > _SHORTEST_ID and set(plain) <= _ID_CHARACTERS and plain[_SHORTEST_ID] == "-"
