"""``serve``, ``worker`` and ``sandbox``: the long-running commands."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from ..connector.errors import InvalidInput
from ..host.host import Host
from ..host.operating.telemetry import exporter_is_named
from ..host.settings import Settings
from ..host.web.access import Access
from ..host.web.app import create_app
from ..host.web.bearer import Bearer
from ..host.web.operations import counting, operations_app
from ..host.web.server import is_address, is_loopback, listen, server, serving, url_of
from ..host.web.throttle import Throttle

if TYPE_CHECKING:
    from ..host.operating.metrics import Metrics

Place = tuple[str, int | None]
"""Where metrics are served: an address and a port; without a port nowhere."""
NOWHERE: Place = ("127.0.0.1", None)


def serve(
    address: str,
    port: int,
    data: Path | None,
    public_url: str | None,
    names: Sequence[str] = (),
    *,
    works: bool = True,
    metrics: Place = NOWHERE,
) -> None:
    """Run the host until SIGINT or SIGTERM; what runs then may end first. One that does not work leaves that to workers."""
    _end_at_signals()
    settings = Settings.load(os.environ, data=data, public_url=public_url, names=tuple(names) or None)
    _require_credentials(settings, address)
    with listen(address, port) as socket:
        if not settings.public_url:
            settings = replace(settings, public_url=url_of(socket))
        with _running(settings, metrics, works=works) as (host, counted):
            access = Access(host.credentials)
            app = create_app(host, access, names=_names(settings, address), metrics=counted)
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


def worker(data: Path | None, public_url: str | None, *, metrics: Place = NOWHERE) -> None:
    """Execute what is accepted until SIGINT or SIGTERM. Raises InvalidInput without a public URL: flows tell it to services."""
    _end_at_signals()
    settings = Settings.load(os.environ, data=data, public_url=public_url)
    if not settings.public_url:
        raise InvalidInput(
            "public_url: a worker's flows give services the webhooks' address; set TWILIO_CONNECTOR_PUBLIC_URL to that of "
            "the servers",
            field="public_url",
        )
    with _running(settings, metrics, serves=False) as (host, _):
        print(f"Working    as {host.engine.executor}", flush=True)
        threading.Event().wait()


@contextmanager
def _running(settings: Settings, place: Place, **does: bool) -> Iterator[tuple[Host, "Metrics | None"]]:
    """The host, and what it counts if that is wanted anywhere."""
    address, port = place
    host = Host.open(settings)
    with ExitStack() as stack:
        stack.callback(host.stop)
        if exporter_is_named(os.environ):
            _trace(host, stack)
        metrics = None if port is None else counting(host)
        if metrics is not None:
            bearer = None if is_loopback(address) else Bearer(host.store.tokens, Throttle())
            app = operations_app(host, metrics, bearer)
            url = stack.enter_context(serving(app, listen(address, port or 0), stop_seconds=1))
            print(f"Metrics    {url}/metrics{'  (for API tokens)' if bearer else ''}")
        host.start(**does)
        yield host, metrics


def _trace(host: Host, stack: ExitStack) -> None:
    from ..host.operating import tracing

    provider = tracing.exporting()
    stack.callback(provider.shutdown)
    host.telemetry.listeners.append(tracing.Spans(provider).heard)


def _end_at_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)


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
