"""What flows keep from one execution to the next, key by key, in the platform's four scopes."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import sqlalchemy as sa

from .database import insert, reading
from .schema import states as table

_OWNER_LENGTH = 128
Scope = Literal["instance", "cross_flow", "execution", "integration"]


_WANTED = sa.select(table).where(sa.tuple_(table.c.scope, table.c.owner).in_(sa.bindparam("owners", expanding=True)))


@dataclass(frozen=True, slots=True)
class States:
    engine: sa.Engine

    def read(self, owners: Mapping[Scope, str]) -> dict[Scope, dict[str, Any]]:
        """The values of each scope's owner: instance and flow, instance, execution, integration."""
        found: dict[Scope, dict[str, Any]] = {scope: {} for scope in owners}
        with reading(self.engine).begin() as connection:
            for row in connection.execute(_WANTED, {"owners": list(owners.items())}):
                found[row.scope][row.key] = row.value
        return found


def merge(
    connection: sa.Connection, owners: Mapping[Scope, str], values: Mapping[Scope, Mapping[str, Any] | None]
) -> None:
    """Set the keys given, leave the others; a value of None removes its key."""
    given = [(s, owners[s], k, v) for s, scoped in values.items() if scoped for k, v in scoped.items()]
    for scope, owner, key, value in sorted(given, key=lambda item: item[:3]):  # so that two never wait for each other
        _set(connection, scope, owner, key, value)


def of_flow(instance_id: str, flow: str, integration: str) -> dict[Scope, str]:
    """The owners of what a flow keeps for itself, for all flows of its instance, and for all instances of its integration."""
    return {
        "instance": flow_owner(instance_id, flow),
        "cross_flow": instance_id,
        "integration": _short(integration),
    }


def _set(connection: sa.Connection, scope: Scope, owner: str, key: str, value: Any) -> None:
    if value is None:
        where = (table.c.scope == scope, table.c.owner == owner, table.c.key == key)
        connection.execute(sa.delete(table).where(*where))
        return
    statement = insert(connection, table).values(scope=scope, owner=owner, key=key, value=value)
    index = ["scope", "owner", "key"]
    connection.execute(statement.on_conflict_do_update(index_elements=index, set_={"value": statement.excluded.value}))


def flow_owner(instance_id: str, flow: str) -> str:
    """Who owns the state of one flow of an instance."""
    return _short(f"{instance_id}/{flow}")


def _short(owner: str) -> str:
    """The owner's name as the column has room for it."""
    return owner if len(owner) <= _OWNER_LENGTH else f"{owner[:63]}~{sha256(owner.encode()).hexdigest()}"


def forget_instance(connection: sa.Connection, instance_id: str) -> None:
    """What its flows kept goes with it; what its integration keeps stays."""
    own = table.c.owner.startswith(f"{instance_id}/", autoescape=True) | (table.c.owner == instance_id)
    connection.execute(sa.delete(table).where(table.c.scope.in_(["instance", "cross_flow"]), own))
