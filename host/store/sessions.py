"""Who is signed in to the pages, whichever process of the host they meet; and links that sign in once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import sqlalchemy as sa

from ...connector.context import utc_now
from .database import read_meta, reading, write_meta
from .ids import digest
from .schema import sessions as table

Kind = Literal["link", "session"]
LIFETIME = timedelta(days=7)
KEPT = 64  # of each kind; the oldest go
_MARK = "session_mark"


@dataclass(frozen=True, slots=True)
class Sessions:
    engine: sa.Engine

    def add(self, kind: Kind) -> str:
        """A new one; only its SHA-256 is kept."""
        now, value = utc_now(), secrets.token_urlsafe(32)
        row = {"digest": digest(value), "kind": kind, "created_at": now, "expires_at": now + LIFETIME}
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table).values(row))
            mine = table.c.kind == kind
            newest = sa.select(table.c.digest).where(mine).order_by(table.c.created_at.desc()).limit(KEPT)
            kept = connection.execute(newest).scalars().all()
            over = sa.or_(table.c.expires_at <= now, mine & table.c.digest.not_in([*kept, row["digest"]]))
            connection.execute(sa.delete(table).where(over))
        return value

    def knows(self, value: str) -> bool:
        """Whether it is a session that has not ended."""
        with reading(self.engine).begin() as connection:
            return connection.scalar(sa.select(table.c.kind).where(*_is(value, "session"))) is not None

    def end(self, value: str, kind: Kind = "session") -> bool:
        """False where it was not, or not any more: of two that end the same, one is told True."""
        with self.engine.begin() as connection:
            return bool(connection.execute(sa.delete(table).where(*_is(value, kind))).rowcount)

    def end_all(self) -> None:
        """Sign everybody out, and let no link sign in that was made before."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table))

    def mark(self) -> str:
        """What tells this host's cookies from those of another host on the same machine; it is no secret."""
        with self.engine.begin() as connection:
            write_meta(connection, _MARK, secrets.token_hex(4))
            return str(read_meta(connection, _MARK))


def _is(value: str, kind: Kind) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.digest == digest(value), table.c.kind == kind, table.c.expires_at > utc_now()
