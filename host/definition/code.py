"""Code steps: from ``module:function`` to a Python function in the integration's folder.

The folder becomes a package of its own, named after its content: an edit gives a new package, ``sys.path`` stays as it is, and
no bytecode is written beside the sources. Modules may import each other relatively.
"""

import asyncio
import inspect
import re
import symtable
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import decode_source, module_from_spec
from pathlib import Path
from types import CodeType
from typing import Any

from ...connector.errors import ConnectorError, InvalidInput

_LONGEST = 250
"""Characters of an entry; no path may have more than 255 in one part."""
_ENDS = (Exception, SystemExit, GeneratorExit, asyncio.CancelledError)
"""What a function may end with. The others are the host's: that it stops, that the execution was cancelled."""
_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A function in a module in a folder."""

    folder: Path
    module: str
    function: str

    @property
    def file(self) -> Path:
        """The module's file."""
        return self.folder.joinpath(*self.module.split(".")).with_suffix(".py")


def find(folder: Path | None, text: str) -> Entry:
    """The entry that ``module:function`` names, without running anything. Raises InvalidInput, field ``code``."""
    if folder is None:
        raise _invalid(f"{text[:60]}: the integration came without its folder; deploy it from there")
    if len(text) > _LONGEST or not _ENTRY.fullmatch(text.strip()):
        what = "JavaScript, which is not run here" if _is_javascript(text) else repr(text[:60])
        raise _invalid(f"must be module:function, a Python function in the integration's folder, not {what}")
    module, _, function = text.strip().partition(":")
    entry = Entry(folder.resolve(), module, function)
    try:
        return _found(entry)
    except OSError as error:
        raise _invalid(f"{entry.file.name} cannot be read: {error.strerror}; let the host's account read it") from None


def _found(entry: Entry) -> Entry:
    if not entry.file.is_file():
        raise _invalid(f"there is no {entry.file.relative_to(entry.folder)} in the integration's folder; add it")
    if not entry.file.resolve().is_relative_to(entry.folder):
        raise _invalid(f"{entry.file.name} leads out of the integration's folder; copy the file into it")
    if entry.function not in _defined(entry.file.read_bytes(), entry.file.name):
        raise _invalid(f"{entry.file.name} has no function {entry.function}; add it")
    return entry


def load(entry: Entry) -> Callable[..., Any]:
    """The function itself. Raises whatever the module raises when it is imported."""
    function: Callable[..., Any] = getattr(import_module(f"{_package(entry.folder)}.{entry.module}"), entry.function)
    return function


def call(entry: Entry, *arguments: Any) -> Any:
    """What the function gives, awaited where it is async. Its own exceptions become errors that name file and line."""
    return use(entry, lambda function: function(*arguments))


def use(entry: Entry, calling: Callable[[Callable[..., Any]], Any]) -> Any:
    """Like call, where the arguments depend on the function: what it gives when ``calling`` calls it."""
    try:
        result = calling(load(entry))
        return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result
    except ConnectorError:
        raise
    except _ENDS as error:
        raise explain(entry, error) from error


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


def explain(entry: Entry, error: BaseException) -> ConnectorError:
    """An exception of the function as an error that names the line in the integration's folder that raised it."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(entry.folder))
    ]
    file, line = (Path(frames[-1].filename).name, frames[-1].lineno) if frames else (entry.file.name, "?")
    return ConnectorError(f"{file}:{line}: {entry.function}: {type(error).__name__}: {error}", field="code")


def _is_javascript(text: str) -> bool:
    return "=>" in text or "module.exports" in text or "function" in text


@lru_cache(maxsize=256)
def _defined(source: bytes, name: str) -> set[str]:
    """What a module defines at its top, read without running it.

    Not by ``ast``, which threads of Python 3.11 cannot use at once (https://github.com/python/cpython/issues/106905).
    """
    try:
        top = symtable.symtable(decode_source(source), name, "exec")
    except (SyntaxError, ValueError) as error:
        raise _invalid(f"{name}:{getattr(error, 'lineno', 1)}: is not Python: {error}") from None
    functions = {child.get_name() for child in top.get_children() if child.get_type() == "function"}
    return functions | {symbol.get_name() for symbol in top.get_symbols() if symbol.is_imported()}


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(message, field="code")


class _Source(SourceFileLoader):
    """Compiles the source each time, so that bytecode of an earlier edit is never taken for it."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def _package(folder: Path) -> str:
    name = f"integration_{_digest(folder)}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [name]
        sys.path_importer_cache[name] = _finder(folder)
        for deeper in {file.parent for file in folder.rglob("*.py")} - {folder}:
            sys.path_importer_cache[str(deeper)] = _finder(deeper)
        sys.modules[name] = module_from_spec(spec)
    return name


def _finder(folder: Path) -> FileFinder:
    return FileFinder(str(folder), (_Source, [".py"]))


def _digest(folder: Path) -> str:
    """Changes with the folder's place and with every edit in it."""
    digest = sha256(str(folder).encode())
    for file in sorted(folder.rglob("*.py")):
        digest.update(f"\0{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
