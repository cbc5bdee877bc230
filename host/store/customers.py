"""Customers: whose instances run."""

from dataclasses import dataclass

import sqlalchemy as sa

from ...connector.context import Customer, utc_now
from ...connector.errors import InvalidInput
from .database import insert, reading, storable
from .ids import time_id
from .names import named, noted
from .schema import customers as table


@dataclass(frozen=True, slots=True)
class Customers:
    engine: sa.Engine

    def ensure(self, external_id: str, name: str = "") -> Customer:
        """The customer of that external id, made when there is none; a ``name`` given renames.

        Raises InvalidInput, field ``externalId`` or ``name``.
        """
        external_id, name = named("externalId", external_id), noted("name", name)
        with self.engine.begin() as connection:
            values = {"id": time_id(), "external_id": external_id, "name": name or external_id, "created_at": utc_now()}
            statement = insert(connection, table).values(values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["external_id"], set_={"name": statement.excluded.name})
                if name
                else statement.on_conflict_do_nothing()
            )
            return _customer(connection.execute(sa.select(table).where(table.c.external_id == external_id)).one())

    def known(self, external_id: str) -> Customer | None:
        """The customer of that external id."""
        return self._one(table.c.external_id, external_id)

    def remove(self, customer_id: str) -> None:
        """Raises InvalidInput while the customer has instances."""
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.delete(table).where(table.c.id == customer_id))
        except sa.exc.IntegrityError:
            raise InvalidInput(
                "the customer has something here still, such as an instance; remove that first", field="customer"
            ) from None

    def get(self, customer_id: str) -> Customer | None:
        return self._one(table.c.id, customer_id)

    def all(self) -> list[Customer]:
        with reading(self.engine).begin() as connection:
            return [_customer(row) for row in connection.execute(sa.select(table).order_by(table.c.name))]

    def _one(self, column: sa.Column[str], value: str) -> Customer | None:
        if not storable(value):
            return None
        with reading(self.engine).begin() as connection:
            row = connection.execute(sa.select(table).where(column == value)).one_or_none()
        return None if row is None else _customer(row)


def _customer(row: sa.Row[tuple[object, ...]]) -> Customer:
    return Customer(id=row.id, external_id=row.external_id, name=row.name)
