"""The local Twilio as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from .api import Api
from .carrier import Carrier
from .control import Desk
from .guard import Guard
from .pages import Pages
from .state import State
from .trouble import Trouble


def create_app(state: State | None = None) -> Starlette:
    """Make the application; its carrier works from the start and ends with the application's lifespan."""
    state = state or State()
    carrier = Carrier(state)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        carrier.close()

    api = Trouble(Api(state, carrier.call_back), state)
    pages = Pages(state)
    routes = [*pages.routes(), *Desk(state, carrier).routes(), Route("/{product}/{path:path}", api)]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, settings=state.settings)], lifespan=lifespan)
    app.state.twilio = state
    app.state.close_streams = pages.close
    return app
