"""The public names as hosts and authors of components use them: read by strict type checkers, never run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, assert_type

from pydantic import Field, SecretStr
from twilio_connector.connector.component import Action, Component, Trigger, discover, load
from twilio_connector.connector.context import ActionContext, Customer
from twilio_connector.connector.errors import ConnectorError, TryLater
from twilio_connector.connector.inputs import Connection, Hint, Inputs
from twilio_connector.connector.payload import TriggerResult, WebhookRequest
from twilio_connector.connector.response import Response
from twilio_connector.connector.result import ActionResult, Example
from twilio_connector.connector.testing import Harness, contract
from twilio_connector.connector.twilio.signature import is_valid

# A host


def choose(folder: Path) -> Component:
    assert_type(discover([folder]), Mapping[str, Component])
    return load(folder) if folder.exists() else load("twilio_connector")


def act(component: Component, values: Mapping[str, Any]) -> ActionResult | float | None:
    action = component.actions["sendSMS"]
    assert_type(action, Action)
    try:
        return action.perform(ActionContext(customer=Customer(name="Acme")), values)
    except TryLater as error:
        return error.retry_after
    except ConnectorError as error:
        assert_type(error.kind, str)
        assert_type(error.exit_status, int)
        raise


def receive(component: Component, body: bytes) -> TriggerResult:
    trigger = component.triggers["webhook"]
    assert_type(trigger, Trigger)
    request = WebhookRequest(url="https://example.com/trigger/1", headers=(("X-Twilio-Signature", "…"),), body=body)
    return trigger.receive(ActionContext(), request, {})


def manifest(component: Component) -> dict[str, Any]:
    return component.manifest()


def verify(token: SecretStr, url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    return is_valid([token], url, body, headers)


# An author of a component


class Account(Connection):
    key: Annotated[SecretStr, Field(title="Key", description="What the service gave you.")]

    def test(self, context: ActionContext) -> str:
        return f"reaches {context.customer.name}"


class Greet(Inputs):
    account: Account
    name: Annotated[str, Field(title="Name", description="Whom to greet."), Hint(placeholder="Ada")] = "world"


Greeting = Annotated[dict[str, str], Example({"greeting": "Hello, Ada"})]


def greet(context: ActionContext, inputs: Greet) -> Greeting:
    context.logger.info("greeting %s", inputs.name)
    assert_type(inputs.name, str)
    return {"greeting": f"Hello, {inputs.name}"}


def greets(folder: Path) -> str:
    harness = Harness(folder, connection={"key": "account", "fields": {"key": "secret"}})
    return str(harness.perform("greet", {"name": "Ada"})["data"]["greeting"])


test_contract = contract("twilio_connector")


# An author of an integration


def answer(payload: Mapping[str, Any], response: Response, context: ActionContext) -> None:
    response.set_body(f"{context.customer.name}: {payload['Body']}")
    response.set_header("Content-Type", "text/plain")
    response.set_status_code(200)
