"""Deploying begins: which integration, from where, and for whom. Its configuration is the wizard's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import InvalidInput, is_told
from ...integrations import uploads
from ...integrations.publication import unreadable
from ...settings import Limits
from ...store import Store
from ...store.integrations import VersionRecord
from ...store.names import named, noted
from ..forms import Form, FormPage, fields_of, values_of
from ..site import see_other, site_of, with_upload

SOURCES = ("version", "upload", "file")
Inputs = Sequence[Mapping[str, Any]]


def begin(request: Request) -> Response:
    chosen = {key: request.query_params.get(key, "") for key in ("version", "customer")}
    return _draw(request, chosen)


def publish(request: Request, form: Form) -> Response:
    """Keep what was given as a version, or take the one that was chosen; then its configuration is asked for."""
    given = values_of(_inputs(request), form)
    wrong = _wrong_source(given, form)
    try:
        if not wrong:  # kept whatever else is wrong: a browser sends a file once
            given = _without_sources(given) | {"version": _version(request, given, form).id}
        wrong |= _wrong_customer(request, given)
        if wrong:
            return _draw(request, given, errors=wrong)
        customer = _customer(request, given)
    except Exception as error:
        if not is_told(error):
            raise
        field = getattr(error, "field", None)
        if isinstance(error, InvalidInput) and field in {*SOURCES, "customer", "newCustomer", "newCustomerName"}:
            return _draw(request, given, errors={str(field): str(error).removeprefix(f"{field}: ")})
        return _draw(request, given, problems=str(error).splitlines())
    return see_other(f"/instances/new/{given['version']}", customer=customer)


def _without_sources(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in SOURCES}


def _version(request: Request, given: Mapping[str, Any], form: Form) -> VersionRecord:
    host = site_of(request).host
    if upload := form.files.get("upload"):
        files = uploads.read(upload.name, upload.content, host.settings.limits.definition, "upload")
        return host.integrations.publish_upload(files, field="upload", chosen_by="upload")
    if version_id := given.get("version"):
        return _known(host.store, version_id)
    return host.integrations.publish(_file(given["file"]))


def _known(store: Store, version_id: str) -> VersionRecord:
    try:
        return store.integrations.version(version_id)
    except InvalidInput:
        raise InvalidInput("version: was removed; choose another", field="version") from None


def _file(text: str) -> Path:
    path = Path(text)
    try:
        is_file = path.is_file()
    except OSError as error:
        raise InvalidInput(unreadable(path, error), field="file") from None
    if not is_file:  # a device or a pipe would be read without end
        raise InvalidInput(f"{path}: there is no such file on this machine; give its whole path", field="file")
    return path


def _customer(request: Request, given: Mapping[str, Any]) -> str:
    host = site_of(request).host
    if new := given.get("newCustomer"):
        external_id = named("newCustomer", new)
        return host.customers.put(external_id, noted("newCustomerName", given.get("newCustomerName", ""))).external_id
    if host.store.customers.known(given["customer"]) is None:
        raise InvalidInput("customer: was removed; choose another", field="customer")
    return str(given["customer"])


def _wrong_source(given: Mapping[str, Any], form: Form) -> dict[str, str]:
    sources = [key for key in SOURCES if given.get(key) or key in form.files]
    if not sources:
        return {"upload": "Choose a file, or one of the others."}
    return {key: "Give one of the three, not several." for key in sources if len(sources) > 1}


def _wrong_customer(request: Request, given: Mapping[str, Any]) -> dict[str, str]:
    if bool(given.get("customer")) != bool(given.get("newCustomer")):
        return {}
    said = "Choose one or add one, not both." if given.get("customer") else "Is required."
    return {"customer" if site_of(request).host.store.customers.all() else "newCustomer": said}


def _inputs(request: Request) -> Inputs:
    return [*_source_inputs(request), *_customer_inputs(request)]


def _source_inputs(request: Request) -> Inputs:
    versions = site_of(request).host.store.integrations.all()
    known = {
        "key": "version",
        "either": True,
        "label": "An integration that is here already",
        "model": [{"label": f"{item.integration}, version {item.number}", "value": item.id} for item in versions],
    }
    return [
        *([known] if versions else []),
        {
            "key": "upload",
            "either": True,
            "type": "file",
            "label": "Upload an integration",
            "comments": "Its YAML file, or a zip of its folder with the files beside it, such as code steps.",
        },
        {
            "key": "file",
            "either": True,
            "label": "A file on this machine",
            "example": "/home/me/auto-reply/integration.yaml",
            "comments": "Its whole path. The files beside it, such as code steps, come with it.",
        },
    ]


def _customer_inputs(request: Request) -> Inputs:
    customers = site_of(request).host.store.customers.all()
    known = {
        "key": "customer",
        "either": True,
        "label": "Customer",
        "model": [{"label": item.name, "value": item.external_id} for item in customers],
    }
    return [
        *([known] if customers else []),
        {
            "key": "newCustomer",
            "either": True,
            "label": "A new customer's external id",
            "comments": "By which your own systems know them.",
            "example": "acme",
        },
        {"key": "newCustomerName", "label": "Their name", "example": "Acme Inc."},
    ]


def _draw(
    request: Request, given: Mapping[str, Any], *, errors: Mapping[str, str] | None = None, problems: Sequence[str] = ()
) -> Response:
    parts = [fields_of(inputs(request), given, errors=errors) for inputs in (_source_inputs, _customer_inputs)]
    return site_of(request).pages.page(
        request,
        "deploy.html",
        status=400 if errors or problems else 200,
        section="instances",
        form=FormPage([*parts[0], *parts[1]]),
        source=FormPage(parts[0]),
        customer=FormPage(parts[1]),
        problems=problems,
    )


def routes(limits: Limits) -> list[Route]:
    return [
        Route("/instances/new", begin),
        Route("/instances/new", with_upload(publish, limits.definition), methods=["POST"]),
    ]
