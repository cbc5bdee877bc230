"""Customers: list and add."""

from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..forms import Form, FormPage, fields_of
from ..site import notice, see_other, site_of, with_form

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
MAX_LENGTH = 255


def listing(request: Request) -> Response:
    return _draw(request, FormPage(fields_of(INPUTS)))


def add(request: Request, form: Form) -> Response:
    customers = site_of(request).host.store.customers
    values = {item["key"]: form.get(item["key"]).strip() for item in INPUTS}
    errors = {key: problem for key, value in values.items() if (problem := _problem(value))}
    if not errors and any(known.external_id == values["externalId"] for known in customers.all()):
        errors["externalId"] = "Another customer has this external id. Choose another one."
    if errors:
        return _draw(request, FormPage(fields_of(INPUTS, values, errors=errors)), status=400)
    customers.ensure(values["externalId"], values["name"])
    return see_other("/customers", done="added")


def _problem(value: str) -> str:
    if not value:
        return "Is required."
    return f"At most {MAX_LENGTH} characters; this has {len(value)}." if len(value) > MAX_LENGTH else ""


def _draw(request: Request, form: FormPage, *, status: int = 200) -> Response:
    site = site_of(request)
    return site.pages.page(
        request,
        "customers.html",
        status=status,
        section="customers",
        notice=notice(request, {"added": "The customer was added."}),
        customers=site.host.store.customers.all(),
        counts=Counter(instance.customer_id for instance in site.host.store.instances.all()),
        form=form,
    )


def routes() -> list[Route]:
    return [Route("/customers", listing), Route("/customers", with_form(add), methods=["POST"])]
