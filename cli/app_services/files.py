"""The files of an exported application: read with care, since anybody may have made them, and without their secrets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...connector.errors import InvalidInput

MAX_BYTES = 1 << 20
MAX_NAME = 100


@dataclass(frozen=True)
class Export:
    """The folder. ``secrets`` are struck out of all that is read; ``left`` has a sentence for all that is left behind."""

    root: Path
    secrets: tuple[str, ...] = field(default=(), repr=False)
    left: list[str] = field(default_factory=list)

    def folders(self, *names: str) -> list[Path]:
        """Those in the folder of that name; none where it leads out of the export."""
        parent = self.root.joinpath(*names)
        if not parent.is_dir() or not parent.resolve().is_relative_to(self.root):
            return []
        return sorted(path for path in parent.iterdir() if path.is_dir())

    def text(self, file: Path) -> str:
        """Raises InvalidInput."""
        if not file.resolve().is_relative_to(self.root):
            raise self.invalid(file, "leads out of the exported folder; copy the file into it")
        try:
            if file.stat().st_size > MAX_BYTES:
                raise self.invalid(file, f"is larger than {MAX_BYTES} bytes")
            return file.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise self.invalid(file, f"cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self.invalid(file, "is not UTF-8; save it as UTF-8") from None

    def document(self, file: Path) -> "Document":
        """The JSON object in a file. Raises InvalidInput."""
        try:
            content = json.loads(self.text(file))
        except json.JSONDecodeError as error:
            raise self.invalid(file, f"is not JSON: {error.msg} in line {error.lineno}") from None
        except (ValueError, RecursionError):
            raise self.invalid(file, "is not JSON that can be read: a number is too long, or it is too deep") from None
        if not isinstance(content, Mapping):
            raise self.invalid(file, f"must be an object, not {kind(content)}")
        return Document(self, file, content)

    def note(self, path: Path, what: str) -> None:
        """Say that something is left behind."""
        self.left.append(self.strike(f"{self.shown(path)}: {what}"))

    def invalid(self, path: Path, problem: str, key: str = "") -> InvalidInput:
        return InvalidInput(self.strike(f"{self.shown(path)}: {problem}"), field=key or self.shown(path))

    def shown(self, path: Path) -> str:
        return self.strike(printable(path.relative_to(self.root).as_posix()))

    def strike(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "[secret]")
        return text


@dataclass(frozen=True)
class Document:
    """An object in a JSON file, read key by key; ``where`` is the path to it, with a dot at its end."""

    export: Export
    file: Path
    content: Mapping[str, Any]
    where: str = ""

    def text(self, key: str, *, lines: bool = False) -> str:
        """Text that can be printed, on one line unless it may have ``lines``. Raises InvalidInput."""
        value = self.content.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.invalid(key, f"must be text, not {kind(value)}")
        if not all(character.isprintable() or (lines and character in "\t\r\n") for character in value):
            raise self.invalid(key, "holds a character that cannot be printed; take it out")
        return self.export.strike(value)

    def name(self) -> str:
        """What it is called. Raises InvalidInput."""
        name = self.text("name").strip()
        if not is_name(name):
            raise self.invalid("name", f"is required: one line of at most {MAX_NAME} characters")
        return name

    def flag(self, key: str) -> bool:
        """True or false; false where nothing is said. Raises InvalidInput."""
        value = self.content.get(key)
        if not isinstance(value, bool | None):
            raise self.invalid(key, f"must be true or false, not {kind(value)}")
        return bool(value)

    def part(self, key: str) -> "Document":
        """The object of that key, empty where there is none. Raises InvalidInput."""
        value = self.content.get(key)
        if not isinstance(value, Mapping | None):
            raise self.invalid(key, f"must be an object, not {kind(value)}")
        return Document(self.export, self.file, value or {}, f"{self.where}{key}.")

    def note(self, what: str) -> None:
        self.export.note(self.file, what)

    def note_unknown(self, *known: str) -> None:
        """Note each other key: its value may mean something that is not carried over."""
        for key in sorted(self.content.keys() - set(known)):
            self.note(f"{self.where}{printable(key)[:MAX_NAME]} is not known here")

    def invalid(self, key: str, problem: str) -> InvalidInput:
        return self.export.invalid(self.file, f"{self.where}{key}: {problem}", f"{self.where}{key}")


def is_name(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= MAX_NAME


def printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def kind(value: Any) -> str:
    """What a JSON value is, without telling it."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return kinds.get(type(value), "a number")


def leaves(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    match value:
        case str():
            yield value
        case Mapping() | list():
            for inner in value.values() if isinstance(value, Mapping) else value:
                yield from leaves(inner)
