"""A running local Twilio, and the official SDK pointed at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox
from twilio_connector.sandbox.settings import Delays, Settings

FAST = Delays(queued=0, sending=0, sent=0)


class LocalHttpClient(TwilioHttpClient):
    """Sends what is meant for https://{product}.twilio.com to a base URL with {product} in it."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, **options: Any) -> Any:
        product = re.match(r"https://([a-z]+)\.twilio\.com", url)
        assert product, url
        return super().request(method, self._base_url.format(product=product[1]) + url[product.end() :], **options)


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(Settings(delays=FAST)) as sandbox:
        yield sandbox


@pytest.fixture
def twilio(running: Sandbox) -> Sandbox:
    """As good as new for each test."""
    running.state.reset()
    return running


@pytest.fixture
def sdk(twilio: Sandbox) -> Iterator[Client]:
    http = LocalHttpClient(twilio.base_url)
    yield Client(twilio.api_key, twilio.api_secret, twilio.account_sid, http_client=http)
    http.session.close()


@pytest.fixture
def send(twilio: Sandbox) -> Callable[..., requests.Response]:
    """Create Message over HTTP; an argument None leaves its parameter out."""

    def send(**parameters: Any) -> requests.Response:
        form = {"To": twilio.handset, "From": twilio.number, "Body": "hello"} | parameters
        auth = (twilio.account_sid, twilio.auth_token)
        data = {key: value for key, value in form.items() if value is not None}
        return requests.post(messages_url(twilio), data=data, auth=auth, timeout=10)

    return send


def messages_url(twilio: Sandbox) -> str:
    return f"{twilio.url}/api/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
