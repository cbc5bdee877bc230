"""Connections to public addresses only: a flow must not reach the services of the machine and the network that it runs in.

Names are looked up once, every address found is checked, and the one that was checked is connected to, redirects included.
``TWILIO_CONNECTOR_HTTP_ALLOW`` (host[:port], comma separated) lists what may be reached all the same.
"""

import os
import socket
import ssl
import time
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from twilio_connector.connector.errors import Refused
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection
from urllib3.util.ssl_ import create_urllib3_context

ALLOW = "TWILIO_CONNECTOR_HTTP_ALLOW"
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""All that the IPv6 internet is made of; what lies outside is reserved, of one site, or an old spelling of IPv4 addresses."""


class NotPublic(Refused):
    """The address is not one of the public internet."""


def is_public(address: str) -> bool:
    """False also for an IPv6 address that only wraps a private IPv4 one."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if wrapped := _wrapped(found):
            return is_public(str(wrapped))
        if found not in _UNICAST:
            return False
    return found.is_global and not found.is_multicast


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def is_allowed(host: str, port: int | None) -> bool:
    """Whether whoever runs the host has said so."""
    allowed = {item.strip() for item in os.environ.get(ALLOW, "").split(",") if item.strip()}
    return host in allowed or f"{host}:{port}" in allowed


class _Timed(socket.socket):
    """A socket that waits for an answer until ``deadline``, by the monotonic clock, however slowly the answer trickles."""

    deadline = 0.0

    def recv_into(self, *given: Any, **named: Any) -> int:
        self.settimeout(_left(self.deadline))
        return super().recv_into(*given, **named)


class _TimedTls(_Timed, ssl.SSLSocket):
    pass


def _left(deadline: float) -> float:
    """Seconds. Raises TimeoutError where there are none."""
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError("the time for the request is over")
    return left


class _Checked(HTTPConnection):
    deadline: float

    def _new_conn(self) -> socket.socket:
        host, port = self._dns_host, self.port
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(host, self, socket.gaierror(str(error))) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not is_allowed(host, port) and not all(map(is_public, addresses)):
            raise NotPublic(
                f"url: {host} is not a public address; whoever runs this host may allow it with {ALLOW}", field="url"
            )
        try:
            left = _left(self.deadline)
            connected = create_connection((addresses[0], port), left, socket_options=self.socket_options)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{host} does not answer") from error
        except OSError as error:
            raise NewConnectionError(self, f"{host} refuses connections") from error
        sock = _Timed(fileno=connected.detach())
        sock.deadline = self.deadline
        sock.settimeout(left)
        return sock


class _CheckedTls(_Checked, HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        assert isinstance(self.sock, _TimedTls)  # noqa: S101  as the context makes them
        self.sock.deadline = self.deadline


def manager(deadline: float, **given: Any) -> PoolManager:
    """A manager of connections to public addresses, all of which end at ``deadline``, by the monotonic clock."""
    context = create_urllib3_context()
    context.sslsocket_class = _TimedTls
    made = PoolManager(ssl_context=context, **given)
    made.pool_classes_by_scheme = {
        "http": _pool(HTTPConnectionPool, _Checked, deadline),
        "https": _pool(HTTPSConnectionPool, _CheckedTls, deadline),
    }
    return made


def _pool(pool: type[HTTPConnectionPool], connection: type[_Checked], deadline: float) -> type[HTTPConnectionPool]:
    until = type(connection.__name__, (connection,), {"deadline": deadline})
    return type(pool.__name__, (pool,), {"ConnectionCls": until})
