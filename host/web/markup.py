"""Text for pages: comments with links, JSON that can be read, times and lengths."""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup, escape

LONG_TEXT = 280
MAX_TEXT = 20_000
MAX_NODES = 3_000
MAX_DEPTH = 40
_UNSEEN = frozenset({"script", "style", "template"})

_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https?://[^\s()<>\"']{1,1000})\)")


def linked(text: str | None) -> Markup:
    """A comment as HTML: ``[label](https://…)`` becomes a link, everything else stays text."""
    parts, end = [], 0
    for match in _LINK.finditer(text or ""):
        parts += [escape((text or "")[end : match.start()]), _link(*match.groups())]
        end = match.end()
    return Markup("").join([*parts, escape((text or "")[end:])])


def unlinked(text: str | None) -> str:
    """A comment with only the labels of its links, for where a link cannot stand."""
    return _LINK.sub(r"\1", text or "")


def sentence(text: str) -> str:
    """With a capital at its beginning, unless a file's name is there, and a mark at its end."""
    said = text.strip()
    begin = said[:1] if re.match(r"\S+\.\w", said) else said[:1].upper()
    return begin + said[1:] + ("" if said.endswith((".", "!", "?", "…")) or not said else ".")


def _link(label: str, url: str) -> Markup:
    return Markup('<a href="{}" rel="noopener noreferrer external">{}</a>').format(url, label)


@dataclass
class _Budget:
    """How many values may still be drawn, so that a huge result makes a page and not a hang."""

    left: int = MAX_NODES

    def spend(self) -> bool:
        self.left -= 1
        return self.left >= 0


def pretty(value: Any) -> Markup:
    """A JSON value as indented, coloured HTML: long text folded, Buffer objects and bytes short, everything escaped."""
    return Markup("").join(_draw(value, 0, _Budget()))


def _draw(value: Any, depth: int, budget: _Budget) -> Iterator[Markup]:
    data = _as_bytes(value)
    if data is not None:
        yield _bytes(data)
    elif not budget.spend() or depth > MAX_DEPTH:
        yield Markup('<span class="j-more">…</span>')
    elif isinstance(value, dict | list | tuple) and value:
        yield from _container(value, depth, budget)
    else:
        yield _scalar(value)


def _container(value: Any, depth: int, budget: _Budget) -> Iterator[Markup]:
    is_mapping = isinstance(value, dict)
    items = list(value.items()) if is_mapping else [(None, item) for item in value]
    inner, outer = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    yield escape("{" if is_mapping else "[")
    for index, (key, item) in enumerate(items):
        if budget.left <= 0:
            yield Markup('{}<span class="j-more">… {} more</span>').format(inner, len(items) - index)
            break
        yield escape(inner)
        if is_mapping:
            yield Markup('<span class="j-key">{}</span>: ').format(_quoted(str(key)[:LONG_TEXT]))
        yield from _draw(item, depth + 1, budget)
        yield escape("," if index < len(items) - 1 else "")
    yield escape(outer + ("}" if is_mapping else "]"))


def _scalar(value: Any) -> Markup:
    match value:
        case str():
            return _text(value)
        case True | False | None:
            return Markup('<span class="j-word">{}</span>').format(json.dumps(value))
        case int() | float():
            return Markup('<span class="j-number">{}</span>').format(value)
        case dict():
            return Markup("{{}}").format()
        case list() | tuple():
            return Markup("[]")
    return _text(str(value))


def _text(value: str) -> Markup:
    if len(value) <= LONG_TEXT:
        return Markup('<span class="j-text">{}</span>').format(_quoted(value))
    rest = len(value) - MAX_TEXT
    more = Markup('<span class="j-more">… {:,} more characters</span>').format(rest) if rest > 0 else ""
    return _folded(
        Markup('<span class="j-text">{}</span> <span class="j-more">{:,} characters</span>').format(
            _quoted(value[:80])[:-1] + "…", len(value)
        ),
        Markup('<span class="j-text">{}</span>{}').format(value[:MAX_TEXT], more),
    )


def _bytes(data: bytes) -> Markup:
    title = Markup('<span class="j-buffer">Buffer</span> <span class="j-more">{:,} bytes</span>').format(len(data))
    if not data:
        return title
    shown = data[:MAX_TEXT].decode("utf-8", "replace")
    return _folded(title, Markup('<span class="j-text">{}</span>').format(_printable(shown)))


def _folded(title: Markup, content: Markup) -> Markup:
    return Markup('<details class="j-fold"><summary>{}</summary><div>{}</div></details>').format(title, content)


def _as_bytes(value: Any) -> bytes | None:
    """The bytes of a Buffer object, of our stored form of bytes, or of bytes."""
    try:
        match value:
            case bytes():
                return value
            case {"type": "Buffer", "data": list(data)} if len(value) == 2:  # noqa: PLR2004
                return bytes(data)
            case {"$bytes": str(text)} if len(value) == 1:
                return b64decode(text, validate=True)
    except (ValueError, TypeError, NotBase64):
        return None
    return None


def _quoted(text: str) -> str:
    return json.dumps(_printable(text), ensure_ascii=False)


def _printable(text: str) -> str:
    """Without lone surrogates, which cannot be sent as UTF-8, and with direction overrides made visible."""
    return re.sub("[\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]", lambda m: f"\\u{ord(m[0]):04x}", text)


def when(moment: datetime | None) -> Markup:
    """A time as ``<time>`` in UTC; the script adds the reader's own."""
    if moment is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="milliseconds"), moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    )


def seconds_between(start: datetime | None, end: datetime | None) -> str:
    """``12 ms``, ``3.4 s``, ``2 min 5 s``; a dash while it is not over."""
    if start is None or end is None:
        return "–"
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"  # noqa: PLR2004


def plain_text(html: str) -> str:
    """What a reader sees of HTML that somebody else wrote: its text, without a tag, a script or a style of it."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.parts).split())[:MAX_TEXT]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in _UNSEEN
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSEEN and self._hidden > 0
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
