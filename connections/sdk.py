"""The official SDK's client, pointed where the connection points. Needs the extra ``sdk``."""

from typing import Any

from ..connector.errors import ConnectionFailed
from ..connector.twilio.base import TWILIO, Base
from .access import TwilioAccess

try:
    from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
    from twilio.rest import Client  # type: ignore[import-untyped]
except ImportError:
    message = "the official SDK is not installed: install twilio-connector[sdk]"
    raise ConnectionFailed(message) from None


class RebasedHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Takes the SDK's calls, which it addresses to twilio.com, to where ``base`` has each product."""

    def __init__(self, base: Base, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a call to this base instead."""
        return super().request(method, self._base.resolve(url), *args, **kwargs)


def client_for(connection: TwilioAccess) -> Client:
    """A client of the SDK with this connection's credentials, account, region, edge, base URL and timeout."""
    username, secret = connection.credentials
    base, standard = connection.base, TwilioHttpClient(timeout=connection.timeout)
    return Client(
        username,
        secret.get_secret_value(),
        connection.account,
        http_client=standard if base.template == TWILIO else RebasedHttpClient(base, connection.timeout),
        region=base.region or None,
        edge=base.nearest_edge or None,
        environment={},
    )
