"""A place for the records of one kind: bounded, in the order in which they came, safe to use from any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any, Generic, TypeVar

from .records import Record

T = TypeVar("T", bound=Record)


class Shelf(Generic[T]):
    """Holds at most `size` records; the oldest go first. `told` hears of each change, after it, and if it is new."""

    def __init__(
        self, size: int, places: Iterator[int], clock: Callable[[], datetime], told: Callable[[T, bool], None]
    ) -> None:
        self._size = size
        self._places = places
        self._clock = clock
        self._told = told
        self._lock = Lock()
        self._records: dict[str, T] = {}

    def add(self, record: T) -> T:
        with self._lock:
            record = replace(record, order=next(self._places))
            self._records[record.sid] = record
            if len(self._records) > self._size:
                del self._records[next(iter(self._records))]
        self._told(record, True)
        return record

    def get(self, sid: str) -> T | None:
        with self._lock:
            return self._records.get(sid)

    def change(self, sid: str, *, only: Callable[[T], bool] | None = None, **fields: Any) -> T | None:
        """Change a record; None if it is gone or not such as `only` wants it."""
        with self._lock:
            record = self._records.get(sid)
            if record is None or (only and not only(record)):
                return None
            record = self._records[sid] = replace(record, **{"updated": self._clock()} | fields)
        self._told(record, False)
        return record

    def remove(self, sid: str) -> None:
        with self._lock:
            gone = self._records.pop(sid, None)
        if gone is not None:
            self._told(gone, False)

    def newest(self) -> list[T]:
        """Return all of them, newest first."""
        with self._lock:
            return list(reversed(self._records.values()))
