"""A whole component in one module: a connection, an action, a trigger and a pick list."""

import hmac
import json
from typing import Annotated

from pydantic import Field, SecretStr
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput, WebhookRejected
from twilio_connector.connector.inputs import Connection, Hint, Inputs
from twilio_connector.connector.payload import Payload, TriggerResult, WebhookRequest

HELLO = {"en": "Hello", "de": "Hallo", "fr": "Bonjour"}
NAMES = {"en": "English", "de": "Deutsch", "fr": "Français"}
SHORTEST_WORD = 8


class Team(Connection):
    """Who greets, and the word that callers know."""

    name: Annotated[str, Field(title="Name", description="The team's name.", examples=["Support"])]
    word: Annotated[SecretStr, Field(title="Word", description="What callers send in X-Acme-Word.")]

    def test(self, context: ActionContext) -> str:  # noqa: ARG002
        if len(self.word.get_secret_value()) < SHORTEST_WORD:
            raise ConnectionFailed(
                f"word: has fewer than {SHORTEST_WORD} characters; choose a longer one", field="word"
            )
        return f"greets for {self.name}"


TeamConnection = Annotated[Team, Field(title="Connection", description="The team that greets.")]


class Greet(Inputs):
    """Whom to greet, and how."""

    connection: TeamConnection
    person: Annotated[str, Field(title="Person", description="Whom to greet.", examples=["Ada"])]
    language: Annotated[
        str,
        Field(title="Language", description="The language of the greeting.", examples=["en"]),
        Hint(data_source="languages"),
    ] = "en"


class Called(Inputs):
    """Whose callers."""

    connection: TeamConnection


class Languages(Inputs):
    """Whose languages."""

    connection: TeamConnection


def greet(_context: ActionContext, inputs: Greet) -> str:
    """Raises InvalidInput for a language that nobody here speaks."""
    if inputs.language not in HELLO:
        raise InvalidInput(f"language: there are {', '.join(HELLO)}, not {inputs.language!r}", field="language")
    return f"{HELLO[inputs.language]}, {inputs.person}! Yours, {inputs.connection.name}"


def called(context: ActionContext, request: WebhookRequest, inputs: Called) -> TriggerResult:
    """Check the word before anything else. Raises WebhookRejected; InvalidInput for a body that is no JSON."""
    given, word = request.header("x-acme-word") or "", inputs.connection.word.get_secret_value()
    if not hmac.compare_digest(given.encode(), word.encode()):
        raise WebhookRejected("X-Acme-Word is missing or not the team's word")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise InvalidInput("the body is not JSON; send JSON", field="body") from None
    payload = Payload(context=context, headers={}, raw_body=request.body, body=body, content_type="application/json")
    event = request.header("x-acme-event")
    return TriggerResult(payload=payload, dedupe=(event,) if event else ())


def languages(_context: ActionContext, _inputs: Languages) -> list[dict[str, str]]:
    return [{"label": NAMES[key], "key": key} for key in HELLO]
