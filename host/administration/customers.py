"""Customers, and their users, as people make and change them; every change is noted."""

from collections.abc import Callable
from dataclasses import dataclass

from ...connector.context import Customer, User
from ...connector.errors import InvalidInput
from ..operating.changes import Changes
from ..store import Store


@dataclass(frozen=True, kw_only=True)
class Customers:
    store: Store
    changes: Changes

    def put(self, external_id: str, name: str = "") -> Customer:
        """Make or rename the customer of that external id. Raises InvalidInput."""
        customer = self.store.customers.ensure(external_id, name)
        self.changes.note("customer.put", customer.id, f"{external_id}: {customer.name}")
        return customer

    def remove(self, customer_id: str) -> None:
        """Raises InvalidInput while the customer has instances."""
        self.store.customers.remove(customer_id)
        self.changes.note("customer.remove", customer_id)


@dataclass(frozen=True, kw_only=True)
class Users:
    """``changed`` is called when what was read before may be another now."""

    store: Store
    changes: Changes
    changed: Callable[[], None]

    def add(self, customer_id: str, *, external_id: str, name: str = "", email: str = "") -> User:
        """A user of the customer, as whom flows may run. Raises InvalidInput, naming the field."""
        if self.store.customers.get(customer_id) is None:
            raise InvalidInput(f"there is no customer {customer_id}; it was removed", field="customer")
        user = self.store.users.add(customer_id, external_id=external_id, name=name, email=email)
        self.changes.note("user.add", user.id, external_id)
        return user

    def update(self, user_id: str, *, name: str, email: str) -> None:
        """Raises InvalidInput, naming the field."""
        self.store.users.update(user_id, name=name, email=email)
        self.changed()
        self.changes.note("user.update", user_id, name)

    def remove(self, user_id: str) -> None:
        """Raises InvalidInput while a connection is reserved for them."""
        self.store.users.remove(user_id)
        self.changes.note("user.remove", user_id)
