"""An integration's files from elsewhere, by path or in a zip: never more than fits, never outside of their folder."""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePosixPath
from stat import S_IFMT, S_IFREG, S_ISLNK
from tempfile import TemporaryDirectory

from ...connector.errors import InvalidInput
from ..definition.problems import IntegrationInvalid
from ..store.database import storable

MOST_FILES = 1000
LONGEST_PATH = 255
_LONGEST_NAME = 60  # characters of a single file's name, at most four bytes each
_YAML = frozenset({".yaml", ".yml"})
LEFT_OUT = frozenset({"__MACOSX", "__pycache__", "node_modules"})


def read(name: str, data: bytes, limit: int, field: str) -> dict[str, bytes]:
    """The files of what was uploaded under a name: a definition alone, or a zip. ``field`` is where errors point."""
    suffix = PurePosixPath(name.lower()).suffix
    if suffix in _YAML:
        last = re.split(r"[/\\]", name)[-1][: -len(suffix)]
        plain = re.sub(r"[^\w.-]+", "-", last)[-_LONGEST_NAME:].lstrip(".-")
        return {(plain or "integration") + suffix: data}
    if suffix != ".zip":
        raise InvalidInput(f"{field}: must be a .yaml file, or a .zip of the integration's folder", field=field)
    return unzipped(data, limit, field)


def unzipped(data: bytes, limit: int, field: str = "files") -> dict[str, bytes]:
    """Path → bytes, without hidden files and caches.

    Raises InvalidInput for what is no zip, or holds more than ``limit`` bytes, whatever it announces.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = _plain([entry for entry in archive.infolist() if not entry.is_dir()], field)
            if len(entries) > MOST_FILES:
                raise _too_many(field)
            return dict(_unpacked(archive, entries, limit, field))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, IndexError, ValueError, OSError):
        raise InvalidInput(f"{field}: the zip cannot be read, or is encrypted; make it anew", field=field) from None


def _plain(entries: list[zipfile.ZipInfo], field: str) -> list[zipfile.ZipInfo]:
    """Files to be read. A link or a path that leads out is somebody's try to write elsewhere."""
    for entry in entries:
        mode = entry.external_attr >> 16
        if S_IFMT(mode) not in {0, S_IFREG}:
            what = "a link" if S_ISLNK(mode) else "a device"
            said = f"{entry.filename!r} is {what}, no plain file inside the folder; put the file itself into it"
            raise InvalidInput(f"{field}: {said}", field=field)
        _check(entry.filename, field)
    return [entry for entry in entries if not _is_left_out(entry.filename)]


def _unpacked(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limit: int, field: str
) -> Iterator[tuple[str, bytes]]:
    left, seen = limit, set[str]()
    for entry in entries:
        if entry.filename in seen:
            raise InvalidInput(f"{field}: {entry.filename!r} is there twice; keep one", field=field)
        seen.add(entry.filename)
        with archive.open(entry) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise _too_large(limit, field)
        yield entry.filename, content


@contextmanager
def folder_of(
    files: Mapping[str, bytes],
    definition: str,
    limit: int,
    *,
    field: str = "files",
    chosen_by: str = "file",
    within: Path | None = None,
) -> Iterator[Path]:
    """The definition's file in a folder of its own that is gone afterwards. Raises InvalidInput, naming what is wrong.

    ``definition`` is its path among the files; empty for the YAML file nearest to the top that is alone there or called
    integration. Errors about the files point at ``field``, about the definition at ``chosen_by``.
    """
    if len(files) > MOST_FILES:
        raise _too_many(field)
    if sum(map(len, files.values())) > limit:
        raise _too_large(limit, field)
    for path in files:
        _check(path, field)
    main = definition or _only(files, chosen_by)
    if main not in files:
        raise InvalidInput(f"{chosen_by}: {main!r} is not among the files; give the path of one", field=chosen_by)
    with TemporaryDirectory(prefix="upload-", dir=within) as made:
        folder = Path(made)
        for path, content in files.items():
            _write(folder, path, content, field)
        try:
            yield folder / main
        except IntegrationInvalid as error:  # named as the files were given
            problems = [replace(problem, file=problem.file.removeprefix(f"{folder}/")) for problem in error.problems]
            raise IntegrationInvalid(problems) from None


def _check(path: str, field: str) -> None:
    parts = path.split("/")
    if (
        not storable(path)
        or len(path) > LONGEST_PATH
        or any(part in {"", ".", ".."} or "\\" in part or ":" in part or not part.isprintable() for part in parts)
    ):
        shown = repr(path[:LONGEST_PATH])
        mend = f"use names with / between, {LONGEST_PATH} characters at most"
        raise InvalidInput(f"{field}: {shown} is no plain file inside the folder; {mend}", field=field)


def _is_left_out(path: str) -> bool:
    return any(part.startswith(".") or part in LEFT_OUT for part in path.split("/"))


def _write(folder: Path, path: str, content: bytes, field: str) -> None:
    target = folder / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except OSError as error:
        said = f"{path!r} cannot be written beside the others; rename it: {error.strerror}"
        raise InvalidInput(f"{field}: {said}", field=field) from None


def _only(files: Mapping[str, bytes], field: str) -> str:
    found = [path for path in files if PurePosixPath(path).suffix.lower() in _YAML]
    depth = min((path.count("/") for path in found), default=0)
    nearest = sorted(path for path in found if path.count("/") == depth)
    named = [path for path in nearest if PurePosixPath(path).stem == "integration"]
    if len(chosen := named or nearest) != 1:
        known = ", ".join(nearest) or ("none" if files else "no file")
        mend = "it is the only YAML file nearest to the top, or integration.yaml there"
        raise InvalidInput(f"{field}: which file is the definition? There is {known}; {mend}", field=field)
    return chosen[0]


def _too_many(field: str) -> InvalidInput:
    said = f"more than {MOST_FILES} files, and the limit is that; leave out what the integration does not need"
    return InvalidInput(f"{field}: {said}", field=field)


def _too_large(limit: int, field: str) -> InvalidInput:
    said = f"larger than fits, more than {limit} bytes unpacked; leave out what the integration does not need"
    return InvalidInput(f"{field}: {said}", field=field)
