"""What the executions of a host share, and what each is told."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from ..integrations.configuration import Configuration
from ..integrations.versions import Versions
from ..loggers import logger
from ..operating.backup import Restored
from ..operating.telemetry import Telemetry
from ..processes.life import Stopping
from ..receiving.invocation import Invocations
from ..receiving.routes import Routes
from ..registry import Registry
from ..secrets.redact import Redactor
from ..settings import Limits
from ..store import Store, portable
from ..store.commit import GroupCommit
from ..store.database import Write, is_away, name_of
from ..store.executions import NotOurs
from .databases import Databases

log = logger("engine")

T = TypeVar("T")
Checkpoint = Callable[[str, Callable[[], str]], str]


class BrokenOff(BaseException):
    """The execution ends here, whatever its steps' error handling says. ``error`` is as it is stored."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = dict(error)


INTERRUPTIONS = (Stopping, BrokenOff)
"""What ends an attempt from outside; whatever else a unit raises, be it SystemExit, is how its step ended."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What an attempt is told, kept with it: a change of configuration in mid-run does not change its way."""

    execution_id: str
    attempt: int
    config: Mapping[str, Any] = field(repr=False)
    connections: Mapping[str, str]

    def to_text(self) -> str:
        return portable.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Assignment":
        return cls(**portable.loads(text))


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What every execution of a host uses."""

    store: Store
    registry: Registry
    versions: Versions
    configuration: Configuration
    routes: Routes
    records: GroupCommit[Write, Any]
    databases: Databases
    limits: Limits
    invocations: Invocations
    restored: Restored | None = None
    telemetry: Telemetry = field(default_factory=Telemetry)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def redactor(self) -> Redactor:
        return self.configuration.redactor

    def write(self, change: Callable[[sa.Connection], T]) -> T:
        """On disk when it returns. Raises Stopping where the change was another executor's to make."""
        try:
            return self.patiently(lambda: cast(T, self.records.put(change).result()))
        except NotOurs:
            raise Stopping from None

    def patiently(self, act: Callable[[], T]) -> T:
        """Do it, when the database answers again if it does not now: an outage ends no flow. Raises Stopping."""
        while True:
            try:
                return act()
            except sa.exc.SQLAlchemyError as error:
                if not is_away(error):
                    raise
                log.warning("the database does not answer; trying again: %s", name_of(error))
                if self.stopping.wait(1):
                    raise Stopping from error


def record_text(value: Any, runtime: Runtime) -> str:
    """Portable JSON for the record, secrets struck out. What is too large to keep is replaced by a note of its size."""
    text = runtime.redactor.strike(portable.dumps(value))
    return text if len(text) <= runtime.limits.step else portable.dumps({"$tooLarge": len(text)})
