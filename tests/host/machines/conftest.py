"""Processes of one host on one database: an acceptor and workers, a line to the database that can be cut, and a load."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import SecretStr
from twilio.request_validator import RequestValidator
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.store.database import connect, reading
from twilio_connector.host.store.schema import executions
from twilio_connector.sandbox.server import Sandbox

COMMAND = "from twilio_connector.cli.main import main; main()"
WORKER = """
import signal, sys, threading
from dataclasses import replace
from os import environ
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Limits, Settings

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
host = Host.open(replace(Settings.load(environ), limits=Limits(workers=4, beat=0.5, acts=2.0, dead_after=4.0)))
try:
    host.start(serves=False)
    threading.Event().wait()
finally:
    host.stop()
"""
FLOW = """\
definitionVersion: 7
name: Answer
requiredConfigVars:
  - key: Twilio
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: apiKeySecret}
flows:
  - name: Answer
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: webhook}
        inputs:
          twilioConnection: {type: configVar, value: Twilio}
      - name: Send
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: sendSMS}
        inputs:
          twilioConnection: {type: configVar, value: Twilio}
          to: {type: reference, value: trigger.results.body.data.From}
          from: {type: reference, value: trigger.results.body.data.To}
          message: {type: template, value: "reply to {{$trigger.results.body.data.Body}}"}
"""


def handset(number: int) -> str:
    """Each text is another person's."""
    return f"+1555{number:07d}"


@pytest.fixture
def twilio() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class Line:
    """A way to the database that can be cut: nothing passes any more, and nobody is told. Mended, it goes on."""

    def __init__(self, url: str) -> None:
        made = sa.make_url(url)
        self._target = made.query.get("host") or (made.host or "127.0.0.1", made.port or 5432)
        self._port = made.port or 5432
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = threading.Event()
        self._open.set()
        self.url = made.set(host="127.0.0.1", port=self._listening.getsockname()[1], query={}).render_as_string(
            hide_password=False
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._open.clear()

    def mend(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client, self._connect()), daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, str):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{self._target}/.s.PGSQL.{self._port}")
            return server
        return socket.create_connection(self._target)

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        ends = {client: server, server: client}
        with client, server:
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    self._open.wait()
                    try:
                        data = end.recv(65536)
                        ends[end].sendall(data)
                    except OSError:
                        return
                    if not data:
                        return


class Machines:
    """The processes, each with a data directory of its own where the database is a server."""

    def __init__(self, settings: Settings, twilio: Sandbox, folder: Path, stack: ExitStack) -> None:
        self.settings, self.twilio, self.folder, self.stack = settings, twilio, folder, stack
        self.key = Fernet.generate_key().decode()
        self.sent, self._counting = 0, threading.Lock()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.webhook = self._deploy()

    def _deploy(self) -> str:
        file = self.folder / "answer.yaml"
        file.write_text(FLOW)
        fields = {
            "accountSid": self.twilio.account_sid,
            "apiKey": self.twilio.api_key,
            "apiSecret": self.twilio.api_secret,
            "authToken": self.twilio.auth_token,
            "baseUrl": self.twilio.base_url,
        }
        host = Host.open(replace(self.settings, keys=(SecretStr(self.key),), public_url=self.url))
        connection = host.connections.add(name="twilio", component="twilio", key="apiKeySecret", fields=fields)
        instance = host.instances.deploy(file, customer="acme", config={"Twilio": connection.id})
        (webhook,) = host.endpoints.addresses(instance.id).values()
        host.stop()
        return webhook

    def start(self, name: str, *arguments: str, database: str = "") -> subprocess.Popen:
        """A process of the command, or a quicker worker where no arguments are given."""
        data = self.folder / name if self.settings.is_postgres else self.settings.data
        environment = os.environ | {
            "TWILIO_CONNECTOR_KEYS": self.key,
            "TWILIO_CONNECTOR_DATA": str(data),
            "TWILIO_CONNECTOR_PUBLIC_URL": self.url,
            "DATABASE_URL": database or self.settings.database_url.get_secret_value(),
        }
        command = [sys.executable, "-c", COMMAND, *arguments] if arguments else [sys.executable, "-c", WORKER]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        self.stack.callback(end, process)
        return process

    def acceptor(self, *arguments: str) -> subprocess.Popen:
        process = self.start("acceptor", "serve", "--port", self.url.rpartition(":")[2], *arguments)
        until(self._answers, process)
        return process

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/login", timeout=5).status_code == 401
        except requests.ConnectionError:
            return False

    def send(self, count: int) -> list[str]:
        """Send as many signed texts, again where the answer was not 200, as a sender does; the executions, in order."""
        with self._counting:
            numbers = range(self.sent, self.sent + count)
            self.sent += count
        with requests.Session() as session, ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda number: self._send(session, number), numbers))

    def _send(self, session: requests.Session, number: int) -> str:
        sid = f"SM{number:032x}"
        form = {
            "MessageSid": sid,
            "AccountSid": self.twilio.account_sid,
            "From": handset(number),
            "To": self.twilio.number,
        }
        form |= {"Body": str(number), "NumMedia": "0"}
        signature = RequestValidator(self.twilio.auth_token).compute_signature(self.webhook, form)
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": sid}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        while True:
            try:
                answer = session.post(self.webhook, data=urlencode(form), headers=headers, timeout=30)
                if answer.status_code == 200:
                    return answer.headers["x-execution-id"]
            except requests.RequestException:
                pass
            time.sleep(0.1)

    def statuses(self) -> Counter:
        host_engine = self._engine()
        with reading(host_engine).begin() as connection:
            rows = connection.execute(sa.select(executions.c.status, sa.func.count()).group_by(executions.c.status))
            return Counter(dict(map(tuple, rows)))

    def running(self) -> Counter:
        with reading(self._engine()).begin() as connection:
            rows = connection.execute(sa.select(executions.c.executor).where(executions.c.status == "running"))
            return Counter(rows.scalars())

    def errors(self) -> list:
        with reading(self._engine()).begin() as connection:
            return list(connection.scalars(sa.select(executions.c.error).where(executions.c.status == "failed")))

    def _engine(self) -> sa.Engine:
        if not hasattr(self, "_opened"):
            self._opened = connect(self.settings)
            self.stack.callback(self._opened.dispose)
        return self._opened

    def replies(self) -> Counter:
        return Counter(message.body for message in self.twilio.state.messages())

    def wait_for_all(self, *processes: subprocess.Popen) -> None:
        until(lambda: self.statuses()["succeeded"] + self.statuses()["failed"] >= self.sent, *processes, pause=0.2)
        assert self.errors() == []
        assert self.statuses() == {"succeeded": self.sent}
        assert self.replies() == {f"reply to {number}": 1 for number in range(self.sent)}


@pytest.fixture
def machines(settings, twilio, tmp_path) -> Iterator[Machines]:
    with ExitStack() as stack:
        yield Machines(settings, twilio, tmp_path, stack)


@pytest.fixture
def line(settings) -> Iterator[Line]:
    made = Line(settings.database_url.get_secret_value())
    yield made
    made.mend()
    made.close()


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def until(holds, *processes: subprocess.Popen, pause: float = 0.05) -> None:
    """Wait for it, twenty minutes at most: a soak may take long, but nothing waits for ever."""
    deadline = time.monotonic() + 1200
    while not holds():
        assert all(process.poll() is None for process in processes), "a process ended by itself"
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(pause)
