"""What supervisors and Prometheus ask, at a port of its own that only this machine reaches: ``/metrics`` and ``/health/…``."""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from ..host import Host
from .health import Health


def operations_app(host: Host) -> Starlette:
    """Counts from now on. Raises ModuleNotFoundError without the extra ``metrics``."""
    from prometheus_client import CONTENT_TYPE_LATEST

    from ..metrics import Metrics

    metrics = Metrics(host.store)
    host.telemetry.listeners.append(metrics.heard)

    async def scrape(_: Request) -> Response:
        return Response(await run_in_threadpool(metrics.text), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/metrics", scrape), Mount("/health", routes=Health(host).routes())])
