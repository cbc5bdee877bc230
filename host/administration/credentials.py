"""What lets people and programs in: a password for the pages, tokens for the API. Every change of them is noted."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from ..operating.changes import Changes
from ..store.sessions import Sessions
from ..store.tokens import Scope, Tokens
from .password import Password

NONE_YET = (
    "whoever reaches this address would have to be let in by something: set a password for the pages with "
    "`twilio-connector password set`, or make a token for the API with `twilio-connector token create NAME`; "
    "or listen on 127.0.0.1 without names, where the sign-in link is enough"
)

_AGE = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def expiry(text: str, now: datetime) -> datetime:
    """When what lasts for ``12h``, ``90d`` or ``52w`` from now is over. Raises InvalidInput."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise InvalidInput(
            f"expires: {text!r} is no time; give hours, days or weeks, such as 12h, 90d or 52w", field="expires"
        )
    return now + timedelta(**{_UNITS[found[2]]: int(found[1])})


@dataclass(frozen=True, kw_only=True)
class Credentials:
    password: Password
    tokens: Tokens
    sessions: Sessions
    changes: Changes

    def require(self) -> None:
        """Raises InvalidInput, saying what to do, where nothing would let anybody in from elsewhere."""
        now = utc_now()
        if not self.password.is_set and all(token.is_over(now) for token in self.tokens.all()):
            raise InvalidInput(f"host: {NONE_YET}", field="host")

    def set_password(self, text: str) -> None:
        """Everybody is signed out. Raises InvalidInput."""
        self.password.set(text)
        self.sessions.end_all()
        self.changes.note("password.set", "pages")

    def remove_password(self) -> bool:
        """Everybody is signed out; False when there was none."""
        if not self.password.remove():
            return False
        self.sessions.end_all()
        self.changes.note("password.remove", "pages")
        return True

    def create_token(self, name: str, scope: Scope, expires_at: datetime | None = None) -> str:
        """The token, to be shown once. Raises InvalidInput."""
        token = self.tokens.add(name, scope, expires_at)
        until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "until it is revoked"
        self.changes.note("token.create", name, f"{scope}, {until}")
        return token

    def revoke_token(self, name: str) -> None:
        """Raises InvalidInput when there is none of that name."""
        self.tokens.revoke(name)
        self.changes.note("token.revoke", name)
