"""Connections, as people make and change them: checked, tried, sealed; every change is noted."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ...connector.component import ConnectionType
from ...connector.context import ActionContext
from ...connector.errors import ConnectorError, InvalidInput
from ...connector.http import Transport
from ..integrations.configuration import Configuration
from ..operating.changes import Changes
from ..registry import Registry
from ..secrets.named_secrets import NamedSecrets, references
from ..secrets.redact import Redactor
from ..secrets.vault import Vault
from ..store import Store
from ..store.connections import ConnectionRecord


@dataclass(frozen=True, kw_only=True)
class Connections:
    """``changed`` is called when what was read before may be another now."""

    store: Store
    vault: Vault
    secrets: NamedSecrets
    registry: Registry
    configuration: Configuration
    redactor: Redactor
    transport: Transport
    changes: Changes
    changed: Callable[[], None]

    def add(
        self,
        *,
        name: str,
        component: str,
        key: str,
        fields: Mapping[str, Any],
        reserved_for: Collection[str] = (),
        elsewhere: bool = False,
    ) -> ConnectionRecord:
        """Raises ConnectionFailed naming the field that is wrong, InvalidInput for a name in use.

        ``reserved_for`` are ids of users: only flows that run as one of them may use it. Empty: every flow may. Secrets that
        are called by name go to another address than the usual one only with ``elsewhere``: for who may read the vault.
        """
        given, users = _given(fields), self._known_users(reserved_for)
        kind = self.type_of(component, key)
        if not elsewhere:
            _stay_where_they_go(kind, {}, given)
        self._build(kind, given)
        record = self.store.connections.add(
            name=name,
            component=component,
            key=key,
            seal=lambda new_id: self.vault.seal(new_id, given),
            reserved_for=users,
        )
        self.changes.note("connection.add", record.id, f"{record.name}: {key} of {component}")
        return record

    def update(
        self,
        connection_id: str,
        *,
        name: str,
        fields: Mapping[str, Any],
        forget: Collection[str] = (),
        reserved_for: Collection[str] | None = None,
        tested: bool = False,
        elsewhere: bool = False,
    ) -> ConnectionRecord:
        """Replace name and fields; a secret left empty keeps its value, since no page shows it, unless it is to ``forget``.

        Where the secrets would go elsewhere they are asked for again: who may change a connection is not told them so.
        None for ``reserved_for`` leaves that as it is. With ``tested`` the new values are tried first: where the test fails it
        raises what the test raises, and what is stored stays. ``elsewhere`` as in :meth:`add`.
        """
        users = None if reserved_for is None else self._known_users(reserved_for)
        record = self.store.connections.require(connection_id)
        kind = self.type_of(record.component, record.key)
        stored = self.vault.unseal(record.id, record.secret)
        kept = {name: stored[name] for name in kind.secrets - set(forget) if name in stored}
        given = kept | _given(fields)
        if not elsewhere:
            _stay_where_they_go(kind, stored, given, kept.keys() - _given(fields).keys())
        self._build(kind, given)
        verdict = self._tried(kind, given) if tested else ""
        secret = self.vault.seal(connection_id, given)
        saved = self.store.connections.update(connection_id, name=name, secret=secret, reserved_for=users)
        if tested:
            self.store.connections.record_test(connection_id, healthy=True, verdict=verdict)
        self.changed()
        names = sorted(k for k in given.keys() | stored.keys() if given.get(k) != stored.get(k))
        if users is not None and users != sorted(record.reserved_for):
            names.append("whom it is reserved for")
        self.changes.note("connection.update", connection_id, f"{saved.name}: {', '.join(names) or 'its name'}")
        return saved

    def form(self, connection_id: str) -> tuple[dict[str, Any], frozenset[str]]:
        """The fields that may be shown, calls of named secrets among them, and which secrets have a value or a call."""
        record = self.store.connections.require(connection_id)
        stored = self.vault.unseal(record.id, record.secret)
        secret = self.type_of(record.component, record.key).secrets
        unseen = secret - dict(references(stored)).keys()
        return {k: v for k, v in stored.items() if k not in unseen}, frozenset(secret & stored.keys())

    def test(self, connection_id: str) -> ConnectionRecord:
        """Try it for real and write down the verdict, good or bad."""
        record = self.store.connections.require(connection_id)
        fields = self.configuration.open(record)["fields"]
        context = ActionContext(transport=self.transport)
        try:
            verdict = self.type_of(record.component, record.key).test(fields, context)
        except ConnectorError as error:
            self.store.connections.record_test(connection_id, healthy=False, verdict=self.redactor.strike(str(error)))
        else:
            self.store.connections.record_test(connection_id, healthy=True, verdict=verdict)
        return self.store.connections.require(connection_id)

    def remove(self, connection_id: str) -> None:
        """Raises InvalidInput while an instance uses it."""
        record = self.store.connections.get(connection_id)
        self.store.connections.remove(connection_id)
        if record:
            self.changes.note("connection.remove", connection_id, record.name)

    def type_of(self, component: str, key: str) -> ConnectionType:
        """Raises InvalidInput for one that no installed component has."""
        found = self.registry.get(component)
        if found is None or key not in found.connections:
            raise InvalidInput(f"no installed component {component!r} has a connection {key!r}", field="component")
        return found.connections[key]

    def check(self, component: str, key: str, fields: Mapping[str, Any]) -> None:
        """Whether a connection could be made of them. Raises as :meth:`add` does."""
        self._build(self.type_of(component, key), _given(fields))

    def fields(self, record: ConnectionRecord) -> dict[str, Any]:
        """As they are stored, secrets and all, and those that are called by name as they are called."""
        return self.vault.unseal(record.id, record.secret)

    def _build(self, kind: ConnectionType, fields: Mapping[str, Any]) -> None:
        """Raises ConnectionFailed for values that are wrong, InvalidInput for a secret called where none belongs."""
        for field, _ in references(fields):
            if field not in kind.secrets:
                raise InvalidInput(f"{field}: is no secret of this connection; write its value", field=field)
        kind.build(self.secrets.resolve(fields))

    def _tried(self, kind: ConnectionType, given: Mapping[str, Any]) -> str:
        """What the test says of values that are not stored. Raises what the test raises."""
        fields = self.secrets.resolve(given)
        self.redactor.learn(str(fields[name]) for name in kind.secrets if fields.get(name))
        return kind.test(fields, ActionContext(transport=self.transport))

    def _known_users(self, ids: Collection[str]) -> list[str]:
        for user_id in ids:
            if self.store.users.get(user_id) is None:
                raise InvalidInput(f"reservedFor: there is no user {user_id!r}; give ids of users", field="reservedFor")
        return sorted(set(ids))


def _stay_where_they_go(
    kind: ConnectionType, stored: Mapping[str, Any], given: Mapping[str, Any], kept: Collection[str] = ()
) -> None:
    """Raises InvalidInput where secrets that nobody entered, kept ones or called ones, would go to another address."""
    calls = dict(references(given))
    staying = {*kept, *(field for field in calls if given[field] == stored.get(field))}
    for item in kind.inputs:
        key, usual = item["key"], item.get("default")
        if not item.get("destination"):
            continue
        before, after = stored.get(key) or usual, given.get(key) or usual
        if staying and before != after:
            raise InvalidInput(
                f"{key}: the secrets would go to another address than before: enter them again "
                f"({', '.join(sorted(staying))})",
                field=key,
            )
        if calls.keys() - staying and after != usual:
            raise InvalidInput(
                f"{key}: a secret that is called by its name goes to the usual address only: enter its value, or declare the "
                "connection in a file and deploy that",
                field=key,
            )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None and value != ""}  # lists have no hash
