"""The HTTP edge: one pooled session that a host hands to every unit."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

POOL_SIZE = 128
"""Idle connections kept for each server: as many as a busy host has threads, so that bursts do not reconnect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request, ready to leave. ``timeout``: seconds to connect, and between bytes. ``auth`` is never printed."""

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Any = None
    files: Any = None
    auth: tuple[str, str] | None = field(default=None, repr=False)
    timeout: float = 30.0
    stream: bool = False


class Transport:
    """A pool of connections that is made at the first call, follows no redirect, and keeps no cookie.

    ``.netrc`` is not read: credentials come from the connection alone. The environment's proxies are honoured, resolved
    once for each host.
    """

    def __init__(self) -> None:
        self._adapter: requests.adapters.HTTPAdapter | None = None
        self._proxies: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def send(self, request: HttpRequest) -> "requests.Response":
        """Send once. Raises what requests raises: only the caller knows whether repeating is safe."""
        from .pooled import prepared

        proxies = self._proxies_for(request.url)
        response = self._ready().send(
            prepared(request), stream=request.stream, timeout=request.timeout, proxies=proxies
        )
        if not request.stream:
            _ = response.content  # read now: what breaks meanwhile is raised here
        return response

    def close(self) -> None:
        """Close the pooled connections; a later call opens new ones."""
        with self._lock:
            adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.close()

    def _ready(self) -> "requests.adapters.HTTPAdapter":
        with self._lock:
            if self._adapter is None:
                from .pooled import PooledAdapter

                self._adapter = PooledAdapter(POOL_SIZE)
            return self._adapter

    def _proxies_for(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if host not in self._proxies:
            from requests.utils import get_environ_proxies

            self._proxies[host] = get_environ_proxies(host)
        return self._proxies[host]
