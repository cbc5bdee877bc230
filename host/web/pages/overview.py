"""The first page: what there is, what ran last, what was refused, and what to do first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.context import utc_now
from ...store import Store
from ..chart import Chart
from ..hints import about_refusals
from ..site import names_of, site_of
from . import events


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do at the beginning."""

    title: str
    text: str
    done: bool = False
    href: str = ""
    label: str = ""


def first_steps(*, has_connection: bool, has_instance: bool) -> Sequence[Step]:
    return (
        Step(
            title="Add a connection",
            text="Your account's credentials, kept encrypted on this machine.",
            done=has_connection,
            href="/connections/new",
            label="New connection",
        ),
        Step(
            title="Deploy an integration",
            text="An integration file, for a customer. Its flows get webhook addresses.",
            done=has_instance,
            href="/instances/new",
            label="Deploy",
        ),
        Step(
            title="Let a text come in",
            text="Enter the flow's webhook address at the service that is to call it, such as in a number's settings, "
            "and send a text.",
            href="/instances" if has_instance else "",
            label="Webhook addresses",
        ),
    )


def overview(request: Request) -> Response:
    return draw(request)


def draw(request: Request, link: str = "") -> Response:
    site = site_of(request)
    store, settings = site.host.store, site.host.settings
    seen, now = events.everything(site), utc_now()
    executions, refusals = store.executions.recent(limit=8), store.refusals.recent(limit=5)
    connections, instances = store.connections.all(), store.instances.all()
    begun = first_steps(has_connection=bool(connections), has_instance=bool(instances))
    return site.pages.page(
        request,
        "overview.html",
        section="overview",
        notice="",
        link=link,
        steps=() if executions else begun,
        tiles=[*(_queue(store) if executions else ()), *_tiles(store, len(instances), len(connections))],
        executions=executions,
        names=names_of(instances),
        refusals=refusals,
        seen=seen.id,
        oldest=store.rates.oldest_waiting() if executions else None,
        charts=_charts(store, now) if executions else (),
        failing=store.rates.failing(now - DAY) if executions else (),
        hint=about_refusals(refusals, settings.public_url),
        public_url=settings.public_url,
        data=str(settings.data),
        database="Postgres" if settings.is_postgres else "SQLite",
    )


DAY = timedelta(days=1)


def _charts(store: Store, now: datetime) -> Sequence[Chart]:
    """The last hour in twelve parts, the last day in twenty-four."""
    now = now.astimezone(UTC)
    return (
        Chart.of("Last hour", "5 minutes", store.rates.parts(now, timedelta(minutes=5), 12)),
        Chart.of("Last day", "an hour", store.rates.parts(now, timedelta(hours=1), 24)),
    )


def _queue(store: Store) -> list[dict[str, object]]:
    """What is still to be done."""
    count = store.rates.queue()
    return [
        {"href": "/executions?status=accepted", "count": count["accepted"], "label": "in the queue"},
        {"href": "/executions?status=running", "count": count["running"], "label": "running"},
        {"href": "/executions?status=waiting", "count": count["waiting"], "label": "retrying"},
    ]


def _tiles(store: Store, instances: int, connections: int) -> list[dict[str, object]]:
    return [
        {"href": "/instances", "count": instances, "label": "instances"},
        {"href": "/connections", "count": connections, "label": "connections"},
        {"href": "/customers", "count": len(store.customers.all()), "label": "customers"},
    ]


def routes() -> list[Route]:
    return [Route("/", overview)]
