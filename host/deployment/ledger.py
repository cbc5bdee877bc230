"""What a registration has changed at its service, in the database: see connector/webhooks.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..integrations.configuration import Configuration
from ..store import Store


@dataclass(frozen=True, slots=True)
class RowLedger:
    """The ledger of a registration, in its row, sealed: what was there before may hold a password."""

    store: Store
    configuration: Configuration
    endpoint_id: str

    def read(self) -> Mapping[str, Any]:
        record = self.store.registrations.get(self.endpoint_id)
        return self.configuration.vault.unseal(self._name, record.ledger) if record and record.ledger else {}

    def write(self, key: str, entry: Any) -> None:
        entries = {name: value for name, value in {**self.read(), key: entry}.items() if value is not None}
        sealed = self.configuration.vault.seal(self._name, entries) if entries else ""
        self.store.registrations.save(self.endpoint_id, ledger=sealed)

    def owner(self, url: str) -> str:
        endpoint_id = urlsplit(url).path.rpartition("/trigger/")[2]
        endpoint = self.store.instances.endpoint(endpoint_id) if endpoint_id != self.endpoint_id else None
        instance = self.store.instances.get(endpoint.instance_id) if endpoint else None
        return f"the flow {endpoint.flow!r} of {instance.name!r}" if endpoint and instance else ""

    @property
    def _name(self) -> str:
        return f"registration:{self.endpoint_id}"
