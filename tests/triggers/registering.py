"""Registrations at a local Twilio, by processes that may die at any request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from twilio_connector.connections.basic import Basic
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.http import HttpRequest, Transport
from twilio_connector.connector.webhooks import Change, LedgerInMemory
from twilio_connector.sandbox.server import Sandbox
from twilio_connector.triggers import registration, sinks
from twilio_connector.triggers.targets import RegistersEvents

HOOK = "https://hooks.example.com/trigger/one"


class Killed(BaseException):
    """What stands for the end of the process: nothing of ours catches it."""


@dataclass
class DyingTransport(Transport):
    """Dies before or after the request of a number, counted from 1, and sends nothing more."""

    dies_at: int = 0
    after: bool = False
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def again(self, dies_at: int = 0, *, after: bool = False) -> None:
        """As a new process has it, with the connections of the old one: opening them is what takes long."""
        self.dies_at, self.after = dies_at, after
        self.sent.clear()

    def send(self, request: HttpRequest) -> requests.Response:
        if self.dies_at and len(self.sent) >= self.dies_at:
            raise Killed
        self.sent.append(f"{request.method} {request.url}")
        if len(self.sent) == self.dies_at and not self.after:
            raise Killed
        response = super().send(request)
        if len(self.sent) == self.dies_at:
            response.close()
            raise Killed
        return response

    @property
    def changes(self) -> list[str]:
        """What was not only read."""
        return [each for each in self.sent if not each.startswith("GET")]


@dataclass
class Desk:
    """Creates and deletes registrations at the local Twilio."""

    twilio: Sandbox
    transport: DyingTransport
    ledger: LedgerInMemory = field(default_factory=LedgerInMemory)
    hook: str = HOOK
    subaccount: str = ""

    def inputs(self, kind: type, **given: Any) -> Any:
        return kind.model_validate({"twilioConnection": self.connection, **given})

    @property
    def connection(self) -> Basic:
        own = self.twilio
        fields = {"username": own.account_sid, "password": own.auth_token, "baseUrl": own.base_url}
        return Basic.model_validate(fields | {"subaccountSid": self.subaccount})

    def create(self, kind: type, **given: Any) -> tuple[Change, ...]:
        return self._do("create_webhook", kind, given)

    def delete(self, kind: type, **given: Any) -> tuple[Change, ...]:
        return self._do("delete_webhook", kind, given)

    def _do(self, name: str, kind: type, given: Mapping[str, Any]) -> tuple[Change, ...]:
        module = sinks if issubclass(kind, RegistersEvents) else registration
        context = ActionContext(transport=self.transport, invoke_url=self.hook, sleep=lambda _: None)
        return tuple(getattr(module, name)(context, self.inputs(kind, **given), self.ledger))

    # ── what is there ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def number_sid(self) -> str:
        return self.number.sid

    @property
    def number(self):
        return self.twilio.state.number(self.twilio.number)

    @property
    def service(self):
        return self.twilio.state.services.get(self.twilio.messaging_service)

    def change_number(self, **fields: Any) -> None:
        self.twilio.state.change_number(self.number_sid, **fields)

    def change_service(self, **fields: Any) -> None:
        self.twilio.state.services.change(self.service.sid, **fields)

    def add_application(self, **form: str) -> str:
        own = self.twilio
        url = f"{own.url}/api/2010-04-01/Accounts/{own.account_sid}/Applications.json"
        made = requests.post(url, {"FriendlyName": "App"} | form, auth=(own.account_sid, own.auth_token), timeout=10)
        return str(made.json()["sid"])
