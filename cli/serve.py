"""``serve`` and ``sandbox``: the long-running commands."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from ..connector.errors import InvalidInput
from ..host.host import Host
from ..host.settings import Settings
from ..host.web.access import Access
from ..host.web.app import create_app
from ..host.web.server import is_address, is_loopback, listen, server, url_of


def serve(address: str, port: int, data: Path | None, public_url: str | None, names: Sequence[str]) -> None:
    """Run the host until SIGINT or SIGTERM; what runs then may end first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    settings = Settings.load(os.environ, data=data, public_url=public_url, names=tuple(names) or None)
    _require_credentials(settings, address)
    with listen(address, port) as socket:
        if not settings.public_url:
            settings = replace(settings, public_url=url_of(socket))
        with Host.open(settings) as host:
            access = Access(host.credentials)
            app = create_app(host, access, names=_names(settings, address))
            print(f"Pages      {url_of(socket)}/login?token={access.new_token()}  (this link works once)")
            print(f"API        {url_of(socket)}/api/openapi.json")
            print(f"Webhooks   {settings.public_url}/trigger/…", flush=True)
            server(app, stop_seconds=settings.limits.stop_deadline).run(sockets=[socket])


def _require_credentials(settings: Settings, address: str) -> None:
    """Before anything listens. Raises InvalidInput where others could come and nothing would let anybody in."""
    if is_loopback(address) and not settings.names:
        return
    host = Host.open(settings)
    try:
        host.credentials.require()
    finally:
        host.stop()


def _names(settings: Settings, address: str) -> tuple[str, ...]:
    """The address itself is one, unless it stands for all of the machine's."""
    every = not is_address(address) or ip_address(address).is_unspecified
    return settings.names if every else (*settings.names, address)


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
