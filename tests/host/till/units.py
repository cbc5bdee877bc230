"""A service that is a file: each line is a charge. What it does next a second file says, so that a test can hold it."""

import time
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput, OutcomeUnknown, Refused, TryLater
from twilio_connector.connector.http import HttpRequest
from twilio_connector.connector.inputs import Connection, Inputs

FAILURES = {error.kind: error for error in (InvalidInput, ConnectionFailed, Refused, TryLater, OutcomeUnknown)}


class Drawer(Connection):
    secret: Annotated[SecretStr, Field(title="Secret")]

    def test(self, context: ActionContext) -> str:
        return "open"


class Charge(Inputs):
    drawer: Drawer
    file: Annotated[str, Field(title="File")]
    text: Annotated[str, Field(title="Text")] = "charged"


class Read(Inputs):
    drawer: Drawer
    file: Annotated[str, Field(title="File")]


def charge(context: ActionContext, inputs: Charge) -> dict[str, str]:
    """Charge, then hold for as long as ``<file>.hold`` is there, then fail as ``<file>.fail`` says."""
    file = Path(inputs.file)
    fail = file.with_suffix(".fail")
    kind = fail.read_text() if fail.exists() else ""
    if kind in {"input", "connection", "retry", "refused"}:
        raise FAILURES[kind]("no")
    with file.open("a") as lines:
        lines.write(inputs.text + "\n")
    while file.with_suffix(".hold").exists():
        time.sleep(0.01)
    if kind:
        raise FAILURES[kind]("nobody knows") if kind in FAILURES else RuntimeError(kind)
    return {"number": str(len(file.read_text().splitlines())), "secret": inputs.drawer.secret.get_secret_value()}


def charge_once(context: ActionContext, inputs: Charge) -> dict[str, str]:
    if context.first_attempt and Path(inputs.file).exists():
        for number, _ in enumerate(Path(inputs.file).read_text().splitlines(), 1):
            if context.claims.take(f"line {number}"):
                return {"number": str(number), "found": "yes"}
    made = charge(context, inputs)
    context.claims.take(f"line {made['number']}")
    return made


def wire(context: ActionContext, inputs: Charge) -> str:
    """Two requests, one after the other."""
    for path in ("order", "charge"):
        context.transport.send(HttpRequest(method="POST", url=f"https://till.example/{path}"))
    return "charged"


def read(context: ActionContext, inputs: Read) -> bytes:
    return Path(inputs.file).read_bytes()


def lines(context: ActionContext, inputs: Read) -> list[dict[str, str]]:
    return [{"label": line, "key": line} for line in Path(inputs.file).read_text().splitlines()]
