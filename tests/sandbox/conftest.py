"""A running local Twilio, and the official SDK pointed at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from pytest_httpserver import HTTPServer
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio_connector.sandbox.server import Sandbox
from twilio_connector.sandbox.settings import Delays, Settings
from werkzeug import Request, Response

FAST = Delays(queued=0, sending=0, sent=0, ringing=0, second=0.02)


class LocalHttpClient(TwilioHttpClient):
    """Sends what is meant for https://{product}.twilio.com to a base URL with {product} in it.

    Next pages of the newer products are at the base URL already.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def request(self, method: str, url: str, **options: Any) -> Any:
        if product := re.match(r"https://([a-z]+)\.twilio\.com", url):
            url = self._base_url.format(product=product[1]) + url[product.end() :]
        assert url.startswith(self._base_url.partition("{")[0]), url
        return super().request(method, url, **options)


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
def get(twilio: Sandbox) -> Callable[..., requests.Response]:
    """GET a path such as /api/2010-04-01/…, with {account} in it, as the account."""

    def get(path: str, **query: Any) -> requests.Response:
        url = twilio.url + path.replace("{account}", twilio.account_sid)
        return requests.get(url, query, auth=(twilio.account_sid, twilio.auth_token), timeout=10)

    return get


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


class Receiver:
    """Answers every request to /hook alike, or with the next of some TwiML, and keeps the forms that came."""

    def __init__(self, server: HTTPServer, *answers: str) -> None:
        self.url = server.url_for("/hook")
        self.requests: list[Request] = []
        self.forms: list[dict[str, str]] = []
        self._answers = list(answers)
        server.expect_request("/hook").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.requests.append(request)
        self.forms.append(dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True)))
        twiml = self._answers.pop(0) if len(self._answers) > 1 else "".join(self._answers)
        return Response(twiml or "<Response/>", content_type="text/xml")


@contextmanager
def refused(code: int, named: str = "") -> Iterator[None]:
    """Expect the SDK to be refused with Twilio's code, by a text that names this."""
    with pytest.raises(TwilioException) as raised:
        yield
    error = raised.value
    known = error.code if isinstance(error, TwilioRestException) else None  # a list says it only in its text
    assert known == code or f'"code":{code},' in str(error), error
    assert named in str(error), error
