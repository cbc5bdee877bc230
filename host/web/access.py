"""Who may see the pages: whoever opens a one-time link, or knows the password where one is set.

Either becomes a session: a random cookie that no script reads and no other site's request carries, known to every process of
the host by its SHA-256. A session ends at sign-out, after a week, or when the password changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from ..administration.credentials import Credentials
from ..store.sessions import LIFETIME
from .throttle import Throttle

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
SESSION_SECONDS = int(LIFETIME.total_seconds())
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where pages may be reached: names without port, in lower case."""

    names: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str] = ()) -> "Origin":
        return cls(LOOPBACK_NAMES | {name.lower() for name in names})

    def knows(self, headers: Headers) -> bool:
        """False for a Host that is not ours: another name that was made to resolve to this machine (DNS rebinding)."""
        hosts = headers.getlist("host")
        return len(hosts) == 1 and _hostname(f"//{hosts[0]}") in self.names


def is_own_request(headers: Headers) -> bool:
    """Whether a request that changes something comes from our own pages.

    Browsers say so in Sec-Fetch-Site; older ones, and those on plain HTTP beyond loopback, in Origin. Neither: refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin, host = headers.get("origin"), headers.get("host")
    return origin is not None and origin in {f"http://{host}", f"https://{host}"}


def _hostname(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    if parts.username is not None or parts.path:
        return None
    return parts.hostname


@dataclass
class Access:
    """Links, the password and sessions. What is given here is a stranger's: any text may come.

    Wrong passwords and the wrong tokens of ``programs`` are slowed apart: a program with an old token keeps nobody out.
    """

    credentials: Credentials
    throttle: Throttle = field(default_factory=Throttle)
    programs: Throttle = field(default_factory=Throttle)
    _link: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        # Cookies are shared by all ports of a machine, so two hosts need two names; all processes of one need the same.
        self.cookie = f"host_{self.credentials.sessions.mark()}"

    def new_token(self) -> str:
        """A token for ``/login?token=…``; it works once, and the one that was made here before it no more."""
        self.credentials.sessions.end(self._link, "link")
        self._link = self.credentials.sessions.add("link")
        return self._link

    def redeem(self, token: str) -> str | None:
        """The cookie's value for a new session, or None for a token that is wrong or was used."""
        sessions = self.credentials.sessions
        return sessions.add("session") if sessions.end(token, "link") else None

    def enter(self, password: str) -> str | None:
        """The same for the password."""
        return self.credentials.sessions.add("session") if self.credentials.password.matches(password) else None

    def knows(self, cookie: str | None) -> bool:
        """Whether this cookie is a session that has not ended."""
        return bool(cookie) and self.credentials.sessions.knows(cookie or "")

    def name_of(self, cookie: str | None) -> str:
        """By which the log of changes tells sessions apart; the session cannot be found from it."""
        return sha256(b"name of " + (cookie or "").encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def end(self, cookie: str | None) -> None:
        """Sign out."""
        self.credentials.sessions.end(cookie or "")
