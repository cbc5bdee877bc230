"""Pages of a list, newest first, by tokens that only this list can make.

A token names a place in the history, not a page number, so that records which come or go between two pages
neither hide a record nor show one twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, dropwhile, islice
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from .errors import TwilioError

T = TypeVar("T")
MAX_PAGE_SIZE = 1000
OWN = ("PageSize", "Page", "PageToken")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    number: int
    size: int
    older: bool  # there are older ones than these
    newer: bool


@dataclass(frozen=True, slots=True)
class Pager(Generic[T]):
    """`path` is the list's path without host; `order` gives a record's place; `key` keeps tokens ours.

    Items are taken one by one, newest first, and no more of them than the page needs.
    """

    path: str
    query: Mapping[str, str]
    order: Callable[[T], int]
    key: bytes
    size: int = 50  # of a page, unless PageSize is given

    def page(self, items: Iterable[T]) -> Page[T]:
        """Cut the page that the query asks for out of `items`. Raises TwilioError 20001 for a bad size or token."""
        size = _size(self.query.get("PageSize", str(self.size)))
        number, token = _number(self.query.get("Page", "0")), self.query.get("PageToken", "")
        if not token:
            if number:
                raise TwilioError(20001, "Page needs the PageToken of a next page; a page cannot be counted to")
            first = list(islice(items, size + 1))
            return Page(first[:size], 0, size, older=len(first) > size, newer=False)
        back, place = self._read(token)
        return self._before(iter(items), place, number, size) if back else self._after(iter(items), place, number, size)

    def _after(self, items: Iterator[T], place: int, number: int, size: int) -> Page[T]:
        head = next(items, None)
        newer = head is not None and self.order(head) >= place
        ahead = [] if head is None else [head]
        rest = list(islice(dropwhile(lambda it: self.order(it) >= place, chain(ahead, items)), size + 1))
        return Page(rest[:size], number, size, older=len(rest) > size, newer=newer)

    def _before(self, items: Iterator[T], place: int, number: int, size: int) -> Page[T]:
        ahead: list[T] = []
        for item in items:
            if self.order(item) <= place:
                return Page(ahead[-size:], number, size, older=True, newer=len(ahead) > size)
            ahead.append(item)
        return Page(ahead[-size:], number, size, older=False, newer=len(ahead) > size)

    def envelope(self, name: str, page: Page[T], shape: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        start = page.number * page.size
        return {
            name: [shape(item) for item in page.items],
            "first_page_uri": self._uri(0, page.size),
            "next_page_uri": self._next(page),
            "previous_page_uri": self._previous(page),
            "page": page.number,
            "page_size": page.size,
            "start": start,
            "end": start + max(len(page.items) - 1, 0),
            "uri": self._uri(page.number, page.size, self.query.get("PageToken", "")),
        }

    def meta_envelope(
        self, name: str, page: Page[T], shape: Callable[[T], dict[str, Any]], base: str
    ) -> dict[str, Any]:
        """Wrap a page as the newer products do: absolute URLs, in `meta`."""
        following, previous = self._next(page), self._previous(page)
        meta = {
            "page": page.number,
            "page_size": page.size,
            "first_page_url": base + self._uri(0, page.size),
            "previous_page_url": base + previous if previous else None,
            "next_page_url": base + following if following else None,
            "key": name,
            "url": base + self._uri(page.number, page.size, self.query.get("PageToken", "")),
        }
        return {"meta": meta, name: [shape(item) for item in page.items]}

    def _next(self, page: Page[T]) -> str | None:
        if not page.older or not page.items:
            return None
        return self._uri(page.number + 1, page.size, self._token("PA", self.order(page.items[-1])))

    def _previous(self, page: Page[T]) -> str | None:
        if not page.newer or not page.items or page.number == 0:
            return None
        return self._uri(page.number - 1, page.size, self._token("PB", self.order(page.items[0])))

    def _uri(self, number: int, size: int, token: str = "") -> str:
        pairs = [(k, v) for k, v in self.query.items() if k not in OWN]
        pairs += [("PageSize", str(size)), ("Page", str(number))]
        return f"{self.path}?{urlencode(pairs + ([('PageToken', token)] if token else []))}"

    def _token(self, prefix: str, place: int) -> str:
        number = f"{place:016x}"
        return prefix + number + self._seal(prefix + number)

    def _seal(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), sha256).hexdigest()[:16]

    def _read(self, token: str) -> tuple[bool, int]:
        prefix, number, seal = token[:2], token[2:18], token[18:]
        if not hmac.compare_digest(seal.encode(), self._seal(prefix + number).encode()):
            raise TwilioError(20001, "PageToken is not one of ours; take it from next_page_uri")
        return prefix == "PB", int(number, 16)


def _size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_PAGE_SIZE:
        raise TwilioError(20001, f"PageSize must be 1 to {MAX_PAGE_SIZE}")
    return int(text)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise TwilioError(20001, "Page must be a number")
    return int(text)
