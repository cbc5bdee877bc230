"""A host behind the pages: real store, vault, inbox and a mounted component; flows end as a test says they end."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from twilio_connector.connector.component import Component, load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectorError
from twilio_connector.connector.payload import TriggerResult, WebhookRequest
from twilio_connector.host import portable
from twilio_connector.host.definition import parse
from twilio_connector.host.definition.model import Flow
from twilio_connector.host.engine import Ended
from twilio_connector.host.inbox import Accepted, Inbound, Inbox
from twilio_connector.host.settings import Limits, Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.connections import ConnectionRecord
from twilio_connector.host.store.instances import InstanceRecord
from twilio_connector.host.vault import Vault
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app

PUBLIC = "https://hooks.example.com"
ACME = Path(__file__).with_name("acme")
SECRET = "5ecret-of-the-account-9f2"
FIELDS = {"accountSid": "AC" + "0" * 32, "secret": SECRET}
DEFINITION = """
definitionVersion: 7
name: Auto reply
description: Answers texts.
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
          to: {type: value, value: "+15551234567"}
"""


@dataclass
class FlowEndpoint:
    """One flow's address."""

    id: str
    instance: InstanceRecord
    component: Component
    synchronous: bool
    store: Store

    @property
    def enabled(self) -> bool:
        return self.instance.enabled

    def admits(self, key: str | None) -> bool:
        return self.store.instances.admits(self.id, key)

    def receive(self, request: WebhookRequest, execution_id: str) -> TriggerResult:
        return self.component.triggers["signed"].receive(ActionContext(execution_id=execution_id), request)


@dataclass
class WebHost:
    settings: Settings
    store: Store
    vault: Vault
    inbox: Inbox
    registry: Mapping[str, Component]
    synchronous: bool = False
    ended: dict[str, Any] | None = field(default_factory=lambda: {"data": "done"})
    asked: list[str] = field(default_factory=list)

    async def endpoint(self, endpoint_id: str) -> FlowEndpoint | None:
        found = self.store.instances.endpoint(endpoint_id)
        if found is None:
            return None
        instance = self.store.instances.require(found.instance_id)
        return FlowEndpoint(found.id, instance, self.registry["acme"], self.synchronous, self.store)

    async def accept(self, endpoint: FlowEndpoint, execution_id: str, result: TriggerResult) -> Accepted:
        return await self.inbox.accept(
            Inbound(
                execution_id=execution_id,
                endpoint_id=endpoint.id,
                instance_id=endpoint.instance.id,
                version_id=endpoint.instance.version_id,
                flow="Inbound text",
                payload=portable.dumps(result.payload.to_json()),
                identities=result.dedupe,
            )
        )

    async def result(self, execution_id: str, timeout: float) -> Ended:  # noqa: ASYNC109
        self.asked.append(execution_id)
        if self.ended is None:
            raise TimeoutError
        status = "succeeded" if self.ended else "failed"
        return Ended(execution_id=execution_id, status=status, result=self.ended)

    def flows(self, version_id: str) -> Sequence[Flow]:
        files = self.store.integrations.files(version_id)
        return parse(files["integration.yaml"], file="integration.yaml").flows

    def save_connection(
        self, *, name: str, component: str, key: str, fields: Mapping[str, Any], connection_id: str | None = None
    ) -> ConnectionRecord:
        if connection_id is None:
            return self.store.connections.add(
                name=name, component=component, key=key, seal=lambda new: self.vault.seal(new, fields)
            )
        return self.store.connections.update(connection_id, name=name, secret=self.vault.seal(connection_id, fields))

    def connection_fields(self, connection_id: str) -> dict[str, Any]:
        record = self.store.connections.require(connection_id)
        return self.vault.unseal(record.id, record.secret)

    def test_connection(self, connection_id: str) -> ConnectionRecord:
        record = self.store.connections.require(connection_id)
        unit = self.registry[record.component].connections[record.key]
        try:
            verdict, healthy = unit.test(self.connection_fields(connection_id), ActionContext()), True
        except ConnectorError as error:
            verdict, healthy = str(error), False
        self.store.connections.record_test(connection_id, healthy=healthy, verdict=verdict)
        return self.store.connections.require(connection_id)


@pytest.fixture
def web_host(tmp_path: Path) -> Iterator[WebHost]:
    settings = Settings(data=tmp_path / "data", public_url=PUBLIC, limits=Limits(body=4096))
    store = Store.open(settings)
    inbox = Inbox(store.engine, settings.limits)
    yield WebHost(settings, store, Vault.open(settings, store.engine), inbox, {"acme": load(ACME)})
    inbox.close()
    store.close()


@pytest.fixture
def access() -> Access:
    return Access()


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def stranger(web_host: WebHost, access: Access) -> Iterator[TestClient]:
    """Not signed in."""
    app = create_app(web_host, access, sleep=no_sleep)
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False) as client:
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
def deploy(web_host: WebHost) -> Callable[..., InstanceRecord]:
    def run(name: str = "Auto reply", *, synchronous: bool = False, connections: Mapping[str, str] | None = None):
        web_host.synchronous = synchronous
        text = DEFINITION.replace("{synchronous}", str(synchronous).lower())
        version = web_host.store.integrations.publish(
            "Auto reply", file_name="integration.yaml", files={"integration.yaml": text.encode()}, limit=1 << 20
        )
        customer = web_host.store.customers.ensure("acme", "Acme Inc.")
        return web_host.store.instances.put(
            name=name,
            version_id=version.id,
            integration_id=version.integration_id,
            customer_id=customer.id,
            config={"Greeting": "Hello"},
            connections=connections or {},
            flows=["Inbound text"],
        )

    return run


@pytest.fixture
def connection(web_host: WebHost) -> ConnectionRecord:
    return web_host.save_connection(name="Main account", component="acme", key="token", fields=FIELDS)


def with_limits(host: WebHost, **limits: Any) -> None:
    host.settings = replace(host.settings, limits=replace(host.settings.limits, **limits))
