"""Which files of the folder are read. What lies there and is not read is a problem, unless it is plainly none of ours."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ..definition.problems import Problem
from ..definition.tree import MAX_BYTES

FOLDERS = ("connections", "customers", "integrations", "instances")
SUFFIXES = (".yaml", ".yml", ".json")
DEFINITIONS = ("integration.yaml", "integration.yml")
_NOTES = (".md", ".rst", ".txt")


@dataclass(frozen=True, slots=True)
class Folder:
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def files(self, name: str) -> Iterator[tuple[Path, bytes]]:
        """The declarations of a kind, in the order of their names, with their bytes."""
        for path in self._entries(name):
            if path.suffix in SUFFIXES:
                yield from self._content(path)
            elif path.suffix not in _NOTES:
                self._note(path, f"is not read: a declaration is a file ending in {', '.join(SUFFIXES)}")

    def definitions(self) -> Iterator[tuple[Path, bytes]]:
        """The integrations' files with their bytes; each lies in a folder of its own, from which its code steps come."""
        for path in self._entries("integrations"):
            with self._noting(path):
                found = [path / name for name in DEFINITIONS if (path / name).exists()]
                if len(found) == 1:
                    yield from self._content(found[0])
                elif path.suffix not in _NOTES:
                    self._note(
                        path, f"is not read: an integration is a folder here with {' or '.join(DEFINITIONS)} in it"
                    )

    def check(self) -> None:
        """Note a folder that is none, and names that nearly are what is read."""
        if not self.root.is_dir():
            self._note(self.root, f"is no folder; give one that holds {', '.join(FOLDERS)}")
            return
        with self._noting(self.root):
            self._check_names(sorted(path.name for path in self.root.iterdir()))

    def _check_names(self, entries: list[str]) -> None:
        for name in entries:
            close = get_close_matches(name, FOLDERS, n=1) if name not in FOLDERS else []
            if close:
                self._note(self.root / name, f"is not read; did you mean {close[0]}?")
        if not set(entries) & set(FOLDERS):
            self._note(self.root, f"declares nothing; put files into {', '.join(FOLDERS)}")

    def _entries(self, name: str) -> list[Path]:
        folder = self.root / name
        with self._noting(folder):
            if not folder.exists():
                return []
            if folder.is_dir() and self._inside(folder):
                return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
            self._note(folder, f"must be a folder in {self.root}")
        return []

    def _content(self, path: Path) -> Iterator[tuple[Path, bytes]]:
        with self._noting(path):
            if not self._inside(path):
                self._note(path, f"leads out of {self.root}; put the file itself there")
            elif not path.is_file():  # a pipe would wait for ever, a device never end
                self._note(path, "is no plain file")
            elif path.stat().st_size > MAX_BYTES:
                self._note(path, f"is larger than 1 MiB ({path.stat().st_size} bytes)")
            else:
                yield path, path.read_bytes()

    @contextmanager
    def _noting(self, path: Path) -> Iterator[None]:
        """What the system does not give is a problem like any other."""
        try:
            yield
        except OSError as error:
            self._note(path, f"cannot be read: {error.strerror}; let the account that deploys read it")

    def _inside(self, path: Path) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))

    def _note(self, path: Path, message: str) -> None:
        self.problems.append(Problem(str(path), 1, "", message))
