"""Markdown as GitHub reads it: whatever the text is, it is shown as it stands."""

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<![^\W_])_|_(?![^\W_])")
_LISTED = re.compile(r"^(\d*)([#+=.)-])")  # at its start a line may be a heading or an item of a list
_BACKTICKS = re.compile("`+")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https?://[^\s()<>\"']{1,1000})\)")  # as the forms have them
_NOT_IN_AN_ANCHOR = re.compile(r"[^\w\- ]")


def plain(text: str) -> str:
    """Text that is no Markdown, on one line."""
    return _LISTED.sub(r"\1\\\2", _escaped(_on_one_line(text)))


def comment(text: str) -> str:
    """A comment of a form: plain text, but that ``[label](https://…)`` is a link."""
    parts = _LINK.split(_on_one_line(text))  # text, label, address, text, …
    links = [
        f"[{_escaped(label)}](<{address.replace('|', '%7C')}>)"
        for label, address in zip(parts[1::3], parts[2::3], strict=True)
    ]
    text = "".join(_escaped(part) + link for part, link in zip(parts[::3], [*links, ""], strict=True))
    return _LISTED.sub(r"\1\\\2", text)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """A dollar sign stands in a span, lest two of them enclose a formula."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text).replace("$", "<span>$</span>")


def code(text: str) -> str:
    """A code span, also inside a table, where a pipe is escaped even in code."""
    text = _on_one_line(text).replace("|", "\\|")
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
