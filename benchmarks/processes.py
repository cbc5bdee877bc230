"""Servers in processes of their own, on a core of their own; what they use; and those of the host, as a user starts them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from loopback import ACCOUNT, TOKEN

BIN = Path(sys.executable).parent
FLOWS = Path(__file__).with_name("flows")
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A process with all that it has started. ``url`` is where it is reached, ``log`` what it prints."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def pids(self) -> list[int]:
        return list(_family(self.process.pid))

    def processor(self) -> float:
        """Seconds that it has computed, in user and system mode."""
        return sum(map(_computed, self.pids)) / os.sysconf("SC_CLK_TCK")

    def resident(self, kind: str = "VmRSS") -> float:
        """Megabytes now; with ``VmHWM`` the most that it ever had."""
        return sum(_memory(pid, kind) for pid in self.pids) / 1024


@contextmanager
def running(command: Sequence[str], folder: Path, url: str, **environ: str) -> Iterator[Server]:
    """Runs in the folder until the block ends; given when ``url`` answers. Whoever measures is on another core from then on."""
    cores = _cores()
    log = folder / "server.log"
    with log.open("wb") as written, _pinned(cores[-1:]):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_CONNECTOR_")}
        plain.pop("DATABASE_URL", None)
        process = subprocess.Popen(command, cwd=folder, stdout=written, stderr=subprocess.STDOUT, env=plain | environ)
    with _pinned(cores[:1]):
        try:
            server = Server(process, url, log)
            wait_until(partial(_answers, url), server)
            yield server
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_until(is_so: Callable[[], bool], server: Server, every: float = 0.005) -> None:
    """Raises SystemExit with what the server said last, when it ends first or it takes a minute."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{server.process.args}: {server.log.read_text()[-2000:]}")
        time.sleep(every)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def serving(data: Path, base: str, *options: str) -> Iterator[Server]:
    """``twilio-connector serve`` on that directory, which is made if it is not there."""
    data.mkdir(parents=True, exist_ok=True)
    port = base.rpartition(":")[2]
    command = [str(BIN / "twilio-connector"), "serve", "--port", port, "--data", str(data), *options]
    with running(command, data, f"{base}/login") as server:
        yield server


def deployed(data: Path, base: str, flow: str, first: Callable[[Any, str], object] = lambda _host, _url: None) -> str:
    """A data directory with that flow deployed; the address of its webhook. ``first`` is called with the host and it."""
    from twilio_connector.host.host import Host
    from twilio_connector.host.settings import Settings

    data.mkdir(parents=True, exist_ok=True)
    host = Host.open(Settings(data=data, public_url=base))
    fields = {"username": ACCOUNT, "password": TOKEN}
    host.connections.add(name="Twilio", component="twilio", key="basic", fields=fields)
    path = FLOWS / flow / "integration.yaml"
    instance = host.instances.deploy(path, customer="bench", config={"Twilio Connection": "Twilio"})
    (url,) = host.endpoints.addresses(instance.id).values()
    first(host, url)
    host.stop()
    return url


def loopback() -> str:
    """The base address of a server that is to be."""
    return f"http://127.0.0.1:{free_port()}"


def _cores() -> list[int]:
    """Those that may be used; nothing is pinned where there is one, or where the system cannot."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return found if found[1:] else []


@contextmanager
def _pinned(cores: Sequence[int]) -> Iterator[None]:
    """The thread that enters, and the processes that it starts."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _answers(url: str) -> bool:
    """A page that asks for a login is an answer."""
    try:
        urlopen(url, timeout=5).close()
    except HTTPError:
        return True
    except URLError:
        return False
    return True


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


def _computed(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _memory(pid: int, kind: str) -> int:
    lines: Mapping[str, str] = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return int(lines[kind].split()[0])
