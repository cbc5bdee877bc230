"""A component with every kind of input, and a trigger that wants a shared word."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from twilio_connector.connector import errors
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput, TryLater, WebhookRejected
from twilio_connector.connector.inputs import Connection, Hint, Inputs, KeyValues, Values, sid
from twilio_connector.connector.payload import HttpResponse, Payload, TriggerResult, WebhookRequest
from twilio_connector.connector.result import ActionResult, Example
from twilio_connector.connector.webhooks import Change, Ledger


class Token(Connection):
    account_sid: Annotated[
        str,
        Field(title="Account SID", description="On the [console](https://example.com/console).", examples=["AC…"]),
        sid("AC"),
    ]
    secret: Annotated[SecretStr, Field(title="Auth token", description="Signs webhooks.")]
    second: Annotated[SecretStr | None, Field(title="Second token")] = None
    region: Annotated[Literal["us1", "ie1"] | None, Field(title="Region")] = None
    sandboxed: Annotated[bool, Field(title="Sandboxed")] = False
    tags: Annotated[Values, Field(title="Tags")] = ()
    headers: Annotated[KeyValues, Field(title="Headers"), Hint(advanced=True)] = ()
    note: Annotated[str, Field(title="Note"), Hint(type="text", advanced=True)] = ""

    def test(self, context: ActionContext) -> str:
        if self.secret.get_secret_value() == "wrong-secret":
            raise ConnectionFailed("the auth token is not this account's", field="secret")
        return "reaches Acme's account of the tests"


class Send(Inputs):
    acme_connection: Token
    to: Annotated[str, Field(title="To")]


SENT: list[str] = []
"""What was sent, in order."""


def send(context: ActionContext, inputs: Send) -> str:
    SENT.append(inputs.to)
    return inputs.to


class Look(Inputs):
    acme_connection: Annotated[Token, Field(title="Connection")]
    number: Annotated[str, Field(title="Number", description="Which number."), Hint(data_source="numbers")]
    deep: Annotated[bool, Field(title="Deep")] = False
    how: Annotated[Literal["fast", "slow"], Field(title="How")] = "fast"
    pin: Annotated[SecretStr | None, Field(title="PIN")] = None
    tags: Annotated[Values, Field(title="Tags")] = ()
    labels: Annotated[KeyValues, Field(title="Labels")] = ()
    script: Annotated[str, Field(title="Script"), Hint(type="code")] = ""
    note: Annotated[str, Field(title="Note"), Hint(type="text", advanced=True)] = ""
    when: Annotated[Any, Field(title="When"), Hint(type="conditional", collection="keyvaluelist")] = None


LOOKED = Annotated[dict[str, Any], Example({"number": "+15550001111", "carrier": "Acme"})]


def look(context: ActionContext, inputs: Look) -> LOOKED:
    """Raises every kind of error, as the number asks for, with the secrets that it knows in its message."""
    secret = inputs.acme_connection.secret.get_secret_value()
    if inputs.number == "bug":
        raise RuntimeError(f"a bug that names {secret}")
    kind = getattr(errors, inputs.number, None)
    if kind:
        raise kind(f"Acme said no to {secret}", code=21211, more_info="https://example.com/21211", request_id="RQ1")
    if not inputs.number.startswith("+"):
        raise InvalidInput("number: must start with +", field="number")
    given = inputs.model_dump(by_alias=True, exclude={"acme_connection", "pin"})
    return {**given, "echo": secret, "pin": inputs.pin.get_secret_value() if inputs.pin else None}


class Fetch(Inputs):
    pass


def fetch(context: ActionContext, inputs: Fetch) -> ActionResult:
    return ActionResult(data=b"\x89PNG" + bytes(96), content_type="image/png")


class Choosing(Inputs):
    connection: Token
    search: Annotated[str, Field(title="Search")] = ""


def numbers(context: ActionContext, inputs: Choosing) -> list[dict[str, str]]:
    if inputs.connection.secret.get_secret_value() == "wrong-secret":
        raise ConnectionFailed("the auth token is not this account's")
    return [{"label": "Reception", "key": "+15550001111"}, {"label": "Night", "key": "+15550002222"}]


class Signed(Inputs):
    word: Annotated[str, Field(title="Word")] = "sesame"


def signed(context: ActionContext, request: WebhookRequest, inputs: Signed) -> TriggerResult:
    if request.header("x-word") != inputs.word:
        raise WebhookRejected(f"signature: the word is wrong for {request.url}")
    body = request.body.decode("utf-8", "replace")
    payload = Payload(context=context, headers=dict(request.headers), raw_body=request.body, body=body)
    event = request.header("x-event")
    response = HttpResponse(content_type="text/xml", body="<Response/>") if request.header("x-twiml") else None
    return TriggerResult(payload=payload, response=response, dedupe=(event,) if event else ())


NUMBERS: dict[str, str] = {}
"""What Acme's numbers call; ``taken`` is not to be had, and with ``down`` in it Acme does not answer."""


class Registering(Signed):
    number: Annotated[str, Field(title="Number")]


def registering(context: ActionContext, request: WebhookRequest, inputs: Registering) -> TriggerResult:
    return signed(context, request, inputs)


def create(context: ActionContext, inputs: Registering, ledger: Ledger) -> Iterator[Change]:
    if "taken" in NUMBERS:
        raise InvalidInput(f"number: {inputs.number} calls <b>somebody</b>; free it first", field="number")
    before = ledger.read().get(inputs.number, NUMBERS.get(inputs.number, ""))
    ledger.write(inputs.number, before)
    NUMBERS[inputs.number] = context.invoke_url
    yield Change(target=f"number {inputs.number}", setting="url", before=before, after=context.invoke_url)


def delete(_context: ActionContext, _inputs: Registering, ledger: Ledger) -> Iterator[Change]:
    if "down" in NUMBERS:
        raise TryLater("Acme cannot be reached")
    for number, before in ledger.read().items():
        NUMBERS[number] = before
        ledger.write(number, None)
        yield Change(target=f"number {number}", setting="url", after=before)
