"""``/health/live`` and ``/health/ready`` for load balancers and supervisors, outside of the wall around the pages.

Live: the process answers. Ready (200, else 503): it can take webhooks and execute; ``failing`` names what keeps it from that.
Anybody may ask, so one question in a second reaches the database, and no answer waits for it for long.
"""

import asyncio
import time
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..host import Host
from .readiness import failing

KEPT = 1.0
PATIENCE = 3.0
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(slots=True)
class Health:
    host: Host
    _asked: float = float("-inf")
    _failing: list[str] = field(default_factory=list)
    _asking: asyncio.Task[list[str]] | None = None

    def routes(self) -> list[Route]:
        return [Route("/live", self.live), Route("/ready", self.ready)]

    async def live(self, _: Request) -> Response:
        return JSONResponse({"live": True}, headers=_HEADERS)

    async def ready(self, _: Request) -> Response:
        failed = await self._look()
        return JSONResponse({"ready": not failed, "failing": failed}, 503 if failed else 200, headers=_HEADERS)

    async def _look(self) -> list[str]:
        """One look at a time; one that hangs is the database's fault, and the next asker waits for the same."""
        if time.monotonic() - self._asked < KEPT:
            return self._failing
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(failing, self.host))
        done, _ = await asyncio.wait([self._asking], timeout=PATIENCE)
        self._failing = self._asking.result() if done else ["database"]
        self._asked = time.monotonic()
        return self._failing
