"""The component with a connection, time that stands still, and HTTP that is faked at the edge."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest
import responses
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.http import Transport
from twilio_connector.connector.testing import Harness
from twilio_connector.sandbox.server import Sandbox

ACCOUNT = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
FIELDS = {
    "accountSid": ACCOUNT,
    "apiKey": "SK" + "b" * 32,
    "apiSecret": "secret-of-the-key",
    "authToken": "the-auth-token",
}


@dataclass
class Slept:
    """The waits that were asked for, in seconds."""

    seconds: list[float] = field(default_factory=list)


@pytest.fixture
def slept():
    return Slept()


@pytest.fixture(scope="session")
def transport():
    """One for all of them: each would load the certificates again."""
    with closing(Transport()) as transport:
        yield transport


@pytest.fixture
def harness_with(slept, transport):
    def make(**fields):
        clock = partial(datetime, 2026, 11, 21, tzinfo=UTC)
        return Harness(
            load("twilio_connector"),
            connection={"key": "apiKeySecret", "fields": FIELDS | fields},
            context=ActionContext(clock=clock, sleep=slept.seconds.append, transport=transport),
        )

    return make


@pytest.fixture
def harness(harness_with):
    return harness_with()


@pytest.fixture(scope="module")
def running():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    """The local Twilio, as it starts."""
    running.state.reset()
    return running


@pytest.fixture
def connection(sandbox):
    fields = {
        "accountSid": sandbox.account_sid,
        "apiKey": sandbox.api_key,
        "apiSecret": sandbox.api_secret,
        "authToken": sandbox.auth_token,
        "baseUrl": sandbox.base_url,
    }
    return {"key": "apiKeySecret", "fields": fields}


@pytest.fixture
def local(connection, transport):
    """The component connected to the local Twilio."""
    return Harness(load("twilio_connector"), connection=connection, context=ActionContext(transport=transport))


@pytest.fixture
def twilio():
    with responses.RequestsMock() as mock:
        yield mock
