"""The HTTP edge: one pooled session that a host hands to every unit."""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

POOL_SIZE = 64
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
    """A pooled session that is made at the first call, follows no redirect, and keeps no cookie.

    ``.netrc`` is not read: credentials come from the connection alone. The environment's proxies are honoured, resolved
    once for each host.
    """

    def __init__(self) -> None:
        self._session: requests.Session | None = None
        self._proxies: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def send(self, request: HttpRequest) -> "requests.Response":
        """Send once. Raises what requests raises: only the caller knows whether repeating is safe."""
        return self._ready().request(
            request.method,
            request.url,
            params=list(request.params) or None,
            headers=dict(request.headers),
            data=request.data,
            files=request.files,
            auth=request.auth,
            timeout=request.timeout,
            stream=request.stream,
            proxies=self._proxies_for(request.url),
            allow_redirects=False,
        )

    def close(self) -> None:
        """Close the pooled connections; a later call opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ready(self) -> "requests.Session":
        with self._lock:
            if self._session is None:
                self._session = _make_session()
            return self._session

    def _proxies_for(self, url: str) -> dict[str, str]:
        from requests.utils import get_environ_proxies

        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if host not in self._proxies:
            self._proxies[host] = get_environ_proxies(host)
        return self._proxies[host]


def _make_session() -> "requests.Session":
    from http.cookiejar import DefaultCookiePolicy

    import requests

    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _shared_context_adapter()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _shared_context_adapter() -> "requests.adapters.HTTPAdapter":
    """An adapter whose connections share one SSL context: requests loads the CA bundle, 16 ms, for each of them."""
    from requests.adapters import HTTPAdapter

    context = _ssl_context()

    class SharedContextAdapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            return super().proxy_manager_for(proxy, **kwargs, ssl_context=context)

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
            conn.cert_reqs = "CERT_REQUIRED"

    return SharedContextAdapter(pool_maxsize=POOL_SIZE)


def _ssl_context() -> Any:
    import certifi
    from urllib3.util.ssl_ import create_urllib3_context

    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    context = create_urllib3_context()
    folder = Path(bundle).is_dir()
    context.load_verify_locations(cafile=None if folder else bundle, capath=bundle if folder else None)
    return context
