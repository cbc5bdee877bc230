"""How executions end, for those who wait: told by this process, or found in the database when another one ran it."""

import asyncio
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from ..store import Store, portable
from ..store.executions import ENDED

_FORGOTTEN = {"kind": "removed", "message": "the execution ran, and is kept no longer"}
POLL = 0.25  # seconds between looks at what another process accepted or ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an execution ended. ``result`` holds ``data, contentType, statusCode, headers`` of its last step.

    One that was cancelled failed, with an error of the kind ``cancelled``.
    """

    execution_id: str
    status: Literal["succeeded", "failed"]
    result: dict[str, Any] = field(default_factory=dict, repr=False)
    error: dict[str, Any] | None = None


class Results:
    """Any number may wait for one execution, in any event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiters: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Future[Ended]]]] = defaultdict(list)
        self._lock = threading.Lock()

    async def wait(self, execution_id: str, timeout: float) -> Ended:  # noqa: ASYNC109 (it is the caller's deadline)
        """How it ended, as soon as it has. Raises TimeoutError after ``timeout`` seconds; the execution goes on."""
        future: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        entry = (asyncio.get_running_loop(), future)
        with self._lock:
            self._waiters[execution_id].append(entry)
        try:
            async with asyncio.timeout(timeout):
                return await self._await(execution_id, future)
        finally:
            self._forget(execution_id, entry)

    async def _await(self, execution_id: str, future: asyncio.Future[Ended]) -> Ended:
        """Told by this process, or found in the database if another one ran it."""
        while True:
            ended = await asyncio.to_thread(self._look_up, execution_id)
            if ended:
                return ended
            done, _ = await asyncio.wait([future], timeout=POLL)
            if done:
                return future.result()

    def _forget(self, execution_id: str, entry: tuple[asyncio.AbstractEventLoop, asyncio.Future[Ended]]) -> None:
        with self._lock:
            self._waiters[execution_id].remove(entry)
            if not self._waiters[execution_id]:
                del self._waiters[execution_id]

    def _look_up(self, execution_id: str) -> Ended | None:
        status = self._store.executions.status(execution_id)
        if status is not None and status not in ENDED:
            return None
        record = self._store.executions.get(execution_id) if status else None
        if record is None:  # a repeated request after its execution's time
            return Ended(execution_id=execution_id, status="failed", error=dict(_FORGOTTEN))
        result = portable.loads(record.result) if record.result else {}
        ended: Literal["succeeded", "failed"] = "succeeded" if record.status == "succeeded" else "failed"
        return Ended(execution_id=execution_id, status=ended, result=result, error=record.error)

    def announce(self, ended: Ended) -> None:
        with self._lock:
            waiting = list(self._waiters.get(ended.execution_id, ()))
        for loop, future in waiting:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                loop.call_soon_threadsafe(_tell, future, ended)


def _tell(future: asyncio.Future[Ended], ended: Ended) -> None:
    if not future.done():
        future.set_result(ended)
