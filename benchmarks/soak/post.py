"""The way from the local Twilio to the host, which is bad, and a book of what went over it.

What Twilio hands in is a letter, and is delivered until the host has accepted it: late and so after others, twice at once,
slowly, cut off in the middle, again because the answer was lost; a forged copy may come with it. Where Twilio reads the answer
it waits for it, as long as it would.
"""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from time import sleep
from urllib.parse import parse_qs, urlsplit

RATE = 0.05
TROUBLES = ("late", "twice", "slow", "cut", "lost", "forged")
LATE = (0.3, 5.0)  # seconds
WAITED = frozenset({"Answer", "Call"})  # flows whose answer Twilio reads
WAITS = 14.0  # seconds that Twilio waits for an answer that it reads
TRY = 16.0  # seconds that one delivery may take
PAUSE = 0.4  # seconds between two
EMPTY = b"<Response/>"
YES, BROKEN = 2, 5  # classes of status
NOT_OURS = frozenset({"connection", "content-length", "transfer-encoding", "accept-encoding"})
Answer = tuple[int, str, bytes, str]  # status, content type, body, execution


@dataclass
class Letter:
    """``accepted`` has the execution of each answer that said yes: one, or none where it starts no flow."""

    flow: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    trouble: str
    accepted: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)  # how forged copies were answered
    told: Answer | None = None  # what Twilio read
    first: Answer | None = None
    answered: threading.Event = field(default_factory=threading.Event)

    @property
    def is_open(self) -> bool:
        return len(self.accepted) < (2 if self.trouble == "twice" else 1)

    @property
    def form(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


class Post:
    """``ports`` are the host's; ``flows`` are found by the paths of their addresses; ``is_bad`` lets troubles happen."""

    def __init__(self, seed: int, ports: Sequence[int]) -> None:
        self.ports = ports
        self.flows: dict[str, str] = {}
        self.letters: list[Letter] = []
        self.seen: Counter[str] = Counter()
        self.is_bad = False
        self._random, self._lock = Random(seed), threading.Lock()
        self._closing = threading.Event()
        self._couriers = ThreadPoolExecutor(64, thread_name_prefix="courier")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def open(self) -> Iterator["Post"]:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            yield self
        finally:
            self._closing.set()
            self._server.shutdown()
            self._server.server_close()
            self._couriers.shutdown(cancel_futures=True)

    @property
    def open_letters(self) -> list[Letter]:
        """What the host has not accepted yet."""
        return [letter for letter in list(self.letters) if letter.is_open]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        post = self

        class Hatch(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, content_type, text, _ = post.take(self.path, self.headers.items(), body)
                with suppress(OSError):
                    self.send_response(status)
                    self.send_header("Content-Type", content_type)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        return Hatch

    def take(self, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """A letter, or 404 for an address that is nobody's. What Twilio does not read is answered before it is delivered."""
        flow = self.flows.get(urlsplit(path).path)
        if flow is None:
            return 404, "text/plain", b"nobody", ""
        with self._lock:
            letter = Letter(flow, path, [h for h in headers if h[0].lower() not in NOT_OURS], body, self._trouble())
            delay = self._random.uniform(*LATE) if letter.trouble == "late" else 0.0
            self.letters.append(letter)
        self._couriers.submit(self._carry, letter, delay)
        if letter.trouble == "twice":
            self._couriers.submit(self._carry, letter, delay)
        if flow not in WAITED:
            return 200, "text/xml", EMPTY, ""
        letter.answered.wait(WAITS)
        letter.told = letter.first or (503, "text/plain", b"too late", "")
        return letter.told

    def _trouble(self) -> str:
        trouble = self._random.choice(TROUBLES) if self._random.random() < RATE * len(TROUBLES) else ""
        if not self.is_bad or not trouble:
            return ""
        self.seen[trouble] += 1
        return trouble

    def _carry(self, letter: Letter, delay: float) -> None:
        sleep(delay)
        if letter.trouble == "forged":
            self._forge(letter)
        if letter.trouble in {"cut", "lost"}:
            self._spoil(letter)
        while not self._closing.is_set():
            answer = self._deliver(letter, letter.body, slowly=letter.trouble == "slow")
            if answer and answer[0] // 100 == YES:
                with self._lock:
                    letter.accepted.append(answer[3])
                    letter.first = letter.first or answer
                letter.answered.set()
                return
            self._closing.wait(PAUSE)

    def _forge(self, letter: Letter) -> None:
        """The same signature under another text."""
        answer = self._deliver(letter, letter.body.replace(b"a", b"b", 1) + b"&Forged=1")
        if answer and answer[0] // 100 != BROKEN:
            letter.refused.append(answer[0])

    def _spoil(self, letter: Letter) -> None:
        """Hang up in the middle of the letter, or as soon as all of it is sent."""
        end = len(letter.body) // 2 if letter.trouble == "cut" else len(letter.body)
        with suppress(OSError):
            connection = self._connect()
            self._begin(connection, letter, len(letter.body))
            connection.send(letter.body[:end])
            connection.close()

    def _deliver(self, letter: Letter, body: bytes, *, slowly: bool = False) -> Answer | None:
        try:
            connection = self._connect()
        except OSError:
            return None
        try:
            self._begin(connection, letter, len(body))
            for piece in _pieces(body) if slowly else [body]:
                connection.send(piece)
                sleep(0.3 if slowly else 0)
            response = connection.getresponse()
            said = response.headers
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return response.status, said.get("Content-Type", ""), body, said.get("x-execution-id", "")

    def _connect(self) -> http.client.HTTPConnection:
        with self._lock:
            port = self._random.choice(self.ports)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TRY)
        connection.connect()
        return connection

    def _begin(self, connection: http.client.HTTPConnection, letter: Letter, length: int) -> None:
        connection.putrequest("POST", letter.path, skip_host=True, skip_accept_encoding=True)
        for name, value in letter.headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(length))
        connection.endheaders()


def _pieces(body: bytes) -> list[bytes]:
    size = len(body) // 4 + 1
    return [body[start : start + size] for start in range(0, len(body), size)]
