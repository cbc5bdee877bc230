"""Markdown as GitHub reads it: whatever the text is, it is shown as it stands."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])")
_LISTED = re.compile(r"^(\d*)([#+=.)-])")  # at its start a line may be a heading or an item of a list
_BACKTICKS = re.compile("`+")
_NOT_IN_AN_ANCHOR = re.compile(r"[^\w\- ]")


def plain(text: str) -> str:
    """Text that is no Markdown, on one line. A dollar sign stands in a span, lest two of them enclose a formula."""
    escaped = _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
    escaped = _LISTED.sub(r"\1\\\2", escaped)
    return escaped.replace("$", "<span>$</span>")


def code(text: str) -> str:
    """A code span, also inside a table, where a pipe is escaped even in code."""
    text = " ".join(text.split()).replace("|", "\\|")
    fence = _fence(text, 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def block(language: str, text: str) -> str:
    """A block of code."""
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def folded(summary: str, content: str) -> str:
    """What is shown when it is asked for."""
    return f"<details>\n<summary>{summary}</summary>\n\n{content}\n\n</details>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return _NOT_IN_AN_ANCHOR.sub("", heading.lower()).replace(" ", "-")


def link(text: str, heading: str) -> str:
    """A link to a heading of the same page; the text is Markdown already."""
    return f"[{text}](#{anchor(heading)})"


def _fence(text: str, at_least: int) -> str:
    """More backticks than the text has in a row."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(at_least, longest + 1)
