"""Locks that only one thread of one process holds, and that the death of the process opens: no lease to wait for.

On Postgres an advisory lock of a session, on SQLite, whose processes share a machine, a lock on a file.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ...connector.errors import TryLater

FILES = 16  # names share files: two that do wait for each other now and then
POLL = 0.1


@dataclass(frozen=True, slots=True)
class Locks:
    engine: sa.Engine
    folder: Path

    @contextmanager
    def hold(self, name: str, seconds: float = 60.0) -> Iterator[None]:
        """Wait for the lock. Raises TryLater after that many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            with self.attempt(name) as held:
                if held:
                    yield
                    return
            if time.monotonic() >= deadline:
                raise TryLater(
                    "another process or page is at work on this instance; try again in a moment", retry_after=5
                )
            time.sleep(POLL)

    @contextmanager
    def attempt(self, name: str) -> Iterator[bool]:
        """Take the lock if it is free; gives whether it was."""
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        holding = self._on_postgres(number) if self.engine.dialect.name == "postgresql" else self._on_file(number)
        with holding as held:
            yield held

    @contextmanager
    def _on_postgres(self, number: int) -> Iterator[bool]:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            held = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
            try:
                yield held
            finally:
                if held:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))

    @contextmanager
    def _on_file(self, number: int) -> Iterator[bool]:
        path = self.folder / f"registering-{number % FILES}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _taken(descriptor)
        finally:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
