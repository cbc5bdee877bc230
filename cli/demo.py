"""``demo``: the local Twilio, the host and one conversation, on free loopback ports and in a folder that goes away."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from ..connector.errors import ConnectorError
from ..host.host import Host
from ..host.settings import Settings
from ..host.store import portable
from ..host.store.executions import ExecutionRecord
from ..host.web.access import Access
from ..host.web.app import create_app
from ..host.web.server import listen, serving, url_of
from ..sandbox.records import Message, Number
from ..sandbox.server import Sandbox
from ..sandbox.state import Change

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "auto-reply" / "integration.yaml"
ANSWER, FOLLOW = "Answer Texts", "Follow Reply"
QUESTION = "When are you open? What are your hours?"
T = TypeVar("T")
PATIENCE = 30.0  # seconds, on a machine that is slow or busy


class DemoFailed(ConnectorError):
    """The conversation did not happen as it must."""

    kind = "failed"
    exit_status = 1


@dataclass(frozen=True)
class Stage:
    """What a demonstration needs, running. ``login`` is the one-time link to the host's pages."""

    twilio: Sandbox
    host: Host
    url: str
    login: str


def demo(*, once: bool) -> None:
    """Show a conversation. Raises DemoFailed if the reply, its status or the stored text is not as it must be."""
    with stage() as running:
        _say(f"Local Twilio   {running.twilio.url}/phone")
        _say(f"Host           {running.login}")
        _say(f"Registered     {registered(running)}\n")
        narrator = Narrator()
        stop_telling = running.twilio.state.subscribe(narrator)
        execution = converse(running, narrator)
        _say(f"\nThe flow {FOLLOW!r} heard: {', '.join(follow(running))}")
        _say(f"Read back from the database: {read_back(running, execution)!r}")
        if not once:
            _stay(f"\nText {running.twilio.number} from the phone, or open the host. Ctrl-C ends it.")
        stop_telling()


@contextmanager
def stage() -> Iterator[Stage]:
    """The local Twilio and the host, with the example deployed: it points Twilio's number at itself."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(TemporaryDirectory(prefix="twilio-connector-demo-")))
        twilio = stack.enter_context(Sandbox())
        socket = stack.enter_context(listen())
        host = stack.enter_context(Host.open(Settings(data=data, public_url=url_of(socket))))
        deploy(host, twilio)
        access = Access(host.credentials)
        url = stack.enter_context(serving(create_app(host, access), socket))
        yield Stage(twilio, host, url, f"{url}/login?token={access.new_token()}")


def deploy(host: Host, twilio: Sandbox) -> None:
    """Make the connection and deploy the example for a customer."""
    fields = {
        "accountSid": twilio.account_sid,
        "apiKey": twilio.api_key,
        "apiSecret": twilio.api_secret,
        "authToken": twilio.auth_token,
        "baseUrl": twilio.base_url,
    }
    record = host.connections.add(name="Local Twilio", component="twilio", key="apiKeySecret", fields=fields)
    host.connections.test(record.id)
    config = {"Twilio Connection": record.name, "Phone Number": _number(twilio).sid}
    host.instances.deploy(EXAMPLE, customer="acme", customer_name="Acme", config=config)


def registered(stage: Stage) -> str:
    """Where the local Twilio sends the number's texts now, by its own books."""
    return f"{stage.twilio.number} → {_number(stage.twilio).sms_url}"


def _number(twilio: Sandbox) -> Number:
    number = twilio.state.number(twilio.number)
    assert number is not None  # noqa: S101  the local Twilio starts with it
    return number


@dataclass(frozen=True)
class Narrator:
    """Prints each message and what becomes of it; ``arrived`` is set when an answer is with its handset."""

    arrived: threading.Event = field(default_factory=threading.Event)

    def __call__(self, change: Change) -> None:
        """Told by the local Twilio of each change."""
        message = change.message
        if message is not None and change.made:
            _say(_line(message))
        elif message is not None and message.direction != "inbound":
            _say(f"{'':>14} {message.status}")
            if message.status == "delivered":
                self.arrived.set()


def _line(message: Message) -> str:
    if message.direction == "inbound":
        return f"{message.from_} → {message.to}   {message.body}"
    return f"{message.to} ← {message.from_}   {message.body}"


def converse(stage: Stage, narrator: Narrator) -> str:
    """Text the number from the handset and wait for the flow's reply; the id of the execution that sent it."""
    stage.twilio.state.receive(stage.twilio.handset, stage.twilio.number, QUESTION)
    if narrator.arrived.wait(PATIENCE) and (execution := _until(lambda: _succeeded(stage.host, ANSWER))):
        return execution.id
    alerts = "; ".join(alert.text for alert in stage.twilio.state.alerts())
    raise DemoFailed(f"no reply within {PATIENCE:g} seconds; the local Twilio noted: {alerts or 'nothing'}")


def follow(stage: Stage) -> list[str]:
    """The statuses of the reply that reached the second flow, in order. Raises DemoFailed where its end did not."""
    heard = _until(lambda: found if (found := _heard(stage.host))[-1:] == ["delivered"] else None)
    if heard is None:
        raise DemoFailed(
            f"the flow {FOLLOW!r} heard {', '.join(_heard(stage.host)) or 'nothing'}, and not of the delivery"
        )
    return heard


def _heard(host: Host) -> list[str]:
    records = [record for record in host.store.executions.recent(status="succeeded") if record.flow == FOLLOW]
    return [str(_said(host, record.id)["status"]) for record in reversed(records)]


def read_back(stage: Stage, execution_id: str) -> str:
    """The text, from the database. Raises DemoFailed if it is another one."""
    text = _said(stage.host, execution_id).get("body")
    if text != QUESTION:
        raise DemoFailed(f"the database holds {text!r} where {QUESTION!r} came in")
    return str(text)


def _said(host: Host, execution_id: str) -> dict[str, Any]:
    """What a flow was told, as the trigger reads it."""
    record = host.store.executions.get(execution_id)
    payload: dict[str, Any] = portable.loads(record.payload or "{}") if record else {}
    found: dict[str, Any] = payload.get("body", {}).get("data", {})
    return found


def _succeeded(host: Host, flow: str) -> ExecutionRecord | None:
    return next((record for record in host.store.executions.recent(status="succeeded") if record.flow == flow), None)


def _until(found: Callable[[], T | None]) -> T | None:
    """Ask until there is an answer: the host calls nobody when it has written an execution down."""
    deadline = time.monotonic() + PATIENCE
    while (value := found()) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


def _stay(invitation: str) -> None:
    try:
        _say(invitation)
        threading.Event().wait()
    except KeyboardInterrupt:
        _say("")


def _say(line: str) -> None:
    print(line, flush=True)
