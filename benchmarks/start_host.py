"""What it costs to run the host: from the command to the first page, and the memory that it holds while nothing happens.

``python benchmarks/start_host.py``. Fresh processes of ``twilio-connector serve`` on SQLite.
"""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measure import Row, bounded, show, tiny, turns
from processes import loopback, serving

IDLE = 3.0
"""Seconds after its first page, when what a start leaves behind has been done."""


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds to the first page, those of the processor, and resident megabytes once it is idle."""

    page: float
    cpu: float
    memory: float


def start(data: Path, idle: float = IDLE) -> Start:
    base, began = loopback(), time.perf_counter()
    with serving(data, base) as server:
        page, cpu = time.perf_counter() - began, server.processor()
        time.sleep(idle)
        return Start(page, cpu, server.resident())


def rows(rounds: int = 5, idle: float = IDLE) -> list[Row]:
    """Times to a page, the CPU until then, memory."""
    with tempfile.TemporaryDirectory() as given:
        (starts,) = turns([lambda: start(Path(given) / "data", idle)], rounds)
    return [
        bounded("start the host, to its first page", [each.page for each in starts], most=2, unit="s"),
        bounded("the same: CPU", [each.cpu for each in starts], most=2, unit="s"),
        bounded("resident memory of the idle host", [each.memory for each in starts], most=150, unit="MB"),
    ]


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    show(rows(1, 0.1) if tiny() else rows())
