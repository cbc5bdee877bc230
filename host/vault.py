"""Connection values at rest: Fernet (AES-128-CBC with HMAC-SHA256), several keys, each value bound to its connection.

The keys come from ``TWILIO_CONNECTOR_KEYS``, the first of which encrypts, or from a file that only its owner may read.
A check value in the database tells at the start whether the keys are those that it was written with.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from ..connector.errors import ConnectorError
from .settings import Settings
from .store.database import read_meta, write_meta
from .store.schema import connections, meta, registrations

_CHECK = "vault_check"
_PROOF = "twilio-connector"


class VaultLocked(ConnectorError):
    """The keys at hand do not open what is stored; the message says what to do."""

    kind = "vault"
    exit_status = 3


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    fernet: MultiFernet

    @classmethod
    def open(cls, settings: Settings, engine: sa.Engine) -> "Vault":
        """The vault of this database. Raises VaultLocked when the keys are not its keys, or are no keys."""
        vault = cls(_fernet(settings.keys or load_keys(settings.data / "vault.key")))
        with engine.begin() as connection:
            write_meta(connection, _CHECK, vault.seal(_CHECK, {"proof": _PROOF}))
            stored = read_meta(connection, _CHECK)
        vault.unseal(_CHECK, stored or "")
        return vault

    def seal(self, connection_id: str, fields: Mapping[str, Any]) -> str:
        """Ciphertext of ``fields`` that opens only as that connection."""
        text = json.dumps({"connection": connection_id, "fields": dict(fields)}, separators=(",", ":"))
        return self.fernet.encrypt(text.encode()).decode()

    def unseal(self, connection_id: str, secret: str) -> dict[str, Any]:
        """Raises VaultLocked for a wrong key, a value that was changed, or one that was moved from another connection."""
        try:
            opened = json.loads(self.fernet.decrypt(secret))
        except InvalidToken:
            raise VaultLocked(_WRONG_KEY if connection_id == _CHECK else _UNREADABLE.format(connection_id)) from None
        if opened["connection"] != connection_id:
            raise VaultLocked(_MOVED.format(connection_id))
        return dict(opened["fields"])

    def rotate(self, engine: sa.Engine) -> int:
        """Encrypt all that is stored with the first key; then the others can go. Gives the number of connections."""
        with engine.begin() as connection:
            rows = connection.execute(sa.select(connections.c.id, connections.c.secret).with_for_update()).all()
            for row in rows:
                changed = sa.update(connections).where(connections.c.id == row.id)
                connection.execute(changed.values(secret=self._again(row.secret)))
            kept = sa.select(registrations.c.endpoint_id, registrations.c.ledger).where(registrations.c.ledger != "")
            for row in connection.execute(kept.with_for_update()).all():
                changed = sa.update(registrations).where(registrations.c.endpoint_id == row.endpoint_id)
                connection.execute(changed.values(ledger=self._again(row.ledger)))
            check = self._again(read_meta(connection, _CHECK) or "")
            connection.execute(sa.update(meta).where(meta.c.key == _CHECK).values(value=check))
        return len(rows)

    def _again(self, secret: str) -> str:
        try:
            return self.fernet.rotate(secret.encode()).decode()
        except InvalidToken:
            raise VaultLocked(_WRONG_KEY) from None


_WRONG_KEY = (
    "the key does not open this database's connections: put the key that they were stored with into TWILIO_CONNECTOR_KEYS "
    "(or vault.key back into the data directory); to change keys, give the new one first, a comma, the old one"
)
_UNREADABLE = "the stored values of connection {} cannot be read: they were changed; enter them again"
_MOVED = "the stored values of connection {} belong to another connection; enter them again"


def load_keys(path: Path) -> tuple[SecretStr, ...]:
    """The keys in that file, one a line; a file that is not there is made with a new key, readable by its owner only."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return tuple(SecretStr(line) for line in path.read_text().split())
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return load_keys(path)


def _fernet(keys: Sequence[SecretStr]) -> MultiFernet:
    if not keys:
        raise VaultLocked(
            "vault.key in the data directory is empty: put the key back, or delete the file for a new vault"
        )
    try:
        return MultiFernet([Fernet(key.get_secret_value()) for key in keys])
    except ValueError:
        raise VaultLocked(
            "TWILIO_CONNECTOR_KEYS: not a Fernet key; make one with "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        ) from None
