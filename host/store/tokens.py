"""API tokens: only their SHA-256 is kept, so a token is shown once."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from ...connector.context import utc_now
from ...connector.errors import InvalidInput
from .database import reading
from .ids import digest
from .schema import tokens as table

Scope = Literal["read", "write"]
PREFIX = "tc_"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHOWN = len(PREFIX) + 6
_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """``prefix`` is how the token begins, by which its holder knows it; ``used_at`` is right to a minute."""

    name: str
    prefix: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


_COLUMNS = [column for column in table.c if column.name != "digest"]


@dataclass(frozen=True, slots=True)
class Tokens:
    engine: sa.Engine

    def add(self, name: str, scope: Scope, expires_at: datetime | None = None) -> str:
        """A new token, to be shown now: it cannot be read back. Raises InvalidInput for a name that is in use or is none."""
        if not NAME.fullmatch(name):
            raise InvalidInput("name: use letters, digits, dot, - and _, at most 100, such as billing", field="name")
        token = PREFIX + secrets.token_urlsafe(32)
        values = {"name": name, "digest": digest(token), "prefix": token[:_SHOWN], "scope": scope}
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(table).values(**values, created_at=utc_now(), expires_at=expires_at))
        except sa.exc.IntegrityError:
            raise InvalidInput(
                f"name: there is a token {name!r} already; revoke it, or choose another name", field="name"
            ) from None
        return token

    def check(self, token: str) -> TokenRecord | None:
        """Whose token it is; None for one that is wrong, was revoked or is over."""
        now = utc_now()
        with reading(self.engine).begin() as connection:
            row = (
                connection.execute(sa.select(*_COLUMNS).where(table.c.digest == digest(token))).mappings().one_or_none()
            )
        record = TokenRecord(**row) if row else None
        if record is None or record.is_over(now):
            return None
        if record.used_at is None or record.used_at < now - _USED_EVERY:
            with self.engine.begin() as connection:
                connection.execute(sa.update(table).where(table.c.name == record.name).values(used_at=now))
        return record

    def all(self) -> list[TokenRecord]:
        """By name."""
        with reading(self.engine).begin() as connection:
            rows = connection.execute(sa.select(*_COLUMNS).order_by(table.c.name)).mappings()
            return [TokenRecord(**row) for row in rows]

    def revoke(self, name: str) -> None:
        """It is refused from now on. Raises InvalidInput when there is none of that name."""
        with self.engine.begin() as connection:
            gone = connection.execute(sa.delete(table).where(table.c.name == name)).rowcount
        if not gone:
            raise InvalidInput(f"name: there is no token {name!r}; see them with: token list", field="name")
