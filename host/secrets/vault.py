"""Values at rest: Fernet (AES-128-CBC with HMAC-SHA256), several keys, each value bound to what it is the value of.

The first key encrypts. Where the keys are, :mod:`.keys` says; how they are changed, :mod:`.rotation`. A check value in the
database tells at the start whether the keys are those that it was written with.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..settings import Settings
from ..store.database import read_meta, write_meta
from .keys import MAKE_ONE, Keys, KeySource, VaultLocked, source_of

CHECK = "vault_check"
_PROOF = "twilio-connector"


class Vault:
    """Seals and opens. Keys that changed at their source are noticed: by whoever seals, and where a value does not open."""

    def __init__(self, source: KeySource) -> None:
        self.source = source
        self._stamp = source.stamp()
        self._keys = _fernets(source)

    @classmethod
    def open(cls, settings: Settings, engine: sa.Engine) -> "Vault":
        """The vault of this database. Raises VaultLocked when the keys are not its keys, or are no keys."""
        vault = cls(source_of(settings))
        with engine.begin() as connection:
            write_meta(connection, CHECK, vault.seal(CHECK, {"proof": _PROOF}))
            stored = read_meta(connection, CHECK)
        vault.unseal(CHECK, stored or "")
        return vault

    def seal(self, subject: str, fields: Mapping[str, Any]) -> str:
        """Ciphertext of ``fields`` that opens only as that subject's: a connection's id, say, or ``secret NAME``."""
        text = json.dumps({"connection": subject, "fields": dict(fields)}, separators=(",", ":"))
        return self._sealing().encrypt(text.encode()).decode()

    def unseal(self, subject: str, secret: str) -> dict[str, Any]:
        """Raises VaultLocked for a wrong key, a value that was changed, or one that was moved from another subject."""
        try:
            opened = json.loads(self._decrypt(secret))
        except InvalidToken:
            raise VaultLocked(_WRONG_KEY if subject == CHECK else _UNREADABLE.format(_named(subject))) from None
        if opened["connection"] != subject:
            raise VaultLocked(_MOVED.format(_named(subject)))
        return dict(opened["fields"])

    def again(self, secret: str) -> str:
        """The same value under the first key, as old as it was. Raises VaultLocked if no key opens it."""
        try:
            return self._sealing().rotate(secret.encode()).decode()
        except InvalidToken:
            raise VaultLocked(_WRONG_KEY) from None

    def key_of(self, secret: str) -> str | None:
        """The name of the key that opens the value; None if none does."""
        return next((name for name, key in self._keys.items() if _opens(key, secret)), None)

    @property
    def key_names(self) -> tuple[str, ...]:
        """A name for each key, made from it and telling nothing of it. The first encrypts."""
        self._sealing()
        return tuple(self._keys)

    def __repr__(self) -> str:
        return f"Vault({self.source.name!r})"

    def _sealing(self) -> MultiFernet:
        if self._stamp != self.source.stamp():
            self._reload()
        return MultiFernet(list(self._keys.values()))

    def _decrypt(self, secret: str) -> bytes:
        try:
            return MultiFernet(list(self._keys.values())).decrypt(secret)
        except InvalidToken:
            if self._stamp == self.source.stamp():
                raise
        self._reload()
        return MultiFernet(list(self._keys.values())).decrypt(secret)

    def _reload(self) -> None:
        stamp = self.source.stamp()
        self._keys = _fernets(self.source)
        self._stamp = stamp


_WRONG_KEY = (
    "the key does not open this database's connections: put the key that they were stored with back to where the keys are "
    "(TWILIO_CONNECTOR_KEYS, TWILIO_CONNECTOR_KEY_FILE, TWILIO_CONNECTOR_KEYRING, or vault.key in the data directory)"
)
_UNREADABLE = "the stored values of {} cannot be read: they were changed; enter them again"
_MOVED = "the stored values of {} belong to another; enter them again"


def _named(subject: str) -> str:
    return subject if " " in subject else f"connection {subject}"


def key_name(key: str) -> str:
    """Eight hexadecimal digits by which people tell keys apart; the key, 256 random bits, cannot be found from them."""
    return sha256(b"name of " + key.encode()).hexdigest()[:8]


def _opens(key: Fernet, secret: str) -> bool:
    try:
        key.decrypt(secret)
    except InvalidToken:
        return False
    return True


def _fernets(source: KeySource) -> dict[str, Fernet]:
    keys: Keys = source.read()
    if not keys:
        raise VaultLocked(
            f"{source.name} is empty: put the key back; only for a new vault, which opens nothing stored before, "
            f"put a new one there, made with {MAKE_ONE}"
        )
    try:
        return {key_name(key.get_secret_value()): Fernet(key.get_secret_value()) for key in keys}
    except ValueError:
        raise VaultLocked(f"{source.name}: not a Fernet key; make one with {MAKE_ONE}") from None


__all__ = ["CHECK", "Vault", "VaultLocked", "key_name"]
