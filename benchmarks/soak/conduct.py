"""The soak itself: set up, let it run while things break, let it come to rest, and read the books."""

import json
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
from audit import EVENT, Books, Delivered, Execution, named_by_twilio
from cryptography.fernet import Fernet
from machines import Disk, Machine, Postgres, Supervisor, disk, until
from plan import KINDS, Fault, plan
from post import Post
from pydantic import SecretStr
from traffic import Traffic
from twilio_connector.connector.context import utc_now
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.store.database import reading
from twilio_connector.host.store.schema import executions, status_in
from twilios import NUMBERS, TIMEOUT, Twilio
from twilios import running as twilio_running

FLOW = Path(__file__).with_name("flow") / "integration.yaml"
POLLS = 3.0  # seconds between two polls that are made besides those of the schedule
GENTLY = 2.0  # seconds down: for less the postmaster is killed
SETTLES = 180.0  # seconds for all to come to rest, besides what wrong clocks put off


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
        connection = host.add_connection(name="twilio", component="twilio", key="apiKeySecret", fields=fields)
        instance = host.deploy(FLOW, customer="soak", config={"Twilio": connection.id})
        return host.addresses(instance.id)
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


# ── while it runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(setting: Setting) -> list[Fault]:
    """Traffic and faults for as long as the soak takes; gives the faults that there were."""
    soak, over = setting.soak, threading.Event()
    faults = plan(soak.seed, soak.seconds, list(setting.supervisor.machines), setting.kinds, soak.clock)
    traffic = Traffic(soak.seed, setting.twilio, dict(setting.addresses), soak.rate)
    threads = [
        threading.Thread(target=traffic.run, name="traffic"),
        threading.Thread(target=poll_now_and_then, args=(setting, over), name="polls"),
    ]
    setting.twilio.break_down()
    setting.post.is_bad = True
    for thread in threads:
        thread.start()
    try:
        let_happen(setting, faults)
    finally:
        over.set()
        traffic.end()
        for thread in threads:
            thread.join()
    return faults


def let_happen(setting: Setting, faults: Sequence[Fault]) -> None:
    """Each fault at its time, and its end at its own."""
    due = sorted(
        [(it.at, 0, it) for it in faults] + [(it.at + it.seconds, 1, it) for it in faults if lasts(it)],
        key=lambda it: it[:2],
    )
    began = monotonic()
    for at, is_end, fault in due:
        sleep(max(0.0, began + at - monotonic()))
        if is_end:
            end_fault(setting, fault)
        else:
            print(fault, flush=True)
            begin_fault(setting, fault)
    sleep(max(0.0, began + setting.soak.seconds - monotonic()))


def lasts(fault: Fault) -> bool:
    return fault.kind in {"freeze", "database", "disk"}


def begin_fault(setting: Setting, fault: Fault) -> None:
    machine = setting.supervisor.machines.get(fault.target)
    if fault.kind == "kill":
        machine.kill()
    elif fault.kind == "freeze":
        machine.signal(signal.SIGSTOP)
    elif fault.kind == "clock":
        machine.step_clock(fault.seconds)
    elif fault.kind == "database":
        setting.postgres.go_down(gently=fault.seconds > GENTLY)
    else:
        setting.disk.fill()


def end_fault(setting: Setting, fault: Fault) -> None:
    if fault.kind == "freeze":
        setting.supervisor.machines[fault.target].signal(signal.SIGCONT)
    elif fault.kind == "database":
        setting.postgres.come_up()
    else:
        setting.disk.free()


def poll_now_and_then(setting: Setting, over: threading.Event) -> None:
    random, watchers = Random(setting.soak.seed), list(setting.watchers.values())
    while not over.wait(POLLS):
        with suppress(InvalidInput, sa.exc.SQLAlchemyError):
            setting.store.schedules.run_now(random.choice(watchers), utc_now())


def have_polled(setting: Setting) -> dict[str, Any]:
    """When each watcher has polled last, without an error since."""
    found = {name: setting.store.schedules.get(endpoint) for name, endpoint in setting.watchers.items()}
    return {name: None if it is None or it.error else it.last_at for name, it in found.items()}


