"""A small component in a folder, as anyone might write one."""

from pathlib import Path

import pytest

MANIFEST = """\
key: greeter
public: true
display: {label: Greeter, description: Greets people, category: Examples}
documentationUrl: https://example.com/greeter
connections:
  token: {label: Token, comments: A token of the service., entry: "code:TokenConnection"}
actions:
  greet: {label: Greet, description: Greet somebody., entry: "code:greet", pure: true}
  count: {label: Count, description: Count up., entry: "code:count"}
triggers:
  hook:
    label: Hook
    description: Told by the service.
    entry: "code:hook"
    sign: "code:sign"
    scheduleSupport: invalid
    synchronousResponseSupport: valid
dataSources:
  names: {label: Names, description: Known names., dataSourceType: picklist, entry: "code:names"}
"""

CODE = '''\
"""The units of the greeter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import WebhookRejected
from twilio_connector.connector.inputs import Connection, Hint, Inputs, KeyValues, Trimmed, Values, sid
from twilio_connector.connector.payload import Payload, TriggerResult, WebhookRequest
from twilio_connector.connector.result import Example


class TokenConnection(Connection):
    """A token."""

    account_sid: Annotated[str, sid("AC"), Field(title="Account", description="Its SID.", examples=["AC" + "0" * 32])]
    token: Annotated[SecretStr, Field(title="Token", description="The secret.")]

    def test(self, context: ActionContext) -> str:
        return "reaches the greeter"


CONNECTION = Annotated[TokenConnection, Field(title="Connection", description="Which token.")]


class Greet(Inputs):
    """Whom to greet."""

    connection: CONNECTION
    name: Annotated[Trimmed, Field(title="Name", description="Whom.", examples=["Ada"]), Hint(placeholder="Enter a name")]
    tone: Annotated[Literal["warm", "cool"], Field(title="Tone", description="How.")] = "warm"
    times: Annotated[int, Field(title="Times", description="How often.", ge=1, examples=["2"])] = 1
    loud: Annotated[bool, Field(title="Loud", description="Shout.")] = False
    note: Annotated[str | None, Field(title="Note", description="Added."), Hint(type="text", advanced=True)] = None
    extras: Annotated[KeyValues, Field(title="Extras", description="More.")] = ()
    tags: Annotated[Values, Field(title="Tags", description="Labels.")] = ()


def greet(context: ActionContext, inputs: Greet) -> Annotated[dict[str, Any], Example({"text": "Hi Ada"})]:
    """Greet."""
    return inputs.model_dump(exclude={"connection"})


class Count(Inputs):
    """How far."""

    limit: Annotated[int, Field(title="Limit", description="How far.", examples=["3"])] = 3


def count(context: ActionContext, inputs: Count) -> Iterator[Annotated[int, Example(1)]]:
    """Count, lazily."""
    yield from range(inputs.limit)


class Hook(Inputs):
    """Who may call."""

    connection: Annotated[TokenConnection | None, Field(title="Connection", description="Which token.")] = None


def hook(context: ActionContext, request: WebhookRequest, inputs: Hook) -> TriggerResult:
    """Verify, then emit."""
    expected = inputs.connection.token.get_secret_value() if inputs.connection else None
    if expected is None or request.header("X-Token") != expected:
        raise WebhookRejected("the token does not match")
    return TriggerResult(payload=Payload(context=context, raw_body=request.body, body=request.body.decode()))


def sign(request: WebhookRequest, connection: TokenConnection) -> WebhookRequest:
    """Add the token."""
    return replace(request, headers=(*request.headers, ("X-Token", connection.token.get_secret_value())))


class Names(Inputs):
    """Nothing to say."""


def names(context: ActionContext, inputs: Names) -> Annotated[list[dict[str, str]], Example([{"label": "Ada", "key": "1"}])]:
    """Names."""
    return [{"label": "Ada", "key": "1"}]
'''


@pytest.fixture
def greeter(tmp_path: Path) -> Path:
    (tmp_path / "component.yaml").write_text(MANIFEST)
    (tmp_path / "code.py").write_text(CODE)
    return tmp_path


@pytest.fixture
def token() -> dict[str, object]:
    return {"key": "token", "fields": {"accountSid": "AC" + "1" * 32, "token": "s3cret"}}
