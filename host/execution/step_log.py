"""What steps write to their logger is kept with the execution, and goes on to the process's own log."""

import logging
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..loggers import logger
from ..store import logs
from ..store.commit import Busy
from ..store.database import made_storable
from .runtime import Runtime

MAX_MESSAGE = 4_000
_FULL = "more was written than the {} lines that are kept of an execution"


class StepLogger(logging.Logger):
    """A step's own logger. It keeps every level; what its parent is not interested in ends here."""

    def __init__(self, keep: Callable[[logging.LogRecord], None]) -> None:
        flow = logger("flow")
        super().__init__(flow.name, logging.DEBUG)
        self.parent: logging.Logger = flow
        self._keep = keep

    def handle(self, record: logging.LogRecord) -> None:
        self._keep(record)
        if self.parent.isEnabledFor(record.levelno):
            self.parent.handle(record)


@dataclass
class LogBook:
    """The log of one attempt at an execution. Lines are written together with other writes, and no step waits for them."""

    runtime: Runtime
    execution_id: str
    flow_attempt: int
    _kept: int | None = None
    _last: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def logger(self, path: str, attempt: int) -> StepLogger:
        return StepLogger(lambda record: self._keep(path, attempt, record))

    def _keep(self, path: str, attempt: int, record: logging.LogRecord) -> None:
        level, message = record.levelname.lower(), _message(record)
        with self._lock:
            if self._kept is None:
                self._kept = self.runtime.patiently(lambda: self.runtime.store.logs.count(self.execution_id))
            self._kept += 1
            limit = self.runtime.limits.log_lines
            if self._kept > limit + 1:
                return
            if self._kept == limit + 1:
                level, message = "warning", _FULL.format(limit)
            self._last = max(time.time_ns() // 1000, self._last + 1)
            number = self._last
        line = logs.LogLine(
            execution_id=self.execution_id,
            number=number,
            flow_attempt=self.flow_attempt,
            path=path,
            attempt=attempt,
            level=level[:16],
            message=made_storable(self.runtime.redactor.strike(message))[:MAX_MESSAGE],
            at=datetime.fromtimestamp(record.created, UTC),
        )
        with suppress(Busy):  # the host is stopping
            self.runtime.records.put_later(lambda connection: logs.write(connection, line))


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 (arguments that do not fit are the step's fault, and no reason to fail it)
        text = f"{record.msg} {record.args}"
    if record.exc_info and record.exc_info[0]:
        text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
    return text
