"""The local Twilio as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from .agenda import Agenda
from .alarm import Alarm
from .api import Api
from .carrier import Carrier
from .control import Desk
from .courier import Courier
from .downloads import Downloads
from .guard import Guard
from .pages import Pages
from .state import State
from .streams import Streams
from .switchboard import Switchboard
from .trouble import Trouble


def create_app(state: State | None = None) -> Starlette:
    """Make the application; its carrier works from the start and ends with the application's lifespan."""
    state = state or State()
    courier, agenda = Courier(state), Agenda(state.settings.callers)
    streams = Streams(state, courier, agenda)  # the first to hear of a change, before others make the next one of it
    carrier, switchboard = Carrier(state, courier, agenda), Switchboard(state, courier, agenda)
    alarm = Alarm(state, courier, agenda)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for part in (carrier, switchboard, streams, alarm, agenda, courier):
            part.close()

    api = Trouble(Api(state, carrier, switchboard), state)
    pages, desk = Pages(state), Desk(state, carrier, courier)
    routes = [
        *pages.routes(),
        *desk.routes(),
        *Downloads(state).routes(),
        Route("/{product}/{path:path}", api),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, settings=state.settings)], lifespan=lifespan)
    app.state.twilio = state
    app.state.close_streams = pages.close
    return app
