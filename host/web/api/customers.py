"""Customers, and their users, as whom flows may run."""

from typing import Any

from ....connector.context import Customer as CustomerRecord
from .route import Call, Route, found
from .shapes import Name, Page, Shape, Text


class Customer(Shape):
    """``externalId`` is what your own system calls them."""

    id: str
    external_id: str
    name: str


class CustomerGiven(Shape):
    """Made where there is none of that external id, else renamed."""

    external_id: Name
    name: Text = ""


class User(Shape):
    """``externalId`` is what the customer's own system calls them."""

    id: str
    external_id: str
    name: str
    email: str


class NewUser(Shape):
    """Someone as whom flows may run."""

    external_id: Name
    name: Text = ""
    email: Text = ""


class UserChange(Shape):
    """The external id stays."""

    name: Text
    email: Text


def listing(call: Call) -> dict[str, Any]:
    return {"items": call.host.store.customers.all()}


def put(call: Call) -> CustomerRecord:
    return call.host.customers.put(call.body.external_id, call.body.name)


def detail(call: Call) -> CustomerRecord:
    return _record(call)


def remove(call: Call) -> None:
    call.host.customers.remove(_record(call).id)


def users(call: Call) -> dict[str, Any]:
    return {"items": call.host.store.users.of(_record(call).id)}


def add_user(call: Call) -> Any:
    given: NewUser = call.body
    return call.host.users.add(_record(call).id, external_id=given.external_id, name=given.name, email=given.email)


def update_user(call: Call) -> Any:
    call.host.users.update(_user(call), name=call.body.name, email=call.body.email)
    return call.host.store.users.get(_user(call))


def remove_user(call: Call) -> None:
    call.host.users.remove(_user(call))


def _record(call: Call) -> CustomerRecord:
    return found(call.host.store.customers.get(call.path["id"]), "customer")


def _user(call: Call) -> str:
    mine = {user.id for user in call.host.store.users.of(_record(call).id)}
    return found(next((user for user in mine if user == call.path["user"]), None), "user")


TAG = "customers"
ONE = "/customers/{id}"
USER = f"{ONE}/users/{{user}}"
ROUTES = (
    Route(method="GET", path="/customers", handle=listing, gives=Page[Customer], summary="List them", tag=TAG),
    Route(
        method="PUT",
        path="/customers",
        handle=put,
        takes=CustomerGiven,
        gives=Customer,
        summary="Make or rename one",
        tag=TAG,
    ),
    Route(method="GET", path=ONE, handle=detail, gives=Customer, summary="One of them", tag=TAG),
    Route(method="DELETE", path=ONE, handle=remove, summary="Remove one that has nothing here", tag=TAG),
    Route(method="GET", path=f"{ONE}/users", handle=users, gives=Page[User], summary="A customer's users", tag=TAG),
    Route(
        method="POST",
        path=f"{ONE}/users",
        handle=add_user,
        takes=NewUser,
        gives=User,
        status=201,
        summary="Add a user",
        tag=TAG,
    ),
    Route(method="PUT", path=USER, handle=update_user, takes=UserChange, gives=User, summary="Change a user", tag=TAG),
    Route(method="DELETE", path=USER, handle=remove_user, summary="Remove a user", tag=TAG),
)
