"""How a request leaves: by requests' adapter, without the session around it, which costs as much as the sending."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from ssl import SSLContext
from typing import Any

import certifi
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, get_encoding_from_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from .http import HttpRequest

SERVERS = 32
"""Whose pools are kept: Twilio's products, and what steps call besides."""

_DEFAULT_HEADERS: Mapping[str, str] = dict(default_headers())


def prepared(request: HttpRequest) -> PreparedRequest:
    """The request as it leaves. Raises what requests raises for a URL or a header that cannot be sent."""
    found = PreparedRequest()
    found.hooks = default_hooks()
    found.prepare_method(request.method)
    if request.params:
        found.prepare_url(request.url, list(request.params))
    else:
        found.url = _checked(request.url)
    found.prepare_headers(_headers(request.headers))
    if isinstance(request.data, bytes) and not request.files:
        found.body = request.data
        found.headers["Content-Length"] = str(len(request.data))
    else:
        found.prepare_body(request.data, request.files)
    if request.auth:
        HTTPBasicAuth(*request.auth)(found)
    else:
        found.prepare_auth(None)  # what the URL has
    return found


@lru_cache(maxsize=256)
def _checked(url: str) -> str | None:
    blank = PreparedRequest()
    blank.prepare_url(url, None)
    return blank.url


def _headers(given: Mapping[str, str]) -> Mapping[str, str]:
    said = {name.lower() for name in given}
    return {name: value for name, value in _DEFAULT_HEADERS.items() if name.lower() not in said} | dict(given)


class PooledAdapter(HTTPAdapter):
    """Connections that share one SSL context: requests loads the CA bundle, 16 ms, for each of them."""

    def __init__(self, pool_size: int) -> None:
        self._context = _ssl_context()
        self._pools: dict[str, Any] = {}
        super().__init__(pool_connections=SERVERS, pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The pool of the server, looked up by how its URL begins: what else requests asks for is the same for all."""
        if proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        server = "/".join((request.url or "").split("/", 3)[:3])
        pool: Any = self._pools.get(server)
        if pool is None or pool.pool is None:  # closed, where many servers are called
            if len(self._pools) >= SERVERS:
                self._pools.clear()
            pool = self._pools[server] = super().get_connection_with_tls_context(request, verify, None, cert)
            pool.ConnectionCls = _AT_ONCE.get(pool.ConnectionCls, pool.ConnectionCls)
        return pool

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._pools.clear()
        super().close()

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        conn.cert_reqs = "CERT_REQUIRED"

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """As requests builds it, but for the cookies: none is kept."""
        response = Response()
        response.status_code, response.reason = resp.status, resp.reason
        response.headers = CaseInsensitiveDict(resp.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw, response.url, response.request = resp, req.url or "", req
        response.connection = self
        return response


class _AtOnce(HTTPConnection):
    """Sends a body with the head before it: one TLS record and one system call less."""

    _behind: bytes = b""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **more: Any) -> None:
        if isinstance(body, bytes) and not more.get("chunked"):  # its length is in the headers
            self._behind, body = body, None
        super().request(method, url, body, headers, **more)

    def send(self, data: Any) -> None:
        behind, self._behind = self._behind, b""
        super().send(data + behind if behind else data)


class _AtOnceOverTLS(_AtOnce, HTTPSConnection):
    pass


_AT_ONCE: Mapping[Any, Any] = {HTTPConnection: _AtOnce, HTTPSConnection: _AtOnceOverTLS}


def _ssl_context() -> SSLContext:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    context = create_urllib3_context()
    folder = Path(bundle).is_dir()
    context.load_verify_locations(cafile=None if folder else bundle, capath=bundle if folder else None)
    return context
