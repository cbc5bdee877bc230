"""Changing the vault's keys while hosts run, safely at every point of it.

    vault rotate    a new key becomes the first  →  all that our tables hold is sealed again with it  →  the check value last
    vault forget    the keys that seal nothing any more go

The new key is on disk before anything is sealed with it, and the old one stays beside it, so everything opens whenever a
rotation is cut short; the next goes on with it. Checkpoints of executions that run are the engine's and are left as they
are: they open with the old key, and go soon after the executions end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ..store import turns
from ..store.schema import Sealed, meta, metadata
from .keys import Keys, VaultLocked, new_key
from .vault import CHECK, Vault, key_name

SEALED = tuple(
    (key, column)
    for table in metadata.sorted_tables
    for key in table.primary_key.columns
    for column in table.columns
    if isinstance(column.type, Sealed)
)
"""The columns of all that is sealed: what it is the value of, and the ciphertext."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did. ``new`` is false for one that went on with another; ``unreadable`` no key of ours opens."""

    new: bool
    key: str
    sealed: int
    unreadable: tuple[str, ...]


def rotate(vault: Vault, engine: sa.Engine) -> Rotation:
    """Seal everything with a new key, or with the first where that is not done yet. Raises VaultLocked."""
    with engine.begin() as connection:
        turns.take(connection, turns.Turn.ROTATING)
        first, *_ = vault.key_names
        keys = {row: vault.key_of(row.text) for row in _rows(connection)}
        new = set(keys.values()) - {None} <= {first}
        if new:
            vault.source.change(lambda keys: (new_key(), *keys))
        first, *_ = vault.key_names
        for row, key in keys.items():
            if key not in {first, None}:
                connection.execute(row.sealed_again(vault))
        unreadable = tuple(row.subject for row, key in keys.items() if key is None)
        return Rotation(new, first, len(keys) - len(unreadable), unreadable)


def census(vault: Vault, engine: sa.Engine, checkpoints: Iterable[str]) -> Mapping[str | None, int]:
    """How many values each key seals, by its name, in the order of the keys; None for those that no key opens."""
    found: dict[str | None, int] = dict.fromkeys(vault.key_names, 0)
    with engine.begin() as connection:
        texts = [row.text for row in _rows(connection)]
    for text in [*texts, *checkpoints]:
        name = vault.key_of(text)
        found[name] = found.get(name, 0) + 1
    return found


def forget(vault: Vault, engine: sa.Engine, checkpoints: Iterable[str]) -> tuple[str, ...]:
    """Remove the keys after the first that seal nothing; their names. Raises VaultLocked where only people can."""
    with engine.begin() as connection:
        turns.take(connection, turns.Turn.ROTATING)
        needed = {vault.key_of(row.text) for row in _rows(connection)}
        needed |= {vault.key_of(text) for text in checkpoints} | {vault.key_names[0]}
        gone = tuple(name for name in vault.key_names if name not in needed)
        if gone:
            vault.source.change(lambda keys: _without(keys, gone))
    return gone


def _without(keys: Keys, gone: Iterable[str]) -> Keys:
    kept = tuple(key for key in keys if key_name(key.get_secret_value()) not in gone)
    if not kept:
        raise VaultLocked("the vault's keys were changed by somebody else meanwhile; look with vault status")
    return kept


@dataclass(frozen=True, slots=True)
class _Row:
    subject_column: sa.Column[str]
    text_column: sa.Column[str]
    subject: str
    text: str

    def sealed_again(self, vault: Vault) -> sa.Update:
        changed = sa.update(self.text_column.table).where(self.subject_column == self.subject)
        return changed.values({self.text_column: vault.again(self.text)})


def _rows(connection: sa.Connection) -> list[_Row]:
    """All that our tables hold sealed, the check value last."""
    queries = [(key, text, text != "") for key, text in SEALED]
    queries.append((meta.c.key, meta.c.value, meta.c.key == CHECK))
    found = []
    for key, text, condition in queries:
        rows = connection.execute(sa.select(key, text).where(condition).with_for_update())
        found += [_Row(key, text, *row) for row in rows]
    return found
