"""Faults on demand: what goes wrong at a service, when somebody asks for it.

A fault meets requests by method and path, for the next `times` of them or at a `rate`:

- `status`: answer 429 (with Retry-After), 500, 503 … and do nothing;
- `drop-before`: close the connection and do nothing;
- `drop-after`: do it, then close the connection unanswered;
- `slow`: wait, then do it and answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Any, Literal, get_args

Kind = Literal["status", "drop-before", "drop-after", "slow"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is a shell pattern over the path without product, such as `*/Messages*`; `times` None is forever."""

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: int | None = 1
    rate: float = 1.0
    status: int = 503
    retry_after: int | None = None  # seconds
    seconds: float = 0.0
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind: {self.kind!r} is no fault; use one of {', '.join(get_args(Kind))}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"rate: {self.rate} is no share of requests; use 0 to 1")
        if not 0 <= self.seconds <= 600:  # noqa: PLR2004 -- ten minutes is longer than any client waits
            raise ValueError(f"seconds: {self.seconds} is out of range; use 0 to 600")
        if not 400 <= self.status <= 599:  # noqa: PLR2004 -- HTTP's two classes of error
            raise ValueError(f"status: {self.status} is no error; use 400 to 599")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: {self.times} would never happen; use 1 or more, or null for always")

    def meets(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatchcase(path, self.path)


def parse(data: Any) -> Fault:
    """Make a fault of JSON. Raises ValueError naming the key that is wrong."""
    if not isinstance(data, dict):
        raise ValueError('a fault is an object such as {"kind": "status", "status": 429}')  # noqa: TRY004 -- from JSON
    kinds = {"kind": str, "method": str, "path": str, "times": int | None, "rate": float | int, "status": int}
    kinds |= {"retry_after": int | None, "seconds": float | int}
    for key, value in data.items():
        if key not in kinds:
            raise ValueError(f"{key}: no such key; use {', '.join(kinds)}")
        if isinstance(value, bool) or not isinstance(value, kinds[key]):
            raise ValueError(f"{key}: {value!r} has the wrong type")  # noqa: TRY004 -- from JSON
    if "kind" not in data:
        raise ValueError("kind: missing; say what goes wrong, such as drop-after")
    return Fault(**data)


class Faults:
    """The faults that wait for requests; the first that meets a request is the one that happens."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)  # noqa: S311 -- repeatable chance is the point
        self._lock = Lock()
        self._faults: dict[int, Fault] = {}
        self._last = 0

    def add(self, kind: Kind, **options: Any) -> Fault:
        """Let `kind` happen. Raises ValueError for an option out of range."""
        return self.insert(Fault(kind, **options))

    def insert(self, fault: Fault) -> Fault:
        with self._lock:
            self._last += 1
            self._faults[self._last] = replace(fault, id=self._last, hits=0)
            return self._faults[self._last]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def remove(self, fault_id: int) -> None:
        with self._lock:
            self._faults.pop(fault_id, None)

    def all(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._faults.values())

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that happens to this request, used up by one."""
        with self._lock:
            for fault in self._faults.values():
                if fault.meets(method, path) and (fault.rate == 1 or self._random.random() < fault.rate):
                    return self._use(fault)
        return None

    def _use(self, fault: Fault) -> Fault:
        used = replace(fault, hits=fault.hits + 1)
        if fault.times is not None and used.hits >= fault.times:
            del self._faults[fault.id]
        else:
            self._faults[fault.id] = used
        return used
