"""The state that a step sees and changes: as it is when the step first looks, and nobody else's until the step has ended.

A step that looks at the instance's, the cross-flow or the integration's state takes a lease on it, so that of two steps that
count, one counts after the other, in whatever process. A step that only sets keys takes none: each key is set as it is. What a
step changes is stored in one transaction with its outcome: after a crash both are there, or neither.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from ...connector.errors import OutcomeUnknown
from ...connector.result import ActionResult
from ..processes.life import Stopping
from ..store import leases
from ..store.commit import Busy
from ..store.database import insert, reading, storable
from ..store.schema import outcomes
from ..store.states import Scope, merge
from .outcome import OutputRefused
from .runtime import Runtime

KEY_LENGTH = 255
_SHORTEST, _LONGEST = 0.005, 0.1  # seconds between two looks at a lease that another step has
_LOST = (
    "this process was taken for dead while the step ran, and its state is another's by now; nothing of it was changed"
)


class View(Mapping[str, Any]):
    """A state that is read when it is first looked at."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


@dataclass(slots=True)
class StepStates:
    """The states of one attempt at one step. ``step`` names the attempt within the execution."""

    runtime: Runtime
    execution_id: str
    step: str
    owners: Mapping[Scope, str]
    executor: str
    token: str = field(default_factory=lambda: uuid4().hex)
    _seen: dict[Scope, dict[str, Any]] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def view(self, scope: Scope) -> View:
        return View(lambda: self._load(scope))

    def kept(self) -> str | None:
        """The outcome that a process stored before it died."""
        mine = (outcomes.c.execution_id == self.execution_id, outcomes.c.step == self.step)

        def read() -> str | None:
            with reading(self.runtime.store.engine).begin() as connection:
                return connection.scalar(sa.select(outcomes.c.text).where(*mine))

        return self.runtime.patiently(read)

    def keep(self, result: ActionResult, text: str) -> None:
        """Store what the step changed, and ``text``, its outcome. Raises OutcomeUnknown if the state is another's by now."""
        changes = changes_of(result)
        if not any(changes.values()):
            return
        held = set(self._held)
        try:
            stored = self.runtime.write(lambda connection: self._store(connection, changes, text, held))
        except Busy:
            raise Stopping from None
        self._held.clear()
        if not stored:
            raise OutcomeUnknown(_LOST)

    def give_back(self) -> None:
        """Let others look: the step has ended without a change."""
        if held := set(self._held):
            self._held.clear()
            with suppress(Busy):  # at the end of the process: the next of its name frees them
                self.runtime.records.put(lambda connection: leases.give_back(connection, held, token=self.token))

    def _load(self, scope: Scope) -> Mapping[str, Any]:
        with self._lock:
            if scope not in self._seen:
                for key in _leases(scope, self.owners):
                    self._take(key)
                owner = {scope: self.owners[scope]}
                self._seen[scope] = self.runtime.patiently(lambda: self.runtime.store.states.read(owner))[scope]
            return self._seen[scope]

    def _take(self, key: str) -> None:
        """Wait until it is ours. Raises Stopping when the host stops."""
        wait = _SHORTEST
        while key not in self._held:
            if self._try(key):
                self._held.add(key)
            elif self.runtime.stopping.wait(wait):
                raise Stopping
            wait = min(_LONGEST, wait * 2)

    def _try(self, key: str) -> bool:
        try:
            return self.runtime.write(lambda c: leases.take(c, key, token=self.token, executor=self.executor))
        except Busy:
            raise Stopping from None

    def _store(
        self, connection: sa.Connection, changes: Mapping[Scope, Mapping[str, Any] | None], text: str, held: set[str]
    ) -> bool:
        """Whether it is stored: now, or by a first try whose answer was lost."""
        row = {"execution_id": self.execution_id, "step": self.step, "text": text}
        added = insert(connection, outcomes).values(row).on_conflict_do_nothing().returning(outcomes.c.step)
        if connection.execute(added).first() is None:
            return True
        if held and not leases.give_back(connection, held, token=self.token):
            connection.execute(
                sa.delete(outcomes).where(*[outcomes.c[name] == row[name] for name in ("execution_id", "step")])
            )
            return False
        merge(connection, self.owners, changes)
        return True


def changes_of(result: ActionResult) -> dict[Scope, Mapping[str, Any] | None]:
    """What a result sets, by scope. Raises OutputRefused for a key that cannot be kept."""
    changes: dict[Scope, Mapping[str, Any] | None] = {
        "instance": result.instance_state,
        "cross_flow": result.cross_flow_state,
        "execution": result.execution_state,
        "integration": result.integration_state,
    }
    for key in [key for scoped in changes.values() for key in scoped or ()]:
        if not isinstance(key, str) or not 0 < len(key) <= KEY_LENGTH or not storable(key):
            raise OutputRefused(
                f"the step ran, but its state has the key {str(key)[:40]!r}: a key is a text of 1 to {KEY_LENGTH} characters"
            )
    return changes


def _leases(scope: Scope, owners: Mapping[Scope, str]) -> list[str]:
    """In one order for all, so that two steps never wait for each other. An execution's state is its own."""
    instance, integration = f"instance/{owners['cross_flow']}", f"integration/{owners['integration']}"
    wanted = {"instance": [instance], "cross_flow": [instance], "integration": [instance, integration], "execution": []}
    return wanted[scope]
