"""Deploying an integration: which file for whom, then a form of its configuration."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import InvalidInput
from ... import definition
from ...definition.check import require
from ...definition.model import ConfigVar, Integration
from ...definition.timetable import Timetable
from ..forms import Form, FormPage, fields_of, values_of
from ..markup import sentence
from ..site import is_error, see_other, site_of, with_form
from .schedules import inputs_of as schedule_inputs
from .schedules import text_of

Inputs = Sequence[Mapping[str, Any]]


def begin(request: Request) -> Response:
    return _draw_begin(request, {})


def configure(request: Request, form: Form) -> Response:
    """The form of the file's config variables, or what is wrong with the file."""
    given = values_of(_begin_inputs(request), form)
    missing = {key: "is required" for key in ("file", "customer") if not given.get(key)}
    if missing:
        return _draw_begin(request, given, errors=missing)
    try:
        integration = _read(request, given)
    except Exception as error:
        if not is_error(error):
            raise
        return _draw_begin(request, given, problems=str(error).splitlines())
    return _draw_configure(request, given, integration, {"_name": integration.name} | _defaults(integration))


def deploy(request: Request, form: Form) -> Response:
    given = values_of(_begin_inputs(request), form)
    try:
        integration = _read(request, given)
        inputs = config_inputs(request, integration)
        values = values_of(inputs, form)
        config = _config_of(integration, values)
    except Exception as error:
        if not is_error(error):
            raise
        return _draw_begin(request, given, problems=str(error).splitlines())
    name = form.get("_name").strip()
    try:
        file, customer = Path(given["file"]), given["customer"]
        instance = site_of(request).host.deploy(file, customer=customer, config=config, name=name)
    except Exception as error:
        if not is_error(error):
            raise
        return _draw_configure(request, given, integration, {"_name": name} | values, error)
    return see_other(f"/instances/{instance.id}", done="deployed")


def _read(request: Request, given: Mapping[str, Any]) -> Integration:
    file = Path(given.get("file", ""))
    if not file.is_file():  # a device or a pipe would be read without end
        raise InvalidInput(f"{file}: there is no such file on this machine; give its whole path", field="file")
    integration = definition.read(file)
    require(integration, site_of(request).host.registry)
    return integration


def _begin_inputs(request: Request) -> Inputs:
    customers = site_of(request).host.store.customers.all()
    return [
        {
            "key": "file",
            "label": "Integration file",
            "required": True,
            "example": "/home/me/auto-reply/integration.yaml",
            "comments": "Its path on this machine. The files beside it, such as code steps, are deployed with it.",
        },
        {
            "key": "customer",
            "label": "Customer",
            "required": True,
            "comments": "" if customers else "There is no customer yet; add one first.",
            "model": [{"label": item.name, "value": item.external_id} for item in customers],
        },
    ]


def config_inputs(request: Request, integration: Integration) -> Inputs:
    """The form of the config variables. Their names are for people, so the fields have names of their own."""
    found = [_config_inputs(request, f"v{n}", var) for n, var in enumerate(integration.config_vars)]
    return [item for items in found for item in items]


def _config_of(integration: Integration, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by config variable out of those of the form's fields; what was left empty is left out."""
    named = {f"v{n}": var for n, var in enumerate(integration.config_vars)}
    found = {v.key: text_of(values, k) if v.data_type == "schedule" else values.get(k) for k, v in named.items()}
    return {name: value for name, value in found.items() if value}


def _config_inputs(request: Request, key: str, var: ConfigVar) -> Inputs:
    if var.data_type == "schedule":
        return schedule_inputs(
            key, var.key, f"{var.key}: time zone", required=not var.default, comments=var.description
        )
    return [_config_input(request, key, var)]


def _config_input(request: Request, key: str, var: ConfigVar) -> Mapping[str, Any]:
    shared = {"key": key, "label": var.key, "comments": var.description, "collection": var.collection or None}
    if var.data_type == "connection" and var.connection is not None:
        component, kind = var.connection.component.key, var.connection.key
        found = [c for c in site_of(request).host.store.connections.all(component) if c.key == kind]
        options = [{"label": item.name, "value": item.id} for item in found]
        none = "" if found else f" There is none of this kind ({component}.{kind}) yet; add one first."
        return shared | {"required": True, "model": options, "comments": var.description + none}
    choices = [{"label": choice, "value": choice} for choice in var.pick_list]
    kind = {"boolean": "boolean", "code": "code"}.get(var.data_type, "string")
    return shared | {"type": kind, "model": choices or None, "required": not var.default, "default": var.default}


def _defaults(integration: Integration) -> dict[str, str]:
    found = {f"v{n}": var.default for n, var in enumerate(integration.config_vars) if var.default}
    for n, var in enumerate(integration.config_vars):
        if var.data_type == "schedule":
            timetable = Timetable.parse(var.default, var.time_zone) if var.default else None
            found |= {
                f"v{n}": timetable.line if timetable else "",
                f"v{n}-zone": timetable.zone if timetable else var.time_zone,
            }
    return found


def _draw_begin(
    request: Request, given: Mapping[str, Any], *, errors: Mapping[str, str] | None = None, problems: Sequence[str] = ()
) -> Response:
    return site_of(request).pages.page(
        request,
        "deploy.html",
        status=400 if errors or problems else 200,
        section="instances",
        title="Deploy an integration",
        lede="An integration file, for a customer. Deploying the same name again updates the instance; its addresses stay.",
        form=FormPage(fields_of(_begin_inputs(request), given, errors=errors)),
        problems=problems,
        action="/instances/new",
        kept={},
        button="Continue",
    )


def _draw_configure(
    request: Request,
    given: Mapping[str, Any],
    integration: Integration,
    values: Mapping[str, Any],
    error: Exception | None = None,
) -> Response:
    inputs = [
        {"key": "_name", "label": "Name", "required": True, "comments": "What this instance is called here."},
        *config_inputs(request, integration),
    ]
    field = getattr(error, "field", None)
    key = {item["label"]: item["key"] for item in inputs}.get("Name" if field == "name" else field)
    errors = {key: str(error).removeprefix(f"config variable {field!r}: ")} if error and key else None
    return site_of(request).pages.page(
        request,
        "deploy.html",
        status=400 if error else 200,
        section="instances",
        title=integration.name,
        lede=integration.description,
        form=FormPage(
            fields_of(inputs, values, errors=errors), problem=sentence(str(error)) if error and not errors else ""
        ),
        problems=(),
        action="/instances",
        kept={"file": given["file"], "customer": given["customer"]},
        button="Deploy",
    )


def routes() -> list[Route]:
    return [
        Route("/instances", with_form(deploy), methods=["POST"]),
        Route("/instances/new", begin),
        Route("/instances/new", with_form(configure), methods=["POST"]),
    ]
