"""Reading a tree field by field: each reader says what the grammar wants there and notes what is wrong instead of stopping."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .names import did_you_mean
from .problems import IntegrationInvalid, Problem, Where
from .tree import Mapping, Node, Scalar, Sequence

C = TypeVar("C", bound=str)
MAX_PROBLEMS = 200


@dataclass
class Notes:
    """The problems found so far in one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, at: Where, message: str) -> None:
        """Note a problem. Raises IntegrationInvalid when there are so many that the rest can wait."""
        self.problems.append(Problem(self.file, at.line, at.path, message))
        if len(self.problems) == MAX_PROBLEMS:
            last = Problem(self.file, at.line, "", f"there may be more: only the first {MAX_PROBLEMS} are looked for")
            raise IntegrationInvalid([*self.problems, last])


@dataclass(frozen=True, slots=True)
class Cursor:
    """A node and its place."""

    node: Node
    at: Where
    notes: Notes

    @classmethod
    def on(cls, node: Node, at: Where, notes: Notes) -> "Cursor":
        """At that place, with the lines of the keys under it."""
        return cls(node, replace(at, lines=node.lines) if isinstance(node, Mapping) else at, notes)

    def only(self, *known: str) -> None:
        """Note each key that the grammar does not have here, and a node that is no mapping."""
        if not isinstance(self.node, Mapping):
            self.problem(f"must be a mapping with {', '.join(known[:4])}" + ("…" if known[4:] else ""))
            return
        for name, line in self.node.lines.items():
            if name not in known:
                self.notes.add(self.at.key(name, line), f"is not a key here; {did_you_mean(name, known)}")

    def find(self, name: str) -> "Cursor | None":
        """The value of a key; None if it is not there or null."""
        if not isinstance(self.node, Mapping) or name not in self.node.items:
            return None
        child = self.node.items[name]
        if isinstance(child, Scalar) and child.is_null:
            return None
        return Cursor.on(child, self.at.key(name, self.node.lines[name]), self.notes)

    def text(self, name: str, default: str = "") -> str:
        """Text, whatever it looks like."""
        found = self.find(name)
        return default if found is None else found.scalar(default)

    def required(self, name: str) -> str:
        """Text that must be there and not be blank."""
        found = self.text(name)
        if not found.strip():
            where = self.find(name)
            self.notes.add(where.at if where else self.at.key(name), "is required; give it a text")
        return found

    def scalar(self, default: str = "") -> str:
        """The node's own text."""
        if isinstance(self.node, Scalar):
            return self.node.text
        self.problem("must be text")
        return default

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; quoted, too, as some exports have it. Absent is false."""
        text = self.text(name, "false")
        if text not in {"true", "false"}:
            self._bad(name, f"must be true or false, not {text!r}")
        return text == "true"

    def integer(self, name: str, low: int, high: int, default: int = 0) -> int:
        """A whole number from ``low`` to ``high``."""
        text = self.text(name, str(default))
        number = int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else None  # noqa: PLR2004
        if number is None or (self.find(name) and not low <= number <= high):
            self._bad(name, f"must be a whole number from {low} to {high}, not {text!r}")
            return default
        return number

    def choice(self, name: str, options: Iterable[C], default: C) -> C:
        """One of a few words."""
        known = {str(option): option for option in options}
        text = self.text(name, default)
        if text not in known:
            self._bad(name, f"must be one of {', '.join(known)}, not {text!r}")
        return known.get(text, default)

    def each(self, name: str) -> "list[Cursor]":
        """The items of a list; none if the key is absent."""
        found = self.find(name)
        return [] if found is None else list(found.elements())

    def elements(self) -> "Iterator[Cursor]":
        """The items of this list."""
        if not isinstance(self.node, Sequence):
            self.problem("must be a list; begin each item with a dash")
            return
        for index, item in enumerate(self.node.items):
            yield Cursor.on(item, self.at.item(index, item.line), self.notes)

    def pairs(self, name: str) -> "Iterator[tuple[str, Cursor]]":
        """The keys, whatever they are, and values of a mapping."""
        found = self.find(name)
        if found is None:
            return
        if not isinstance(found.node, Mapping):
            found.problem("must be a mapping")
            return
        for key, child in found.node.items.items():
            yield key, Cursor.on(child, found.at.key(key, found.node.lines[key]), self.notes)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(item.scalar() for item in self.each(name))

    def declared(self, *names: str) -> dict[str, Where]:
        """The places of those keys that are there and say something."""
        found = ((name, self.find(name)) for name in names)
        return {name: cursor.at for name, cursor in found if cursor is not None and cursor.says_something}

    @property
    def says_something(self) -> bool:
        """False for what changes nothing: empty text, ``false``, an empty list or mapping."""
        match self.node:
            case Scalar(text=text):
                return text not in {"", "false"}
            case Sequence(items=items):
                return bool(items)
            case Mapping(items=pairs):
                return bool(pairs)

    def problem(self, message: str) -> None:
        """Note a problem at this node."""
        self.notes.add(self.at, message)

    def _bad(self, name: str, message: str) -> None:
        found = self.find(name)
        self.notes.add(found.at if found else self.at.key(name), message)
