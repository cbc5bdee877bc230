"""A host behind the pages: real but for the engine, with a mounted component; flows end as a test says they end."""

import asyncio
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from twilio_connector.host.host import Host
from twilio_connector.host.receiving.results import Ended
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.store.connections import ConnectionRecord
from twilio_connector.host.store.instances import InstanceRecord
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving, url_of

PUBLIC = "https://hooks.example.com"
ACME = Path(__file__).with_name("acme")
SECRET = "5ecret-of-the-account-9f2"
FIELDS = {"accountSid": "AC" + "0" * 32, "secret": SECRET}
DEFINITION = """
definitionVersion: 7
name: Auto reply
description: Answers texts.
requiredConfigVars:
  - key: Acme account
    dataType: connection
    connection: {component: {key: acme, isPublic: true, version: LATEST}, key: token}
  - {key: Greeting, dataType: string, defaultValue: Hi}
configPages:
  - name: Configuration
    elements: [{type: configVar, value: Acme account}, {type: configVar, value: Greeting}]
flows:
  - name: Inbound text
    description: Someone texts the number.
    isSynchronous: {synchronous}
    steps:
      - name: Text received
        isTrigger: true
        action: {component: {key: acme, isPublic: true, version: LATEST}, key: signed}
      - name: Send reply
        action: {component: {key: acme, isPublic: true, version: LATEST}, key: send}
        inputs:
          acmeConnection: {type: configVar, value: Acme account}
          to: {type: value, value: "+15551234567"}
"""


class Wizard:
    """The pages of a configuration as a browser without script walks through them: hidden fields travel along."""

    def __init__(self, client: TestClient, address: str, page: str) -> None:
        self.client, self.address, self.page = client, address, page

    @classmethod
    def begin(cls, client: TestClient, **given: str) -> "Wizard":
        answer = client.post("/instances/new", data=given)
        assert answer.status_code == 303, answer.text
        return cls.at(client, answer.headers["location"])

    @classmethod
    def at(cls, client: TestClient, location: str) -> "Wizard":
        answer = client.get(location)
        assert answer.status_code == 200
        return cls(client, location.partition("?")[0], answer.text)

    @property
    def hidden(self) -> dict[str, str]:
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', self.page)
        return {name: html.unescape(value) for name, value in found}

    def go(self, button: str = "next", **fields: Any) -> Any:
        answer = self.client.post(self.address, data=self.hidden | fields | {"_go": button})
        self.page = answer.text if answer.status_code != 303 else self.page
        return answer


class ToldHost(Host):
    """A host whose flows end as the test says, at once: ``ended`` is the last step's result, {} a failure, None no end."""

    ended: dict[str, Any] | None = {"data": "done"}  # noqa: RUF012 (set per instance)
    awaited: float | None = None

    async def result(self, execution_id: str, timeout: float | None = None) -> Ended:  # noqa: ASYNC109
        self.awaited = timeout
        if self.ended is None:
            raise TimeoutError
        status = "succeeded" if self.ended else "failed"
        return Ended(execution_id=execution_id, status=status, result=self.ended)


@pytest.fixture
def web_host(tmp_path: Path) -> Iterator[ToldHost]:
    """Opened but not started: what is accepted stays in the inbox."""
    host = ToldHost.open(
        Settings(data=tmp_path / "data", public_url=PUBLIC, limits=Limits(body=4096), components=(ACME,))
    )
    yield host
    host.stop()


@pytest.fixture
def access(web_host: ToldHost) -> Access:
    return Access(web_host.credentials)


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def stranger(web_host: ToldHost, access: Access) -> Iterator[TestClient]:
    """Not signed in."""
    app = create_app(web_host, access, sleep=no_sleep)
    with TestClient(
        app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False
    ) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient, access: Access) -> TestClient:
    """Signed in, and sending what a browser sends with a form of our own page."""
    session = access.redeem(access.new_token())
    assert session
    stranger.cookies.set(access.cookie, session)
    stranger.headers["sec-fetch-site"] = "same-origin"
    return stranger


@pytest.fixture
def definition() -> str:
    """An integration file of the mounted component."""
    return DEFINITION.replace("{synchronous}", "false")


@pytest.fixture
def deploy(web_host: ToldHost, tmp_path: Path) -> Callable[..., InstanceRecord]:
    def run(name: str = "Auto reply", *, synchronous: bool = False) -> InstanceRecord:
        file = tmp_path / "integration.yaml"
        file.write_text(DEFINITION.replace("{synchronous}", str(synchronous).lower()))
        config = {"Acme account": "Main account", "Greeting": "Hello"}
        return web_host.instances.deploy(file, customer="acme", customer_name="Acme Inc.", name=name, config=config)

    return run


@pytest.fixture
def connection(web_host: ToldHost) -> ConnectionRecord:
    return web_host.connections.add(name="Main account", component="acme", key="token", fields=FIELDS)


@pytest.fixture
def instance(connection: ConnectionRecord, deploy: Callable[..., InstanceRecord]) -> InstanceRecord:
    return deploy()


LOOKS = [
    {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
]


@pytest.fixture
def served(web_host, access):
    sock = listen()
    web_host.settings = replace(web_host.settings, public_url=url_of(sock))
    with serving(create_app(web_host, access), sock) as url:
        yield url


@pytest.fixture(params=LOOKS, ids=["wide-light", "narrow-dark"])
def view(request, chromium, served, access):
    """A page that is signed in by the link. Scripts that fail, and anything that the policy blocks, fail the test."""
    context = chromium.new_context(**request.param)
    page, problems = context.new_page(), []
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda m: problems.append(m.text) if m.type == "error" and "status of 400" not in m.text else None
    )
    page.goto(f"{served}/login?token={access.new_token()}")
    yield page
    context.close()
    assert problems == []


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
