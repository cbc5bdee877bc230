"""Executions, as people replay and cancel them; every change is noted."""

from dataclasses import dataclass

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from ..operating.changes import Changes
from ..receiving.results import Ended, Results
from ..store import Store
from ..store.executions import CANCELLED, ENDED, cancel
from ..store.search import Filter
from .replays import AT_ONCE, Replays


@dataclass(frozen=True, kw_only=True)
class Executions:
    store: Store
    replays: Replays
    results: Results
    changes: Changes

    def replay(self, execution_id: str, from_step: str | None = None) -> str:
        """Run it again, and give the new execution's id; what its steps send goes out again.

        From a step, by its path, the results of the steps before it are taken over. Raises InvalidInput, saying what to do.
        """
        new_id = self.replays.replay(execution_id, from_step)
        self.changes.note("execution.replay", execution_id, f"{new_id} from {from_step or 'its start'}")
        return new_id

    def replay_failed(self, wanted: Filter, limit: int = AT_ONCE) -> str:
        """Replay failed executions in the background, the newest first; those that were replayed already are left out."""
        job_id = self.replays.replay_failed(wanted, limit)
        which = ", ".join(f"{name} {value}" for name, value in wanted.to_json().items() if name != "status")
        self.changes.note("execution.replayFailed", job_id, f"at most {limit}: {which or 'all that failed'}")
        return job_id

    def stop_replaying(self, job_id: str) -> None:
        """Replay no more of those failed executions; what runs again already runs on. Raises InvalidInput if it has ended."""
        self.replays.end(job_id)
        self.changes.note("execution.stopReplaying", job_id)

    def cancel(self, execution_id: str) -> None:
        """End it if it waits or sleeps; if it runs, it stops before its next step. Raises InvalidInput if it has ended."""
        with self.store.engine.begin() as connection:
            status = cancel(connection, execution_id, utc_now())
        if status is None:
            raise InvalidInput(f"there is no execution {execution_id}; it was removed", field="execution")
        if status in ENDED - {"cancelled"}:
            raise InvalidInput("it has ended already", field="execution")
        self.changes.note("execution.cancel", execution_id)
        if status == "cancelled":
            self.results.announce(Ended(execution_id=execution_id, status="failed", error=dict(CANCELLED)))
