"""Whether a process lives, told by a lock that its death opens: no clock is asked, and a frozen process lives.

On Postgres an advisory lock of a session that is kept, on SQLite, whose processes share a machine, a lock on a file. A session
can end before its process, which then takes its lock again as soon as it can. So a lock that is found free is believed after a
while only, and what is on its way from a process that lives has arrived by then.
"""

import fcntl
import hashlib
import os
import secrets
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import sqlalchemy as sa

WATCH = 2.0  # seconds between looks at whether our session is there
REMEMBERED = 60.0  # seconds for which whoever was missed is looked for again
GRACE = 10.0  # seconds for which a lock must be free: the database was there and the process, if it lives, had the time


@dataclass(frozen=True)
class Presence:
    """``name`` is this process's, new at each start; :meth:`begin` makes it known, :meth:`end` and death take it back."""

    engine: sa.Engine
    folder: Path
    name: str = field(default_factory=lambda: secrets.token_hex(12))
    _held: ExitStack = field(default_factory=ExitStack, repr=False)
    _begun: list[sa.Connection | None] = field(default_factory=list, repr=False)
    _turn: Lock = field(default_factory=Lock, repr=False)
    _ended: Event = field(default_factory=Event, repr=False)
    _watches: list[Thread] = field(default_factory=list, repr=False)
    _missed: dict[str, float] = field(default_factory=dict, repr=False)  # since when a lock was found free

    def begin(self) -> None:
        """Hold the lock: the first time it costs a connection or a file, then a look whether the connection is still there.

        Raises DBAPIError while the database is away.
        """
        with self._turn:
            if self._begun and _answers(self._begun[0]):
                return
            self._let_go()
            if self._on_postgres:
                self._missed.clear()  # whoever lives lost their sessions with ours
                self._begun.append(self._hold_session())
                self._watch()
            else:
                self._hold_file()
                self._begun.append(None)

    def end(self) -> None:
        self._ended.set()
        with self._turn:
            self._let_go()

    def lives(self, name: str) -> bool:
        """Whether the process of that name, which once had begun, has not ended."""
        if name == self.name:
            return True
        return self._answered(name) if self._on_postgres else self._is_held(self._file(name))

    @property
    def _on_postgres(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def _watch(self) -> None:
        if not self._watches:
            self._watches.append(Thread(target=self._hold_on, name="presence", daemon=True))
            self._watches[0].start()

    def _hold_on(self) -> None:
        while not self._ended.wait(WATCH):
            with suppress(sa.exc.SQLAlchemyError):  # it is away; the next look may find it
                self.begin()
                self._look_again()

    def _look_again(self) -> None:
        """Whoever has its lock again is no longer missed. The dead are asked for no longer after a while."""
        now = time.monotonic()
        for name in [name for name, since in self._missed.items() if now - since < REMEMBERED]:
            self._answered(name)

    def _let_go(self) -> None:
        self._begun.clear()
        self._held.close()

    def _hold_session(self) -> sa.Connection:
        """Shared, so that a session of ours that the server does not yet know to be lost is not in the way."""
        connection = self._held.enter_context(self._session())
        connection.execute(sa.select(sa.func.pg_advisory_lock_shared(_number(self.name))))
        self._held.callback(self._release, connection)
        return connection

    def _hold_file(self) -> None:
        descriptor = os.open(self._file(self.name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._held.callback(os.close, descriptor)
        self._held.callback(self._file(self.name).unlink, missing_ok=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _session(self) -> sa.Connection:
        return self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _release(self, connection: sa.Connection) -> None:
        """The pool would keep the session, and with it the lock."""
        with suppress(sa.exc.SQLAlchemyError):  # a session that was lost holds nothing
            connection.execute(sa.select(sa.func.pg_advisory_unlock_shared(_number(self.name))))

    def _file(self, name: str) -> Path:
        return self.folder / f"process-{name}.lock"

    def _answered(self, name: str) -> bool:
        if self._is_locked(_number(name)):
            self._missed.pop(name, None)
            return True
        now = time.monotonic()
        return now - self._missed.setdefault(name, now) < GRACE

    def _is_locked(self, number: int) -> bool:
        """Tried in a transaction of its own, which ends with the look."""
        with self._session() as connection:
            return not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number)))

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


def _answers(connection: sa.Connection | None) -> bool:
    """Whether the session is there, and so its lock; a file's lock lasts as long as the process."""
    if connection is None:
        return True
    try:
        connection.execute(sa.select(1))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(b"process " + name.encode()).digest()[:8], signed=True)
