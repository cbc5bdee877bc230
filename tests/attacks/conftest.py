"""A host with the real Twilio component, and somebody outside of it. These tests mirror borders, not folders.

The host is open but does not execute, so what a request left behind is what it was accepted with. ``signed`` signs with the
official SDK, which shares nothing with what verifies.
"""

from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import parse_qsl, urlencode

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving
from werkzeug.datastructures import MultiDict

PUBLIC = "https://hooks.example.com"
ACCOUNT, OTHER = "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "AC" + "9" * 32
TOKEN, OTHERS_TOKEN = "0f5e-the-auth-token-of-the-account", "another-accounts-token"
FORM = "application/x-www-form-urlencoded"
_NUMBERS = count(1)
FLOW = """
  - name: {name}
    isSynchronous: false
    steps:
      - name: Trigger
        isTrigger: true
        action: {{component: {{key: {component}, isPublic: true, version: LATEST}}, key: {key}}}
        inputs: {{{inputs}}}
"""
CONNECTED = "twilioConnection: {type: configVar, value: Twilio}"
INTEGRATION = (
    """
definitionVersion: 7
name: Attacked
requiredConfigVars:
  - {key: Twilio, dataType: connection, connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: basic}}
configPages: [{name: Account, elements: [{type: configVar, value: Twilio}]}]
flows:"""
    + FLOW.format(name="Texts", component="twilio", key="inboundMessage", inputs=CONNECTED)
    + FLOW.format(name="Signed", component="twilio", key="webhook", inputs=CONNECTED)
    + FLOW.format(name="Open", component="webhook-triggers", key="webhook", inputs="")
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One for all tests of a file: what each of them looks at is what came since it began."""
    folder = tmp_path_factory.mktemp("attacked")
    settings = Settings(data=folder / "data", public_url=PUBLIC, limits=Limits(body=65536))
    opened = Host.open(settings)
    opened.connections.add(
        name="Main", component="twilio", key="basic", fields={"username": ACCOUNT, "password": TOKEN}
    )
    file = folder / "integration.yaml"
    file.write_text(INTEGRATION)
    opened.instances.deploy(file, customer="acme", config={"Twilio": "Main"})
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def paths(host: Host) -> dict[str, str]:
    """The path of each flow's webhook."""
    (instance,) = host.store.instances.all()
    return {flow: url.removeprefix(PUBLIC) for flow, url in host.endpoints.addresses(instance.id).items()}


@pytest.fixture(scope="module")
def access(host: Host) -> Access:
    return Access(host.credentials)


@pytest.fixture(scope="module")
def app(host: Host, access: Access) -> Starlette:
    async def at_once(_seconds: float) -> None:
        return None

    return create_app(host, access, sleep=at_once)


@pytest.fixture(scope="module")
def stranger(app: Starlette) -> Iterator[TestClient]:
    """Somebody who was told no secret."""
    with TestClient(
        app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False
    ) as client:
        yield client


@pytest.fixture(scope="module")
def served(app: Starlette) -> Iterator[str]:
    """The address of the real server."""
    with serving(app, listen()) as url:
        yield url


@pytest.fixture
def accepted(host: Host) -> Callable[[], list[str]]:
    """The payloads of what got in since the test began, the newest first."""
    before = {row.id for row in host.store.executions.recent()}

    def look() -> list[str]:
        new = [row.id for row in host.store.executions.recent() if row.id not in before]
        return [host.store.executions.get(each).payload for each in new]

    return look


def signature(url: str, body: bytes | str = b"", *, token: str = TOKEN, form: bool = True) -> str:
    text = body.decode("latin-1") if isinstance(body, bytes) else body
    parameters = MultiDict(parse_qsl(text, keep_blank_values=True)) if form else {}
    return str(RequestValidator(token).compute_signature(url, parameters))


def text(**changed: str) -> dict[str, str]:
    """The parameters of a text that nobody has heard of yet."""
    said = {
        "AccountSid": ACCOUNT,
        "Body": "Hello! How are you?",
        "From": "+15558675309",
        "MessageSid": f"SM{next(_NUMBERS):032x}",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "To": "+18057166646",
    }
    return said | changed


def signed(path: str, params=None, *, token: str = TOKEN) -> dict:
    """What to hand to a client, so that it sends what Twilio would."""
    body = urlencode(text() if params is None else params)
    return {
        "content": body,
        "headers": {"content-type": FORM, "x-twilio-signature": signature(PUBLIC + path, body, token=token)},
    }
