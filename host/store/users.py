"""Users of a customer: as whom flows may run, and for whom connections may be reserved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ...connector.context import User, utc_now
from ...connector.errors import InvalidInput
from .database import reading, storable
from .ids import time_id
from .names import named, noted
from .schema import connections, customers
from .schema import users as table


@dataclass(frozen=True, slots=True)
class Users:
    engine: sa.Engine

    def add(self, customer_id: str, *, external_id: str, name: str = "", email: str = "") -> User:
        """``external_id`` is what the customer's own system calls them.

        Raises InvalidInput, field ``externalId``, ``name`` or ``email``.
        """
        external_id, name, email = named("externalId", external_id), noted("name", name), noted("email", email)
        user = User(id=time_id(), external_id=external_id, name=name or external_id, email=email)
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(table).values(_row(user) | {"customer_id": customer_id}))
        except sa.exc.IntegrityError:
            raise InvalidInput(
                f"externalId: the customer has a user {external_id!r} already; choose another", field="externalId"
            ) from None
        return user

    def update(self, user_id: str, *, name: str, email: str) -> None:
        """Raises InvalidInput naming the field."""
        given = {"name": noted("name", name), "email": noted("email", email)}
        with self.engine.begin() as connection:
            connection.execute(sa.update(table).where(table.c.id == user_id).values(given))

    def get(self, user_id: str) -> User | None:
        return self._one(table.c.id == user_id) if storable(user_id) else None

    def find(self, customer_id: str, name: str) -> User | None:
        """The customer's user of that external id, or else of that id; never one of another customer."""
        if not storable(name):
            return None
        mine = table.c.customer_id == customer_id
        return self._one(mine & (table.c.external_id == name)) or self._one(mine & (table.c.id == name))

    def of(self, customer_id: str) -> list[User]:
        """By name."""
        query = sa.select(table).where(table.c.customer_id == customer_id).order_by(table.c.name, table.c.id)
        with reading(self.engine).begin() as connection:
            return [_user(row) for row in connection.execute(query).mappings()]

    def all(self) -> list[tuple[str, User]]:
        """Each with the name of their customer, in that order."""
        query = sa.select(table, customers.c.name.label("customer")).join(
            customers, customers.c.id == table.c.customer_id
        )
        with reading(self.engine).begin() as connection:
            rows = connection.execute(query.order_by(customers.c.name, table.c.name, table.c.id)).mappings()
            return [(row["customer"], _user(row)) for row in rows]

    def remove(self, user_id: str) -> None:
        """Raises InvalidInput while a connection is reserved for them: it must not become everybody's unnoticed."""
        with self.engine.begin() as connection:
            rows = connection.execute(sa.select(connections.c.name, connections.c.reserved_for))
            reserved = [row.name for row in rows if user_id in row.reserved_for]
            if reserved:
                raise InvalidInput(
                    f"reserved for them: {', '.join(reserved)}; change those connections first", field="user"
                )
            connection.execute(sa.delete(table).where(table.c.id == user_id))

    def _one(self, condition: sa.ColumnElement[bool]) -> User | None:
        with reading(self.engine).begin() as connection:
            row = connection.execute(sa.select(table).where(condition)).mappings().one_or_none()
        return None if row is None else _user(row)


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "external_id": user.external_id,
        "email": user.email,
        "name": user.name,
        "created_at": utc_now(),
    }


def _user(row: Mapping[Any, Any]) -> User:
    return User(id=row["id"], external_id=row["external_id"], email=row["email"], name=row["name"])
