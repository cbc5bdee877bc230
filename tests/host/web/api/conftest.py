"""The API of the host behind the pages, with a token that may write."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app

HOST = Path(__file__).parents[2]
FIELDS = {"accountSid": "AC" + "0" * 32, "secret": "5ecret-of-the-account-9f2"}


@pytest.fixture
def host(tmp_path):
    settings = Settings(
        data=tmp_path / "data",
        public_url="https://hooks.example.com",
        components=(HOST / "till", HOST / "web" / "acme"),
        limits=Limits(definition=64 << 10),
    )
    opened = Host.open(settings)
    yield opened
    opened.stop()


@pytest.fixture
def access(host):
    return Access(host.credentials)


@pytest.fixture
def app(host, access):
    return create_app(host, access)


@pytest.fixture
def stranger(app):
    """Comes by a name that the pages do not answer to, as programs may."""
    with TestClient(app, base_url="http://connector:8000", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def api(stranger, host):
    stranger.headers["authorization"] = f"Bearer {host.credentials.create_token('tests', 'write')}"
    return stranger


@pytest.fixture
def connection(api):
    body = {"name": "Main account", "component": "acme", "key": "token", "fields": FIELDS}
    return api.post("/api/connections", json=body).json()


@pytest.fixture
def files(definition):
    return {"files": {"integration.yaml": definition}}
