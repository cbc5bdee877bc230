"""Signed webhooks over HTTP: the host beside Flask as in the SDK's tutorial, and Node-RED. ``python benchmarks/accept.py``.

Ours is ``twilio-connector serve --no-work`` on SQLite, as a user starts it: it verifies, normalises, de-duplicates, and answers
when the row is on disk, WAL, synchronous FULL. The others keep nothing, and Node-RED checks nothing. Each is one worker on the
same core, the load comes from another, and none does anything while it is not its turn.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from sys import executable

import load
import node_red
from measure import Row, missing, row, show, tiny, turns
from processes import BIN, Server, deployed, loopback, running, serving

HERE = Path(__file__).parent
WORK = "accept a signed webhook over HTTP, one worker: ours on disk"
CPU = "the same: CPU of the server"
TUTORIAL = "Flask + gunicorn as in the SDK's tutorial; keeps nothing"
RED = f"Node-RED {node_red.VERSION}; checks and keeps nothing"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request: seconds until the next can be answered, and seconds of the processor."""

    wall: float
    cpu: float


@contextmanager
def host(folder: Path) -> Iterator[tuple[Server, str]]:
    base = loopback()
    url = deployed(folder, base, "receive")
    with serving(folder, base, "--no-work") as server:
        yield server, url


@contextmanager
def tutorial(folder: Path) -> Iterator[tuple[Server, str]]:
    """The worker that gunicorn takes where none is asked for."""
    base = loopback()
    command = [str(BIN / "gunicorn"), "--bind", base.removeprefix("http://"), "--workers", "1", "tutorial:app"]
    with running(command, folder, base, PYTHONPATH=str(HERE)) as server:
        yield server, f"{base}/message"


@contextmanager
def red(folder: Path) -> Iterator[tuple[Server, str]]:
    base = loopback()
    with running(node_red.command(folder, int(base.rpartition(":")[2])), folder, base) as server:
        yield server, base + node_red.PATH


@contextmanager
def nothing(folder: Path) -> Iterator[tuple[Server, str]]:
    base = loopback()
    port = base.rpartition(":")[2]
    with running([executable, str(HERE / "load.py"), port], folder, base) as server:
        yield server, f"{base}/"


def loading(server: Server, url: str, requests: int) -> Callable[[], Cost]:
    """Measures a run of new webhooks."""
    runs = count()

    def measure() -> Cost:
        waiting, before = load.webhooks(url, requests, next(runs)), server.processor()
        seconds = load.send(url, waiting)
        return Cost(seconds / requests, (server.processor() - before) / requests)

    return measure


def rows(requests: int = 4000, rounds: int = 5, why: str = "") -> list[Row]:
    """Rates, and CPU; ``why`` Node-RED is left out."""
    why = why or node_red.why_not()
    servers = [host, tutorial, nothing, *([] if why else [red])]
    with tempfile.TemporaryDirectory() as given, ExitStack() as stack:
        started = [stack.enter_context(server(_made(Path(given) / server.__name__))) for server in servers]
        taken = turns([loading(server, url, requests) for server, url in started], rounds)
    wall = [[cost.wall for cost in column] for column in taken]
    cpu = [[max(cost.cpu, 1e-6) for cost in column] for column in taken]
    return [
        row(WORK, TUTORIAL, wall[0], wall[1], most=0.25, unit="/s"),
        row(CPU, TUTORIAL, cpu[0], cpu[1], most=None, unit="µs"),
        *(_beside_red(wall, cpu) if not why else [missing(WORK, RED, why, wall[0], most=1.0, unit="/s")]),
        row("the same", "a server that does nothing: the load's own limit", wall[0], wall[2], most=None, unit="/s"),
    ]


def _beside_red(wall: list[list[float]], cpu: list[list[float]]) -> list[Row]:
    return [
        row(WORK, RED, wall[0], wall[3], most=1.0, unit="/s"),
        row(CPU, RED, cpu[0], cpu[3], most=None, unit="µs"),
    ]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    show(rows(50, 1, why="not run in the tiny form") if tiny() else rows())
