"""Backups of SQLite while the host runs, and what a host that was restored from a backup must not take for undone.

What ran between the backup and the failure is not in the backup: its executions run again. A mark in the database says since
when that may be. A step of an execution that is older than the mark counts as begun then: an action that looks first finds
what it sent, one that may be repeated is, and any other ends with OutcomeUnknown. So no text goes out a second time.
"""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from ..settings import Settings
from ..store.database import insert, read_meta, reading
from ..store.portable import instant
from ..store.schema import meta

_MARK = "restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """``since``: when the backup began. ``until``: what was accepted later is not in it."""

    since: datetime
    until: datetime

    def began(self, accepted: datetime) -> datetime | None:
        """Since when a step of that execution may have run already."""
        return self.since if accepted <= self.until else None


def back_up(settings: Settings, folder: Path) -> list[Path]:
    """Copy the SQLite databases into a new folder, while the host runs; the files. Raises InvalidInput.

    The engine's comes first: of two that belong together it may be the older one, then its executions are begun again and
    find in ours what was begun. The vault's key is not copied: who has both has the secrets.
    """
    if settings.is_postgres:
        raise InvalidInput("DATABASE_URL: on Postgres use pg_dump; see docs/operations.md", field="DATABASE_URL")
    sources = [
        settings.data / "engine.sqlite",
        settings.data / "host.sqlite",
        *settings.data.glob("customers/*.sqlite"),
    ]
    if not sources[1].exists():
        raise InvalidInput(f"data: there is no host.sqlite in {settings.data}; give the host's directory", field="data")
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise InvalidInput(f"{folder}: {error.strerror}; give a new folder", field="folder") from None
    since = utc_now()
    made = [_copy(source, folder / source.relative_to(settings.data)) for source in sources if source.exists()]
    with closing(sqlite3.connect(folder / "host.sqlite", isolation_level=None)) as copy:
        copy.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_MARK, _text(since, utc_now())))
        copy.execute("DELETE FROM executors")
    return made


def mark(engine: sa.Engine, since: datetime) -> None:
    """Say that the database was restored from a backup that began then."""
    with engine.begin() as connection:
        row = insert(connection, meta).values(key=_MARK, value=_text(since, utc_now()))
        connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


def restored(engine: sa.Engine) -> Restored | None:
    """None for a database that never was restored."""
    with reading(engine).begin() as connection:
        text = read_meta(connection, _MARK)
    return Restored(*map(datetime.fromisoformat, json.loads(text))) if text else None


def _text(since: datetime, until: datetime) -> str:
    return json.dumps([instant(since), instant(until)])


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
    return target
