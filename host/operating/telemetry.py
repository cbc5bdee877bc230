"""What happens in this process, told to whoever counts or traces it: no secrets, no payloads, nothing that a stranger wrote."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..loggers import logger

log = logger("engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswered:
    """``reason`` is the kind of error that it was refused for."""

    outcome: Literal["accepted", "duplicate", "refused"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """One attempt at a step; ``outcome`` is ``succeeded`` or the kind of its error."""

    execution_id: str
    path: str
    attempt: int
    component: str
    action: str
    outcome: str
    started: datetime
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """One attempt at an execution; ``outcome`` as above."""

    execution_id: str
    attempt: int
    instance_id: str
    integration: str
    flow: str
    outcome: str
    started: datetime
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFailed:
    """A schedule's run failed with that kind of error."""

    kind: str


Event = WebhookAnswered | StepEnded | AttemptEnded | PollFailed


@dataclass(slots=True)
class Telemetry:
    """``tell`` each of ``listeners`` what happens, in the thread where it happens: they are quick, and their errors theirs."""

    listeners: list[Callable[[Event], None]] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        for listener in self.listeners:
            try:
                listener(event)
            except Exception:
                log.exception("what listens to the host failed")


def exporter_is_named(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's variables say where traces go to."""
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    return any(environ.get(name) for name in names) and environ.get("OTEL_SDK_DISABLED", "").lower() != "true"
