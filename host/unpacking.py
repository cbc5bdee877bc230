"""An integration that somebody uploads: its file, or a zip of its folder, laid out where it can be published from."""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath

from ..connector.errors import InvalidInput

MAX_FILES = 500
_LONGEST = 60  # characters of a name, at most four bytes each: the end is kept, where the suffix is
_NAME = re.compile(r"[^\w.-]+")
_YAML = frozenset({".yaml", ".yml"})
_LEFT_OUT = frozenset({"__MACOSX", "__pycache__"})


def lay_out(name: str, data: bytes, folder: Path, limit: int) -> Path:
    """Write what was uploaded into ``folder``; where the integration file is then.

    ``limit`` is in bytes, unpacked. Raises InvalidInput, with nothing written outside of ``folder``.
    """
    if len(data) > limit:
        raise _wrong(f"is larger than {limit} bytes")
    suffix = PurePosixPath(name.lower()).suffix
    if suffix in _YAML:
        plain = _NAME.sub("-", Path(name.replace("\\", "/")).name)[-_LONGEST:]
        path = folder / (plain.lstrip(".-") or "integration.yaml")
        path.write_bytes(data)
        return path
    if suffix != ".zip":
        raise _wrong("must be a .yaml file, or a .zip of the integration's folder")
    files = _without_top(dict(_unzipped(data, limit)))
    if not files:
        raise _wrong("the zip holds no file")
    for inner, content in files.items():
        _write(folder, inner, content)
    return folder / _definition(files)


def _unzipped(data: bytes, limit: int) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The files, read within the limit whatever the zip says about their sizes."""
    left = limit
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES:
                raise _wrong(f"the zip holds {len(entries)} files, the limit is {MAX_FILES}")
            for entry in entries:
                path = _inside(entry)
                if _is_left_out(path):
                    continue
                with archive.open(entry) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise _wrong(f"unpacked, it is larger than {limit} bytes")
                yield path, content
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, IndexError, OSError, ValueError) as error:
        raise _wrong(f"the zip cannot be read: {error}") from None


def _inside(entry: zipfile.ZipInfo) -> PurePosixPath:
    """The path of a plain file below the folder; anything else is somebody's try to write elsewhere."""
    path = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    leads_out = not path.parts or path.is_absolute() or ".." in path.parts or re.search(r"[\\:\x00]", entry.filename)
    if leads_out or kind not in {0, stat.S_IFREG}:
        raise _wrong(f"the zip holds {entry.filename!r}, which is no plain file inside of its folder; leave it out")
    return path


def _is_left_out(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part in _LEFT_OUT for part in path.parts)


def _without_top(files: dict[PurePosixPath, bytes]) -> dict[PurePosixPath, bytes]:
    """A zip of the folder itself, or of what is in it."""
    tops = {path.parts[0] for path in files}
    if len(tops) != 1 or any(len(path.parts) == 1 for path in files):
        return files
    return {PurePosixPath(*path.parts[1:]): content for path, content in files.items()}


def _write(folder: Path, path: PurePosixPath, content: bytes) -> None:
    try:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("xb") as file:
            file.write(content)
    except OSError as error:
        raise _wrong(f"the zip holds {str(path)!r}, which cannot be written: {error.strerror}") from None


def _definition(files: dict[PurePosixPath, bytes]) -> PurePosixPath:
    found = sorted(path for path in files if len(path.parts) == 1 and path.suffix.lower() in _YAML)
    named = [path for path in found if path.stem == "integration"]
    if len(chosen := named or found) != 1:
        said = ", ".join(map(str, found)) or "none"
        raise _wrong(f"the zip must hold one integration file, such as integration.yaml; at its top there is {said}")
    return chosen[0]


def _wrong(problem: str) -> InvalidInput:
    return InvalidInput(f"upload: {problem}", field="upload")
