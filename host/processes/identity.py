"""Which executor this process is: a place in its data directory, held by a lock, and the lives that it lives there.

Who holds the place knows that all earlier lives of it are over, and need not wait until they are taken for dead.
"""

import fcntl
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import uuid4

from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Identity:
    """``name`` is this process's alone while it runs; the next process in this data directory takes it over."""

    name: str
    lock: int

    @classmethod
    def take(cls, settings: Settings) -> "Identity":
        """The first name of this data directory that no living process bears."""
        base = settings.executor or _base(settings.data / "executor-id")
        for slot in count():
            lock = _lock(settings.data / f"executor-{slot}.lock")
            if lock is not None:
                return cls(f"{base}-{slot}", lock)
        raise AssertionError  # count() does not end

    def new_life(self) -> str:
        """A name that no executor had before."""
        return f"{self.name}.{uuid4().hex[:8]}"

    def lived(self, executor: str) -> bool:
        """Whether that executor had this place."""
        return self.name in {executor, executor.rpartition(".")[0]}

    def release(self) -> None:
        os.close(self.lock)


def _base(path: Path) -> str:
    try:
        with path.open("x") as file:
            file.write(uuid4().hex[:12])
    except FileExistsError:
        pass
    return path.read_text().strip() or "executor"


def _lock(path: Path) -> int | None:
    """The open file that holds the lock; the system lets go of it when the process ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
