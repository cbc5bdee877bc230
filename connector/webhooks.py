"""Webhooks that a trigger registers at the service by itself: what it changes, and what it writes down before.

A trigger names two functions in its component.yaml, ``webhookCreate`` and ``webhookDelete``::

    def create_webhook(context: ActionContext, inputs: I, ledger: Ledger) -> Iterable[Change]: ...
    def delete_webhook(context: ActionContext, inputs: I, ledger: Ledger) -> Iterable[Change]: ...

The first points the service at ``context.invoke_url``, as the inputs say; called again it changes what is not so yet. The
second puts everything in the ledger back. A process may die between any two of their steps: whichever of the two is called
next, with the same ledger, ends right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting at the service, for people. ``note`` says what became of it where ``after`` does not tell."""

    target: str
    setting: str
    before: str = ""
    after: str = ""
    note: str = ""


class Ledger(Protocol):
    """What a registration has changed or is about to. A host keeps it until everything in it is put back.

    It holds what was there before, which may contain secrets: a password in the address of another's webhook.
    """

    def read(self) -> Mapping[str, Any]:
        """All entries, JSON values by key."""

    def write(self, key: str, entry: Any) -> None:
        """Put an entry, or with None take it out. Durable when it returns."""

    def owner(self, url: str) -> str:
        """Whose webhook an address is, in words: another flow's of the same host; empty for one that is no flow's."""


@dataclass(slots=True)
class LedgerInMemory:
    """The ledger of a script or a test. ``owners`` maps addresses to whose they are."""

    entries: dict[str, Any] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)

    def read(self) -> Mapping[str, Any]:
        return dict(self.entries)

    def write(self, key: str, entry: Any) -> None:
        if entry is None:
            self.entries.pop(key, None)
        else:
            self.entries[key] = entry

    def owner(self, url: str) -> str:
        return self.owners.get(url, "")
