"""YAML as a tree of text with lines. No scalar is ever interpreted here: ``NO``, ``12:30:00`` and ``+15551234567`` stay text.

The reader of a field decides by the grammar whether the text is a flag or a number. Anchors are allowed, their expansion is
bounded; tags, merge keys, repeated keys and several documents are refused.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from .problems import IntegrationInvalid, Problem

MAX_BYTES = 1_048_576
MAX_NODES = 100_000
MAX_DEPTH = 100

_TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels, aliases included"
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")  # lines end there for YAML, and nowhere in an editor
_NULLS = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text. ``plain`` tells unquoted text, where ``null`` means nothing."""

    text: str
    plain: bool
    line: int
    size: int = 1
    depth: int = 1

    @property
    def is_null(self) -> bool:
        """True for nothing, ``~`` and ``null`` without quotes."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int
    size: int
    depth: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values; ``lines`` has the line of each key."""

    items: dict[str, "Node"]
    lines: dict[str, int]
    line: int
    size: int
    depth: int


Node = Scalar | Sequence | Mapping


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read."""

    is_mapping: bool
    line: int
    anchor: str | None
    children: list[Node] = field(default_factory=list)


def plain(node: Node) -> Any:
    """Texts, lists and dicts of texts; None for nothing."""
    match node:
        case Scalar():
            return None if node.is_null else node.text
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(items=pairs):
            return {key: plain(value) for key, value in pairs.items()}


def read(data: bytes, file: str) -> Node:
    """The tree of one YAML document. Raises IntegrationInvalid."""
    if len(data) > MAX_BYTES:
        raise _invalid(file, 1, "is larger than 1 MiB; move code and texts into files of their own")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _invalid(file, line, "is not UTF-8; save it as UTF-8") from None
    return _Builder(file).build(text)


def _line(mark: Any, odd: list[int]) -> int:
    """The line as an editor counts it."""
    return int(mark.line) + 1 - bisect_left(odd, mark.index)


class _Builder:
    """Builds the tree from parser events, without recursion, so that no file can exhaust the stack."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None
        self._problems: list[Problem] = []

    def build(self, text: str) -> Node:
        odd = [found.start() for found in _ODD_BREAKS.finditer(text)]
        for event in self._events(text, odd):
            self._take(event, _line(event.start_mark, odd))
        if self._problems:
            raise IntegrationInvalid(self._problems)
        if self._root is None:
            raise _invalid(self._file, 1, "is empty; write what it declares, such as its name")
        return self._root

    def _events(self, text: str, odd: list[int]) -> Iterator[Any]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            yield from yaml.parse(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            line = _line(error.problem_mark, odd) if error.problem_mark else 1
            raise _invalid(self._file, line, f"is not YAML: {error.problem or error.context}") from None
        except yaml.YAMLError as error:
            raise _invalid(self._file, 1, f"is not YAML: {str(error).splitlines()[0]}") from None

    def _take(self, event: Any, line: int) -> None:
        match event:
            case yaml.DocumentStartEvent() if self._root is not None:
                raise _invalid(self._file, line, "starts a second document; keep one in a file")
            case yaml.ScalarEvent():
                self._refuse_tag(event, line)
                plain = event.implicit[0] and event.tag is None
                self._add(Scalar(event.value, plain, line), event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_tag(event, line)
                self._open.append(_Open(isinstance(event, yaml.MappingStartEvent), line, event.anchor))
                if len(self._open) > MAX_DEPTH:  # at once: the parser takes ever longer the deeper it is
                    raise _invalid(self._file, line, _TOO_DEEP)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self._open.pop()
                self._add(self._close(done), done.anchor)
            case yaml.AliasEvent():
                self._add(self._aliased(event.anchor, line), None)

    def _add(self, node: Node, anchor: str | None) -> None:
        if node.size > MAX_NODES:
            raise _invalid(self._file, node.line, f"has more than {MAX_NODES} values, aliases included")
        if node.depth > MAX_DEPTH:
            raise _invalid(self._file, node.line, _TOO_DEEP)
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node

    def _aliased(self, anchor: str | None, line: int) -> Node:
        if anchor is None or anchor not in self._anchors:
            raise _invalid(self._file, line, f"*{anchor} has no finished &{anchor} before it")
        return self._anchors[anchor]

    def _close(self, done: _Open) -> Node:
        size = 1 + sum(child.size for child in done.children)
        depth = 1 + max((child.depth for child in done.children), default=0)
        if not done.is_mapping:
            return Sequence(tuple(done.children), done.line, size, depth)
        items: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            self._pair(key, value, items, lines)
        return Mapping(items, lines, done.line, size, depth)

    def _pair(self, key: Node, value: Node, items: dict[str, Node], lines: dict[str, int]) -> None:
        if not isinstance(key, Scalar):
            self._problem(key.line, "a key must be text")
        elif key.text in items:
            self._problem(key.line, f"the key {key.text} is already in line {lines[key.text]}; keep one of them")
        elif key.text == "<<" and key.plain:
            self._problem(key.line, "merge keys (<<) are not read; write the keys out")
        else:
            items[key.text], lines[key.text] = value, key.line

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag not in {None, "!"}:
            self._problem(
                line, f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')} is not read; write plain values"
            )

    def _problem(self, line: int, message: str) -> None:
        self._problems.append(Problem(self._file, line, "", message))


def _invalid(file: str, line: int, message: str) -> IntegrationInvalid:
    return IntegrationInvalid([Problem(file, line, "", message)])