# ── until it rests ────────────────────────────────────────────────────────────────────────────────────────────────────────


def come_to_rest(setting: Setting) -> list[dict[str, Any]]:
    """Nothing is bad any more; wait until nothing is left to do, and the watchers have looked. Gives Twilio's faults."""
    faults = setting.twilio.mend()
    setting.post.is_bad = False
    setting.disk.free()
    if setting.postgres:
        setting.postgres.come_up()
    for machine in setting.supervisor.machines.values():
        machine.step_clock(0.0)
        machine.signal(signal.SIGCONT)
    deadline = monotonic() + SETTLES + 2 * setting.soak.clock
    rest(setting, deadline)
    while look_again(setting, deadline):
        rest(setting, deadline)
    return faults


def rest(setting: Setting, deadline: float) -> None:
    """Until Twilio, the post and the host have nothing to do, one after the other and then again all at once."""
    until(lambda: at_rest(setting), deadline - monotonic(), "all comes to rest", pause=0.5)


def at_rest(setting: Setting) -> bool:
    if setting.post.open_letters or still_open(setting.store):
        return False
    state, letters = setting.twilio.state(), len(setting.post.letters)
    if any(it["status"] not in {"received", "delivered", "undelivered"} for it in state["messages"]):
        return False
    if any(it["status"] in {"queued", "ringing", "in-progress"} for it in state["calls"]):
        return False
    sleep(1.0)  # what Twilio tells after that
    return letters == len(setting.post.letters) and not setting.post.open_letters and not still_open(setting.store)


def still_open(store: Store) -> bool:
    query = sa.select(executions.c.id).where(status_in(executions, "accepted", "running", "waiting")).limit(1)
    try:
        with reading(store.engine).begin() as connection:
            return connection.execute(query).first() is not None
    except sa.exc.SQLAlchemyError:
        return True


def look_again(setting: Setting, deadline: float) -> bool:
    """Let each watcher poll once more; whether they found anything."""
    before, began = count(setting.store), utc_now()
    for endpoint in setting.watchers.values():
        until(lambda: asked(setting.store, endpoint), deadline - monotonic(), "a watcher can be asked")  # noqa: B023
    until(
        lambda: all(at and at >= began for at in have_polled(setting).values()),
        deadline - monotonic(),
        "every watcher has polled",
    )
    return count(setting.store) > before


def asked(store: Store, endpoint: str) -> bool:
    try:
        store.schedules.run_now(endpoint, utc_now())
    except InvalidInput:
        return False
    return True


def count(store: Store) -> int:
    with reading(store.engine).begin() as connection:
        watching = executions.c.flow.like("Watch%")
        return connection.scalar(sa.select(sa.func.count()).select_from(executions).where(watching))


# ── the books ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def books(setting: Setting) -> Books:
    state = setting.twilio.state()
    return Books(
        messages=state["messages"],
        calls=state["calls"],
        recordings=state["recordings"],
        transcriptions=setting.twilio.listed("Transcriptions", "transcriptions"),
        alerts=state["alerts"],
        numbers=state["numbers"],
        delivered=[delivered(letter) for letter in setting.post.letters],
        executions=[*executed(setting.store)],
        diary=[json.loads(line) for line in setting.diary.read_text().splitlines()],
    )


def delivered(letter: Any) -> Delivered:
    said = json.loads(letter.body) if letter.flow == EVENT else letter.form
    return Delivered(
        flow=letter.flow,
        event=named_by_twilio(letter.flow, said),
        executions=frozenset(letter.accepted),
        told=letter.told[2].decode() if letter.told else None,
        forged=tuple(letter.refused),
    )


def executed(store: Store) -> Iterator[Execution]:
    columns = (executions.c[name] for name in ("id", "flow", "status", "payload", "error", "created_at"))
    with reading(store.engine).begin() as connection:
        for row in connection.execute(sa.select(*columns).order_by(executions.c.id)):
            body = json.loads(row.payload)["body"]
            yield Execution(
                id=row.id,
                flow=row.flow,
                status=row.status,
                event=body.get("data") if isinstance(body, dict) else None,
                error=str((row.error or {}).get("message", "")),
                minute=f"{row.created_at:%H:%M}",
            )
