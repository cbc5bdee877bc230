"""What a long action writes down as it goes, so that it goes on where a process died. A host keeps it with the step."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .errors import InvalidInput

Entry = Mapping[str, Any]
"""JSON values."""


class Journal(Protocol):
    """Entries in the order in which they were written."""

    def read(self) -> Iterator[Entry]:
        """What the processes before this one wrote, a little at a time."""

    def append(self, entries: Sequence[Entry], *, sync: bool = True) -> None:
        """Write entries down. With ``sync`` they survive a loss of power when it returns, else the death of the process."""


@dataclass(frozen=True, slots=True)
class NoJournal:
    """A plain script's: what it does not finish, it begins again."""

    def read(self) -> Iterator[Entry]:
        return iter(())

    def append(self, entries: Sequence[Entry], *, sync: bool = True) -> None:
        """Forget them."""


@dataclass(frozen=True, slots=True)
class FileJournal:
    """Lines of JSON in a file. One process at a time."""

    path: Path

    def read(self) -> Iterator[Entry]:
        """The last line may be torn: what it said was then not done yet, or is looked for. Raises InvalidInput for others."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.endswith("\n"):
                    yield self._entry(number, line)

    def _entry(self, number: int, line: str) -> Entry:
        try:
            entry: Entry = json.loads(line)
        except ValueError:
            message = f"journal: {self.path}, line {number}, is no entry: the file was changed; put back what it was"
            raise InvalidInput(message, field="journal") from None
        return entry

    def append(self, entries: Sequence[Entry], *, sync: bool = True) -> None:
        text = "".join(json.dumps(entry, ensure_ascii=True, separators=(",", ":")) + "\n" for entry in entries)
        with self.path.open("a", encoding="ascii", newline="\n") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())

    def mend(self) -> None:
        """Cut off a torn last line, so that the next entry begins on its own."""
        if not self.path.exists():
            return
        with self.path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            tail = _tail(file, size)
            file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)


def _tail(file: Any, size: int) -> bytes:
    """The end of the file, far enough back to hold a line end, if there is one."""
    for length in (4096, 1 << 20, size):
        file.seek(max(0, size - length))
        tail: bytes = file.read()
        if b"\n" in tail or length >= size:
            return tail
    return b""
