"""An integration's files from elsewhere, in a ZIP file or by path: never more than fits, never outside of their folder."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from stat import S_ISLNK
from tempfile import TemporaryDirectory

from ..connector.errors import InvalidInput
from .definition.problems import IntegrationInvalid
from .store.database import storable

MOST_FILES = 1000
LONGEST_PATH = 255
_DEFINITIONS = (".yaml", ".yml")


def unzipped(data: bytes, limit: int) -> dict[str, bytes]:
    """Path → bytes. Raises InvalidInput for what is no ZIP file, or holds more than ``limit`` bytes, whatever it announces."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES:
                raise _too_many()
            return dict(_unpacked(archive, entries, limit))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, IndexError, ValueError, OSError):
        raise InvalidInput("files: the ZIP file cannot be read, or is encrypted; make it anew", field="files") from None


def _unpacked(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limit: int) -> Iterator[tuple[str, bytes]]:
    left, seen = limit, set[str]()
    for entry in entries:
        if S_ISLNK(entry.external_attr >> 16):
            raise InvalidInput(f"files: {entry.filename!r} is a link; put the file itself into it", field="files")
        if entry.filename in seen:
            raise InvalidInput(f"files: {entry.filename!r} is there twice", field="files")
        seen.add(entry.filename)
        with archive.open(entry) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise _too_large(limit)
        yield entry.filename, content


@contextmanager
def folder_of(files: Mapping[str, bytes], definition: str, limit: int) -> Iterator[Path]:
    """The definition's file in a folder of its own that is gone afterwards. Raises InvalidInput, naming what is wrong.

    ``definition`` is its path among the files; empty for the one YAML file that is nearest to the top.
    """
    if len(files) > MOST_FILES:
        raise _too_many()
    if sum(map(len, files.values())) > limit:
        raise _too_large(limit)
    for path in files:
        _check(path)
    main = definition or _only(files)
    if main not in files:
        raise InvalidInput(f"file: {main!r} is not among the files", field="file")
    with TemporaryDirectory(prefix="integration-") as folder:
        for path, content in files.items():
            _write(Path(folder), path, content)
        try:
            yield Path(folder, main)
        except IntegrationInvalid as error:  # named as the files were given
            problems = [replace(problem, file=problem.file.removeprefix(f"{folder}/")) for problem in error.problems]
            raise IntegrationInvalid(problems) from None


def _check(path: str) -> None:
    parts = path.split("/")
    if (
        not storable(path)
        or len(path) > LONGEST_PATH
        or any(part in {"", ".", ".."} or "\\" in part or ":" in part or not part.isprintable() for part in parts)
    ):
        raise InvalidInput(
            f"files: {path[:LONGEST_PATH]!r} is no path inside a folder; use names with / between, {LONGEST_PATH} at most",
            field="files",
        )


def _write(folder: Path, path: str, content: bytes) -> None:
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise InvalidInput(f"files: {path!r} cannot be beside the others: {error.strerror}", field="files") from None


def _only(files: Mapping[str, bytes]) -> str:
    found = [path for path in files if PurePosixPath(path).suffix in _DEFINITIONS]
    depth = min((path.count("/") for path in found), default=0)
    nearest = sorted(path for path in found if path.count("/") == depth)
    if len(nearest) != 1:
        known = ", ".join(nearest) or "no YAML file"
        raise InvalidInput(f"file: name the integration's definition; there is {known}", field="file")
    return nearest[0]


def _too_many() -> InvalidInput:
    return InvalidInput(f"files: more than {MOST_FILES}; leave out what the integration does not need", field="files")


def _too_large(limit: int) -> InvalidInput:
    return InvalidInput(f"files: together more than {limit} bytes; leave out what is not needed", field="files")
