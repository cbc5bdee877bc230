"""For which address a refused request was signed: the most common cause of a refusal is a public URL that is not the sender's.

The trigger itself is asked, with other addresses that the request may have been sent to. What it answers is only told to the
operator; the request stays refused.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from ...connector.payload import WebhookRequest
from .routes import Route

MOST = 24
EVERY = 1.0  # seconds between two diagnoses: strangers must not make this host calculate
_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?")
_FORWARDED_HOST = re.compile(r'(?i)\bhost="?([^";,]+)"?')


def signed_url(route: Route, request: WebhookRequest, public_url: str) -> str:
    """The address for which the trigger would have accepted the request; empty where there is none among the likely ones."""
    for url in candidates(request, public_url):
        try:
            route.trigger.emit(route.context, replace(request, url=url), route.inputs)
        except Exception:  # noqa: BLE001, S112 (it is refused for this address, too, for whatever reason)
            continue
        return url
    return ""


def candidates(request: WebhookRequest, public_url: str) -> list[str]:
    """Where the request may have been sent to, as its headers and habit have it: at most ``MOST`` addresses."""
    public = urlsplit(public_url)
    path = request.url.removeprefix(public_url)
    prefixes = dict.fromkeys((public.path, _header(request, "x-forwarded-prefix").rstrip("/"), ""))
    hosts = dict.fromkeys(_hosts(request, public.netloc))
    urls = (
        f"{scheme}://{host}{prefix}{path}"
        for prefix in prefixes
        if not prefix or prefix.startswith("/")
        for host in hosts
        for scheme in ("https", "http")
    )
    return [url for url in dict.fromkeys(urls) if url != request.url][:MOST]


def _hosts(request: WebhookRequest, public: str) -> Iterator[str]:
    """The names, each as it was given and without a port, and with the one that a proxy tells."""
    forwarded = _FORWARDED_HOST.search(_header(request, "forwarded"))
    given = [
        _header(request, "x-forwarded-host").partition(",")[0],
        _header(request, "x-original-host"),
        forwarded[1] if forwarded else "",
        _header(request, "host"),
        public,
    ]
    port = _header(request, "x-forwarded-port").partition(",")[0].strip()
    for host in given:
        match = _HOST.fullmatch(host.strip())
        if match:
            # The port that a scheme has anyway is seldom written, and then not signed.
            yield from (match[1], host.strip()) if match[2] in {":443", ":80"} else (host.strip(), match[1])
            if port.isascii() and port.isdigit():
                yield f"{match[1]}:{port[:5]}"


def _header(request: WebhookRequest, name: str) -> str:
    return (request.header(name) or "")[:1000]


@dataclass
class Diagnoses:
    """One at a time, in a thread of its own, and no more than one every ``every`` seconds."""

    every: float = EVERY
    clock: Callable[[], float] = time.monotonic
    _busy: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _next: float = 0.0

    def try_start(self, find: Callable[[], str], tell: Callable[[str], None]) -> bool:
        """Find out and tell; False where it is not the time for it, and nothing is told."""
        if not self._busy.acquire(blocking=False):
            return False
        if self.clock() < self._next:
            self._busy.release()
            return False
        self._next = self.clock() + self.every
        threading.Thread(target=self._run, args=(find, tell), name="diagnosis", daemon=True).start()
        return True

    def _run(self, find: Callable[[], str], tell: Callable[[str], None]) -> None:
        try:
            tell(find())
        finally:
            self._busy.release()
