"""Customers: list and add; one with its users, as whom flows may run."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.context import Customer
from ....connector.errors import InvalidInput
from ...store.names import named
from ..forms import Form, FormPage, errors_by_field, fields_of
from ..site import missing, notice, see_other, site_of, with_form

INPUTS: list[dict[str, Any]] = [
    {"key": "name", "type": "string", "label": "Name", "required": True, "example": "Acme Inc."},
    {
        "key": "externalId",
        "type": "string",
        "label": "External id",
        "required": True,
        "comments": "What your own system calls them. It cannot be changed later.",
        "example": "acme",
    },
]
USER: list[dict[str, Any]] = [
    {
        "key": "externalId",
        "type": "string",
        "label": "External id",
        "required": True,
        "comments": "What the customer's own system calls them, and what a flow names in runAs.",
        "example": "ada",
    },
    {"key": "name", "type": "string", "label": "Name", "example": "Ada Lovelace"},
    {"key": "email", "type": "string", "label": "Email", "example": "ada@example.com"},
]


def listing(request: Request) -> Response:
    return _draw(request, FormPage(fields_of(INPUTS)))


def add(request: Request, form: Form) -> Response:
    customers = site_of(request).host.store.customers
    values = {item["key"]: form.get(item["key"]).strip() for item in INPUTS}
    errors = _wrong(values)
    if not errors and any(known.external_id == values["externalId"] for known in customers.all()):
        errors["externalId"] = "Another customer has this external id. Choose another one."
    if errors:
        return _draw(request, FormPage(fields_of(INPUTS, values, errors=errors)), status=400)
    site_of(request).host.customers.put(values["externalId"], values["name"])
    return see_other("/customers", done="added")


def _wrong(values: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in values.items():
        try:
            named(key, value)
        except InvalidInput as error:
            found |= errors_by_field(str(error), [key])
    return found


def _draw(request: Request, form: FormPage, *, status: int = 200) -> Response:
    site = site_of(request)
    return site.pages.page(
        request,
        "customers.html",
        status=status,
        section="customers",
        notice=notice(request, {"added": "The customer was added.", "gone": "The customer was removed."}),
        customers=site.host.store.customers.all(),
        counts=Counter(instance.customer_id for instance in site.host.store.instances.all()),
        form=form,
    )


def detail(request: Request) -> Response:
    return _draw_one(request, FormPage(fields_of(USER)))


def add_user(request: Request, form: Form) -> Response:
    customer = _customer(request)
    values = {item["key"]: form.get(item["key"]) for item in USER}
    try:
        site_of(request).host.users.add(
            customer.id, external_id=values["externalId"], name=values["name"], email=values["email"]
        )
    except InvalidInput as error:
        errors = errors_by_field(str(error), list(values))
        return _draw_one(request, FormPage(fields_of(USER, values, errors=errors)), status=400)
    return see_other(f"/customers/{customer.id}", done="added")


def remove_user(request: Request, form: Form) -> Response:
    customer, host = _customer(request), site_of(request).host
    if form.get("user") not in {user.id for user in host.store.users.of(customer.id)}:
        raise missing("user")
    try:
        host.users.remove(form.get("user"))
    except InvalidInput as error:
        return _draw_one(request, FormPage(fields_of(USER)), problem=str(error), status=409)
    return see_other(f"/customers/{customer.id}", done="removed")


def remove(request: Request, _form: Form) -> Response:
    customer = _customer(request)
    try:
        site_of(request).host.customers.remove(customer.id)
    except InvalidInput as error:
        return _draw_one(request, FormPage(fields_of(USER)), problem=str(error), status=409)
    return see_other("/customers", done="gone")


def _customer(request: Request) -> Customer:
    found = site_of(request).host.store.customers.get(request.path_params["id"])
    if found is None:
        raise missing("customer")
    return found


def _draw_one(request: Request, form: FormPage, *, problem: str = "", status: int = 200) -> Response:
    customer, store = _customer(request), site_of(request).host.store
    return site_of(request).pages.page(
        request,
        "customer.html",
        status=status,
        section="customers",
        notice=notice(request, {"added": "The user was added.", "removed": "The user was removed."}),
        problem=problem,
        customer=customer,
        users=store.users.of(customer.id),
        instances=[instance for instance in store.instances.all() if instance.customer_id == customer.id],
        form=form,
    )


def routes() -> list[Route]:
    return [
        Route("/customers", listing),
        Route("/customers", with_form(add), methods=["POST"]),
        Route("/customers/{id}", detail),
        Route("/customers/{id}/remove", with_form(remove), methods=["POST"]),
        Route("/customers/{id}/users", with_form(add_user), methods=["POST"]),
        Route("/customers/{id}/users/remove", with_form(remove_user), methods=["POST"]),
    ]
