"""Figures for Prometheus: what this process counted, and what the database holds when it is asked. Extra ``metrics``."""

import collections
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ...connector.context import utc_now
from ..store import Store
from ..store.database import reading
from ..store.schema import ENDED, OPEN, executions, instances, status_in
from .telemetry import Event, PollFailed, StepEnded, WebhookAnswered

PREFIX = "twilio_connector_"
_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """``heard`` listens to the host; ``text`` is what is scraped. Labels are the team's own names, no sender's words."""

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(Depths(store))
        self._webhooks = Counter(
            f"{PREFIX}webhooks", "Webhooks answered.", ["outcome", "reason"], registry=self.registry
        )
        self._steps = Histogram(
            f"{PREFIX}step_seconds",
            "Steps by how they ended: succeeded, or the kind of the error. Of actions that send, the sends by outcome.",
            ["component", "action", "outcome"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._polls = Counter(
            f"{PREFIX}poll_errors", "Polls and schedules that failed.", ["kind"], registry=self.registry
        )

    def heard(self, event: Event) -> None:
        match event:
            case WebhookAnswered():
                self._webhooks.labels(event.outcome, event.reason).inc()
            case StepEnded():
                seconds = (event.ended - event.started).total_seconds()
                self._steps.labels(event.component, event.action, event.outcome).observe(seconds)
            case PollFailed():
                self._polls.labels(event.kind).inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)


@dataclass(frozen=True)
class Depths(Collector):
    """What the database holds: the same from every process, so take the maximum over them, not the sum."""

    store: Store

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database when this is registered."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        kept = GaugeMetricFamily(
            f"{PREFIX}executions", "Executions that are kept, by status.", labels=["status", "instance", "flow"]
        )
        depth = GaugeMetricFamily(f"{PREFIX}queue_depth", "Executions that are accepted and wait to run.")
        oldest = GaugeMetricFamily(f"{PREFIX}queue_oldest_seconds", "How long the oldest of those has been due.")
        with reading(self.store.engine).begin() as connection:
            for labels, count in _kept(connection).items():
                kept.add_metric(labels, count)
            waiting, since = connection.execute(_WAITING, {"now": utc_now()}).one()
        depth.add_metric([], waiting)
        oldest.add_metric([], _age(since))
        yield from (kept, depth, oldest)


_NAMES = sa.select(instances.c.id, instances.c.name)
_PLACE = (executions.c.status, executions.c.instance_id, executions.c.flow)
# By an index that has all of it: what has ended is far more than is read in a moment.
_KEPT = tuple(
    sa.select(*_PLACE, sa.func.count()).where(status_in(executions, *statuses)).group_by(*_PLACE)
    for statuses in (OPEN, ENDED)
)
_WAITING = sa.select(sa.func.count(), sa.func.min(executions.c.available_at)).where(
    status_in(executions, *OPEN),
    status_in(executions, "accepted", "waiting"),
    executions.c.available_at <= sa.bindparam("now", type_=executions.c.available_at.type),
)


def _kept(connection: sa.Connection) -> collections.Counter[tuple[str, str, str]]:
    """How many there are by status, instance and flow; instances of one name, and removed ones, are counted as one."""
    names = dict(map(tuple, connection.execute(_NAMES)))
    found: collections.Counter[tuple[str, str, str]] = collections.Counter()
    for query in _KEPT:
        for status, instance_id, flow, count in connection.execute(query):
            found[status, names.get(instance_id, "removed"), flow] += count
    return found


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (datetime.now(UTC) - since).total_seconds())
