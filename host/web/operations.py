"""What supervisors and Prometheus ask, ``/metrics`` and ``/health/…``, at a port of their own; both are beside the API too."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from ..host import Host
from .api import problems
from .bearer import Bearer
from .health import Health
from .refusal import Refusal

if TYPE_CHECKING:
    from ..operating.metrics import Metrics

HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def counting(host: Host) -> "Metrics":
    """The host's figures, counted from now on. Raises ModuleNotFoundError without the extra ``metrics``."""
    from ..operating.metrics import Metrics

    metrics = Metrics(host.store)
    host.telemetry.listeners.append(metrics.heard)
    return metrics


@dataclass(frozen=True, slots=True)
class Scrape:
    """``/metrics``. With a ``bearer`` for API tokens alone, of any scope; without one for whoever reaches it."""

    host: Host
    metrics: "Metrics | None"
    bearer: Bearer | None = None

    async def answer(self, request: Request) -> Response:
        """Who has no token is told nothing, not even whether anything is counted."""
        try:
            response = await run_in_threadpool(self._text, request)
        except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets a problem)
            response = problems.answer(error, self.host.redactor)
        response.headers.update(HEADERS)
        return response

    def _text(self, request: Request) -> Response:
        if self.bearer:
            self.bearer.check(request)
        if self.metrics is None:
            raise Refusal(404, "missing", "nothing is counted; start the host with --metrics-port")
        from prometheus_client import CONTENT_TYPE_LATEST

        return Response(self.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def operations_app(host: Host, metrics: "Metrics", bearer: Bearer | None = None) -> Starlette:
    """Both, the metrics for tokens alone where there is a ``bearer``: beyond loopback there has to be one."""
    scrape = Scrape(host, metrics, bearer)
    return Starlette(routes=[Route("/metrics", scrape.answer), Mount("/health", routes=Health(host).routes())])
