"""Who may see the pages: whoever opens the one-time link that the start prints, on this machine.

The link's token works once and becomes a session: a signed cookie that no script reads and no other site's request carries.
Sessions end with the process, at sign-out, or after a week.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
SESSION_SECONDS = 7 * 24 * 3600
MAX_SESSIONS = 64
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
    """Whether a request that changes something comes from our own pages (or from no page at all, as a script's).

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


class Access:
    """The link's token and the sessions, in memory only. ``key`` signs the cookies; it is new at each start."""

    def __init__(self, key: bytes | None = None) -> None:
        secret = key or secrets.token_bytes(32)
        self._serializer = URLSafeTimedSerializer(secret, salt="session", signer_kwargs={"digest_method": sha256})
        self._token_digest = b""
        self._sessions: dict[str, None] = {}
        # Cookies are shared by all ports of a machine, so two hosts need two names.
        self.cookie = f"host_{sha256(b'cookie' + secret).hexdigest()[:8]}"

    def new_token(self) -> str:
        """A token for ``/login?token=…``; it works once, and the one before it no more."""
        token = secrets.token_urlsafe(32)
        self._token_digest = sha256(token.encode()).digest()
        return token

    def redeem(self, token: str) -> str | None:
        """The cookie's value for a new session, or None for a token that is wrong or was used."""
        given = sha256(token.encode("utf-8", "surrogatepass")).digest()
        if not (self._token_digest and secrets.compare_digest(given, self._token_digest)):
            return None
        self._token_digest = b""
        session = secrets.token_urlsafe(16)
        self._sessions[session] = None
        while len(self._sessions) > MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return str(self._serializer.dumps(session))

    def knows(self, cookie: str | None) -> bool:
        """Whether this cookie is a session of ours that has not ended."""
        return self._session(cookie) in self._sessions

    def name_of(self, cookie: str | None) -> str:
        """By which the log of changes tells sessions apart; the session cannot be found from it."""
        return sha256(b"name of " + self._session(cookie).encode()).hexdigest()[:8]

    def end(self, cookie: str | None) -> None:
        """Sign out."""
        self._sessions.pop(self._session(cookie), None)

    def _session(self, cookie: str | None) -> str:
        try:
            return str(self._serializer.loads((cookie or "").encode("utf-8", "surrogatepass"), max_age=SESSION_SECONDS))
        except BadData:
            return ""
