"""All that runs in a soak, set up: local Twilio, post, disk, database, the host deployed and its processes."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography.fernet import Fernet
from machines import Disk, Machine, Postgres, Supervisor, disk, until
from plan import KINDS
from post import Post
from pydantic import SecretStr
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilios import NUMBERS, TIMEOUT, Twilio
from twilios import running as twilio_running

FLOW = Path(__file__).with_name("flow") / "integration.yaml"


@dataclass(frozen=True)
class Soak:
    """``seconds`` of traffic at ``rate`` events a second; a clock is wrong by at most ``clock`` seconds."""

    seed: int
    seconds: float
    database: str
    rate: float
    clock: float


@dataclass
class Setting:
    """What runs, once it is set up."""

    soak: Soak
    twilio: Twilio
    post: Post
    disk: Disk
    postgres: Postgres | None
    supervisor: Supervisor
    store: Store
    addresses: Mapping[str, str]
    diary: Path

    @property
    def kinds(self) -> tuple[str, ...]:
        absent = {"database" if self.postgres is None else "", "disk" if not self.disk.size else ""}
        return tuple(kind for kind in KINDS if kind not in absent)

    @property
    def watchers(self) -> dict[str, str]:
        """Endpoints of the flows that poll."""
        return {n: url.rpartition("/")[2] for n, url in self.addresses.items() if n.startswith("Watch")}


@contextmanager
def set_up(soak: Soak, folder: Path) -> Iterator[Setting]:
    """Everything runs and nothing is bad yet."""
    with ExitStack() as stack:
        data = stack.enter_context(disk(256 + int(soak.seconds / 60) * 16))
        twilio = stack.enter_context(twilio_running())
        postgres = Postgres(data.folder / "postgres") if soak.database == "postgres" else None
        url = stack.enter_context(postgres.running()) if postgres else ""
        ports = free_ports(2 if postgres else 1)
        post = stack.enter_context(Post(soak.seed, ports).open())
        settings = Settings(
            data=data.folder / "server-1",
            database_url=SecretStr(url),
            public_url=post.url,
            keys=(SecretStr(Fernet.generate_key().decode()),),
        )
        addresses = deploy(settings, twilio)
        post.flows = {urlsplit(url).path: flow for flow, url in addresses.items()}
        point(twilio, addresses)
        (folder / "diary").touch()
        machines = [*machines_of(settings, ports, folder)]
        supervisor = stack.enter_context(Supervisor(machines).running())
        store = Store.open(settings)
        stack.callback(store.close)
        setting = Setting(soak, twilio, post, data, postgres, supervisor, store, addresses, folder / "diary")
        for port in ports:
            until(lambda: is_ready(port), 60, "a server is ready")  # noqa: B023
        until(lambda: twilio.state()["subscriptions"], 60, "Event Streams are subscribed to")
        until(lambda: all(have_polled(setting).values()), 60, "every watcher has polled once")
        yield setting


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        return [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


def deploy(settings: Settings, twilio: Twilio) -> dict[str, str]:
    """Addresses by flow."""
    fields = {
        "accountSid": twilio.account_sid,
        "apiKey": twilio.api_key,
        "apiSecret": twilio.api_secret,
        "authToken": twilio.auth_token,
        "baseUrl": f"{twilio.url}/{{product}}",
        "timeout": TIMEOUT,
    }
    host = Host.open(settings)
    try:
        connection = host.connections.add(name="twilio", component="twilio", key="apiKeySecret", fields=fields)
        instance = host.instances.deploy(FLOW, customer="soak", config={"Twilio": connection.id})
        return host.endpoints.addresses(instance.id)
    finally:
        host.stop()


def point(twilio: Twilio, addresses: Mapping[str, str]) -> None:
    """Let the numbers call the flows, and Twilio tell of its alerts."""
    numbers = {it["phone_number"]: it["sid"] for it in twilio.state()["numbers"]}
    urls = {flow: {"SmsUrl": addresses[flow]} for flow in ("Text", "Answer", "Opt-out")}
    urls["Nobody"] = {"SmsUrl": addresses["Text"].rpartition("/")[0] + "/nobody"}
    urls["Call"] = {"VoiceUrl": addresses["Call"], "StatusCallback": addresses["Call status"]}
    for name, form in urls.items():
        twilio.post(f"IncomingPhoneNumbers/{numbers[NUMBERS[name]]}", form).raise_for_status()
    twilio.tell_alerts(addresses["Alert"])


def machines_of(settings: Settings, ports: Sequence[int], folder: Path) -> Iterator[Machine]:
    """On Postgres a server that only accepts, one that works too, and a worker; on SQLite one server."""
    serving = [("serve", "--port", str(port)) for port in ports]
    commands = [serving[0]] if not ports[1:] else [(*serving[0], "--no-work"), serving[1], ("worker",)]
    for number, command in enumerate(commands, 1):
        name = f"{command[0].replace('serve', 'server')}-{number}"
        environment = {
            "TWILIO_CONNECTOR_KEYS": settings.keys[0].get_secret_value(),
            "TWILIO_CONNECTOR_DATA": str(settings.data.with_name(name)),
            "TWILIO_CONNECTOR_PUBLIC_URL": settings.public_url,
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "SOAK_DIARY": str(folder / "diary"),
        }
        yield Machine(name, command, environment, folder)


def is_ready(port: int) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).ok
    return False


def have_polled(setting: Setting) -> dict[str, Any]:
    """When each watcher has polled last, without an error since."""
    found = {name: setting.store.schedules.get(endpoint) for name, endpoint in setting.watchers.items()}
    return {name: None if it is None or it.error else it.last_at for name, it in found.items()}
