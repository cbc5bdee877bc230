"""``serve`` and ``sandbox``: the long-running commands."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from ..connector.errors import InvalidInput
from ..host.host import Host
from ..host.settings import Settings
from ..host.web.access import Access
from ..host.web.app import create_app
from ..host.web.server import listen, server, url_of


def serve(address: str, port: int, data: Path | None, public_url: str | None) -> None:
    """Run the host until SIGINT or SIGTERM; what runs then may end first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    with listen(address, port) as socket:
        settings = Settings.load(os.environ, data=data, public_url=public_url)
        if not settings.public_url:
            settings = replace(settings, public_url=url_of(socket))
        with Host.open(settings) as host:
            access = Access()
            app = create_app(host, access)
            print(f"Pages      {url_of(socket)}/login?token={access.new_token()}  (this link works once)")
            print(f"Webhooks   {settings.public_url}/trigger/…", flush=True)
            server(app, stop_seconds=settings.limits.stop_deadline).run(sockets=[socket])


def _end(*_: object) -> None:
    """The server ends by itself at the first signal and raises it again: leave by the front door then."""
    sys.exit(0)


def sandbox(port: int) -> None:
    """Run the local Twilio until interrupted."""
    from ..sandbox.server import run
    from ..sandbox.state import State

    def ready(state: State) -> None:
        known = state.settings
        print(f"Phone      {known.url}/phone")
        print(f"Base URL   {known.url}/{{product}}")
        print(f"Account    {known.account_sid}\nAuth token {known.auth_token}")
        print(f"API key    {known.api_key}\nAPI secret {known.api_secret}", flush=True)

    try:
        run(port=port, ready=ready)
    except OSError as error:
        problem = f"port: cannot listen on {port}: {error.strerror or error}; choose another port, or 0 for a free one"
        raise InvalidInput(problem, field="port") from None
