"""The password of the pages, hashed with scrypt (RFC 7914); its parameters are kept with it, so they may grow."""

import hashlib
import secrets
import threading
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

import sqlalchemy as sa

from ...connector.errors import InvalidInput
from ..store.database import insert, read_meta, reading
from ..store.schema import meta

SHORTEST, LONGEST = 12, 1024
_KEY = "password"
_COST = (1 << 15, 8, 3)  # N, r, p: 32 MiB a try, as OWASP's password storage cheat sheet has it


@dataclass(frozen=True)
class Password:
    """At most one at a time is checked, so that whoever guesses takes no more memory than that."""

    engine: sa.Engine
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_set(self) -> bool:
        return self._stored() is not None

    def set(self, text: str) -> None:
        """Raises InvalidInput for one that is too short to withstand guessing, or is longer than a password."""
        if not SHORTEST <= len(text) <= LONGEST:
            raise InvalidInput(
                f"password: give {SHORTEST} to {LONGEST} characters; a few words in a row are good", field="password"
            )
        statement = sa.delete(meta).where(meta.c.key == _KEY)
        with self.engine.begin() as connection:
            connection.execute(statement)
            connection.execute(
                insert(connection, meta).values(key=_KEY, value=_hash(text, secrets.token_bytes(16), _COST))
            )

    def remove(self) -> bool:
        """False when there was none."""
        with self.engine.begin() as connection:
            return bool(connection.execute(sa.delete(meta).where(meta.c.key == _KEY)).rowcount)

    def matches(self, text: str) -> bool:
        """In constant time for all that are wrong; never true while none is set."""
        stored = self._stored()
        if stored is None or len(text) > LONGEST:
            return False
        _, cost, salt, _ = stored.split("$")
        n, r, p = map(int, cost.split(","))
        with self._turn:
            return secrets.compare_digest(_hash(text, b64decode(salt), (n, r, p)), stored)

    def _stored(self) -> str | None:
        with reading(self.engine).begin() as connection:
            return read_meta(connection, _KEY)


def _hash(text: str, salt: bytes, cost: tuple[int, int, int]) -> str:
    n, r, p = cost
    given = text.encode("utf-8", "surrogatepass")
    digest = hashlib.scrypt(given, salt=salt, n=n, r=r, p=p, maxmem=130 * n * r * p, dklen=32)
    return f"scrypt${n},{r},{p}${b64encode(salt).decode()}${b64encode(digest).decode()}"
