"""A client whose time stands still, and HTTP that is faked at the edge."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import responses
from pydantic import SecretStr
from twilio_connector.connector.twilio.client import TwilioClient

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@dataclass
class Slept:
    """The waits that were asked for, in seconds."""

    seconds: list[float] = field(default_factory=list)


@pytest.fixture
def slept():
    return Slept()


@pytest.fixture
def client(slept):
    return TwilioClient(
        account_sid="AC" + "a" * 32,
        username="SK" + "b" * 32,
        secret=SecretStr("secret-of-the-key"),
        clock=lambda: NOW,
        sleep=slept.seconds.append,
        random=lambda: 1.0,
    )


@pytest.fixture
def twilio():
    with responses.RequestsMock() as mock:
        yield mock
