"""The vault's keys and the named secrets, as people change them; every change is noted."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from ...connector.errors import InvalidInput
from ..engine import durable
from ..operating.changes import Changes
from ..secrets import rotation
from ..secrets.named_secrets import NamedSecrets, references
from ..secrets.vault import Vault, VaultLocked
from ..settings import Settings
from ..store import Store


@dataclass(frozen=True, kw_only=True)
class Custody:
    """``changed`` is called when what was read before may be another now."""

    settings: Settings
    store: Store
    vault: Vault
    secrets: NamedSecrets
    changes: Changes
    changed: Callable[[], None]

    def set_secret(self, name: str, value: str) -> bool:
        """Put a named secret into the vault; whether it is new. Connections that call it use it from now on."""
        new = self.secrets.set(name, value)
        self.changed()
        self.changes.note("secret.set", name, "new" if new else "changed")
        return new

    def remove_secret(self, name: str) -> None:
        """Raises InvalidInput when the vault has none of that name, or while a connection calls it."""
        if users := self.users_of(name):
            raise InvalidInput(
                f"the secret is called by {', '.join(users)}; change those connections first", field="name"
            )
        if not self.store.named_secrets.remove(name):
            raise InvalidInput("the vault has no secret of that name; see them with: secret list", field="name")
        self.changed()
        self.changes.note("secret.remove", name)

    def users_of(self, name: str) -> list[str]:
        """The names of the connections that call the secret."""
        return self.users().get(name, [])

    def users(self) -> dict[str, list[str]]:
        """The same of all secrets that are called, by their names."""
        found: dict[str, list[str]] = {}
        for record in self.store.connections.all():
            with suppress(VaultLocked):  # what cannot be read calls nothing
                called = dict(references(self.vault.unseal(record.id, record.secret))).values()
                for name in sorted(set(called)):
                    found.setdefault(name, []).append(record.name)
        return found

    def rotate(self) -> rotation.Rotation:
        """Seal everything with a new key. Raises VaultLocked where only a person can put it into place."""
        done = rotation.rotate(self.vault, self.store.engine)
        self.changes.note("vault.rotate", done.key, f"{done.sealed} values sealed")
        return done

    def forget(self) -> tuple[str, ...]:
        """Remove the keys that seal nothing any more; their names. Raises VaultLocked where only a person can."""
        gone = rotation.forget(self.vault, self.store.engine, durable.sealed_checkpoints(self.settings))
        if gone:
            self.changes.note("vault.forget", ", ".join(gone))
        return gone

    def census(self) -> Mapping[str | None, int]:
        """How many values each key seals, the first key first; None for values that no key opens."""
        return rotation.census(self.vault, self.store.engine, durable.sealed_checkpoints(self.settings))
