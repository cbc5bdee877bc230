"""Whether a process lives, told by a lock that its death opens: no clock is asked, and a frozen process lives.

On Postgres an advisory lock of a session that is kept, on SQLite, whose processes share a machine, a lock on a file.
"""

import fcntl
import hashlib
import os
import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import sqlalchemy as sa


@dataclass(frozen=True)
class Presence:
    """``name`` is this process's, new at each start; :meth:`begin` makes it known, :meth:`end` and death take it back."""

    engine: sa.Engine
    folder: Path
    name: str = field(default_factory=lambda: secrets.token_hex(12))
    _held: ExitStack = field(default_factory=ExitStack, repr=False)
    _begun: list[None] = field(default_factory=list, repr=False)
    _turn: Lock = field(default_factory=Lock, repr=False)

    def begin(self) -> None:
        """Once; it costs a connection or a file."""
        with self._turn:
            if self._begun:
                return
            if self._on_postgres:
                connection = self._held.enter_context(self._session())
                connection.execute(sa.select(sa.func.pg_advisory_lock(_number(self.name))))
                self._held.callback(self._release, connection)
            else:
                descriptor = os.open(self._file(self.name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._held.callback(os.close, descriptor)
                self._held.callback(self._file(self.name).unlink, missing_ok=True)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._begun.append(None)

    def end(self) -> None:
        with self._turn:
            self._held.close()
            self._begun.clear()

    def lives(self, name: str) -> bool:
        """Whether the process of that name, which once had begun, has not ended."""
        if name == self.name:
            return True
        return self._is_locked(_number(name)) if self._on_postgres else self._is_held(self._file(name))

    @property
    def _on_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def _session(self) -> sa.Connection:
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _release(self, connection: sa.Connection) -> None:
        """The pool would keep the session, and with it the lock."""
        with suppress(sa.exc.DBAPIError):  # a session that was lost holds nothing
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_number(self.name))))

    def _file(self, name: str) -> Path:
        return self.folder / f"process-{name}.lock"

    def _is_locked(self, number: int) -> bool:
        with self._session() as connection:
            if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))):
                return True
            connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
            return False

    def _is_held(self, path: Path) -> bool:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(b"process " + name.encode()).digest()[:8], signed=True)
