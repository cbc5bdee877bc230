"""The inbox: a webhook is answered only once it is on disk, and an event that comes twice runs once.

An accepted request is a row of ``executions`` in status ``accepted``. The identities of its event (what was signed, the
sender's token) are rows of ``identities``: a request that shares any of them with an accepted one is a duplicate and is
answered with the first one's execution. What only the duplicate carries is not learned from it. What an event supersedes
is stored as if it had come with it: when it comes later it is a duplicate, when it came first it keeps its own execution.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ...connector.context import utc_now
from ..settings import Limits
from ..store.bulk import among, insert_rows
from ..store.commit import Busy, GroupCommit, Raced
from ..store.database import insert
from ..store.executions import next_in_sequence, replace_retries
from ..store.schema import executions, identities

__all__ = ["Accepted", "Busy", "Inbound", "Inbox", "admit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A verified request. ``payload`` is portable JSON text; ``execution_id`` is chosen by whoever made the payload.

    ``identities``, ``supersedes`` and ``sequence`` are as in TriggerResult and count per endpoint. The order of a sequence is
    that of acceptance, and of the execution ids among those accepted at once. ``concurrency`` is how many of the endpoint may
    run at a time; a later item with the same ``request_id`` replaces what waits for a retry of an earlier one. ``parent_id`` is
    the execution that invoked this one. ``planned_at`` is when its flow's schedule meant it to start.
    """

    execution_id: str
    endpoint_id: str
    instance_id: str
    version_id: str
    flow: str
    payload: str = field(repr=False)
    subject: str = ""
    identities: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    sequence: str = ""
    concurrency: int | None = None
    request_id: str = ""
    parent_id: str | None = None
    depth: int = 0
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """``execution_id`` is that of the first request where this one is a duplicate."""

    execution_id: str
    duplicate: bool


class Inbox:
    """Accepts requests durably; ``arrived`` is called when there is new work."""

    def __init__(self, engine: sa.Engine, limits: Limits, arrived: Callable[[], None] = lambda: None) -> None:
        self._arrived = arrived
        self._writer = GroupCommit(engine, admit, depth=limits.inbox_depth, batch=limits.batch)

    async def accept(self, item: Inbound) -> Accepted:
        """Returns when the item is on disk. Raises Busy, or what kept it from being written: then nothing was accepted."""
        accepted = await self._writer.write(item)
        self._arrived()
        return accepted

    def accept_now(self, item: Inbound) -> Accepted:
        """The same for threads and scripts."""
        accepted = self._writer.put(item).result()
        self._arrived()
        return accepted

    @property
    def full(self) -> bool:
        """Whether it would take nothing more now."""
        return self._writer.full

    def close(self) -> None:
        self._writer.close()


def admit(connection: sa.Connection, items: Sequence[Inbound]) -> list[Accepted]:
    """Part of a transaction. A race with another process is raised; the batch is then tried again and sees it."""
    digests = [[_digest(item.endpoint_id, identity) for identity in item.identities] for item in items]
    known = _known(connection, sorted({digest for own in digests for digest in own}))
    fresh: dict[str, str] = {}
    late: dict[str, str] = {}
    relied: set[str] = set()
    answers, rows = [], []
    for item, own in zip(items, digests, strict=True):
        seen, shared = next(((s, d) for d in own for s in (known, fresh, late) if d in s), (known, ""))
        if seen is late:
            relied.add(shared)
        first = seen.get(shared)
        answers.append(Accepted(first or item.execution_id, duplicate=first is not None))
        if first is None:
            fresh.update(dict.fromkeys(own, item.execution_id))
            for identity in item.supersedes:
                late.setdefault(_digest(item.endpoint_id, identity), item.execution_id)
            rows.append(item)
    # First what waits for others that are about to accept the same: then the order of a sequence counts them.
    _store_identities(connection, fresh, late, relied)
    _store(connection, rows)
    return answers


def _known(connection: sa.Connection, digests: Sequence[str]) -> dict[str, str]:
    found = among(connection, identities.c.digest, digests, identities.c.digest, identities.c.execution_id)
    return {row.digest: row.execution_id for row in found}


def _store(connection: sa.Connection, items: Sequence[Inbound]) -> None:
    now, rows = utc_now(), [_row(item) for item in items]
    dates = next_in_sequence(connection, {row["sequence"] for row in rows} - {None}, now)
    dated = [row | {"available_at": now, "created_at": dates.get(row["sequence"], now)} for row in rows]
    insert_rows(connection, executions, dated)
    for request_id in sorted({_digest(item.endpoint_id, item.request_id) for item in items if item.request_id}):
        replace_retries(connection, request_id, now)


def _store_identities(
    connection: sa.Connection, fresh: Mapping[str, str], late: Mapping[str, str], relied: AbstractSet[str]
) -> None:
    """``fresh`` must be new, and of ``late`` what an answer relied on; else what is known already stays as it is.

    Raises IntegrityError or Raced.
    """
    now, found = utc_now(), {**late, **fresh}
    # In one order everywhere, so that two processes cannot wait for each other.
    rows = [{"digest": d, "execution_id": found[d], "created_at": now} for d in sorted(found)]
    if not late:
        insert_rows(connection, identities, rows)
        return
    added = insert(connection, identities).on_conflict_do_nothing().returning(identities.c.digest)
    if not fresh.keys() | relied <= set(connection.execute(added, rows).scalars()):
        raise Raced


def _row(item: Inbound) -> dict[str, Any]:
    return {
        "id": item.execution_id,
        "endpoint_id": item.endpoint_id,
        "instance_id": item.instance_id,
        "version_id": item.version_id,
        "flow": item.flow,
        "subject": item.subject,
        "sequence": _digest(item.endpoint_id, item.sequence) if item.sequence else None,
        "concurrency": item.concurrency,
        "request_id": _digest(item.endpoint_id, item.request_id) if item.request_id else None,
        "parent_id": item.parent_id,
        "depth": item.depth,
        "planned_at": item.planned_at,
        "payload": item.payload,
        "status": "accepted",
        "attempt": 1,
    }


def _digest(endpoint_id: str, identity: str) -> str:
    return hashlib.sha256(f"{endpoint_id}\0{identity}".encode("utf-8", "surrogatepass")).hexdigest()
