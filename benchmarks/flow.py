"""Flows end to end: a signed webhook over HTTP, then two steps, each checkpointed. ``python benchmarks/flow.py``.

Ours is ``twilio-connector serve`` on SQLite, one process that accepts and executes. Beside it stands bare DBOS, which does the
same steps behind a validating webhook (``bare_dbos.py``). Each has a core to itself and the load comes from another; the time
runs from the first request to the end of the last flow, as each one's database has it. Our memory is the most that the process
had meanwhile.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from sys import executable

import load
from measure import Row, bounded, row, show, tiny, turns
from processes import Server, deployed, loopback, running, serving, wait_until

HERE = Path(__file__).parent
WORK = "a webhook's flow, trigger + 2 durable steps, end to end on one core"
BARE = "bare DBOS, the same steps behind a validated webhook"


@dataclass(frozen=True, slots=True)
class Running:
    """``ended`` is the query that counts the flows that came to their end."""

    server: Server
    url: str
    database: Path
    ended: str

    def count(self) -> int:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return int(connection.execute(self.ended).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one flow in seconds, and the most resident megabytes."""

    wall: float
    cpu: float
    memory: float


@contextmanager
def host(folder: Path) -> Iterator[Running]:
    base = loopback()
    url = deployed(folder, base, "two_steps")
    with serving(folder, base) as server:
        yield Running(server, url, folder / "host.sqlite", "select count(*) from executions where status = 'succeeded'")


@contextmanager
def bare(folder: Path) -> Iterator[Running]:
    base = loopback()
    folder.mkdir()
    with running([executable, str(HERE / "bare_dbos.py"), base.rpartition(":")[2]], folder, base) as server:
        yield Running(
            server,
            f"{base}/sms",
            folder / "engine.sqlite",
            "select count(*) from workflow_status where status = 'SUCCESS'",
        )


def loading(there: Running, flows: int) -> Callable[[], Cost]:
    """Measures a run of new flows."""
    runs = count()

    def measure() -> Cost:
        waiting, before, wanted = (
            load.webhooks(there.url, flows, next(runs)),
            there.server.processor(),
            flows + there.count(),
        )
        began = time.perf_counter()
        load.send(there.url, waiting)
        wait_until(lambda: there.count() >= wanted, there.server, every=0.01)
        seconds = time.perf_counter() - began
        return Cost(seconds / flows, (there.server.processor() - before) / flows, there.server.resident("VmHWM"))

    return measure


def rows(flows: int = 500, rounds: int = 5) -> list[Row]:
    """Flows a second, the CPU of one, and our memory."""
    with tempfile.TemporaryDirectory() as given, ExitStack() as stack:
        both = [stack.enter_context(server(Path(given) / server.__name__)) for server in (host, bare)]
        ours, theirs = turns([loading(there, flows) for there in both], rounds)
    wall, cpu = ([[getattr(cost, kind) for cost in column] for column in (ours, theirs)] for kind in ("wall", "cpu"))
    return [
        row(WORK, BARE, *wall, most=1 / 0.9, unit="/s"),
        row("the same: CPU of a flow", BARE, *cpu, most=None, unit="ms"),
        bounded("resident memory of the host under that load", [cost.memory for cost in ours], most=300, unit="MB"),
    ]


if __name__ == "__main__":
    show(rows(20, 1) if tiny() else rows())
