"""Deploying an integration: which file for whom, then a form of its configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import InvalidInput
from ...definition import values
from ...definition.check import load
from ...definition.model import ConfigVar, Integration
from ...definition.timetable import Timetable
from ..forms import Field, Form, FormPage, fields_of, values_of
from ..markup import plain_text, sentence
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
        chosen = values_of(inputs, form)
        config = _by_name(integration, chosen)
    except Exception as error:
        if not is_error(error):
            raise
        return _draw_begin(request, given, problems=str(error).splitlines())
    name = form.get("_name").strip()
    if form.get("_choices"):
        return _draw_configure(request, given, integration, {"_name": name} | chosen)
    try:
        file, customer = Path(given["file"]), given["customer"]
        instance = site_of(request).host.deploy(file, customer=customer, config=config, name=name)
    except Exception as error:
        if not is_error(error):
            raise
        return _draw_configure(request, given, integration, {"_name": name} | chosen, error)
    return see_other(f"/instances/{instance.id}", done="deployed")


def _read(request: Request, given: Mapping[str, Any]) -> Integration:
    file = Path(given.get("file", ""))
    if not file.is_file():  # a device or a pipe would be read without end
        raise InvalidInput(f"{file}: there is no such file on this machine; give its whole path", field="file")
    return load(file, site_of(request).host.registry)


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


def config_inputs(request: Request, integration: Integration, chosen: Mapping[str, Any] | None = None) -> Inputs:
    """The form of the config variables. Their names are for people, so the fields have names of their own."""
    given = _by_name(integration, chosen or {})
    found = [_config_inputs(request, integration, f"v{n}", var, given) for n, var in enumerate(integration.config_vars)]
    return [item for items in found for item in items]


def _by_name(integration: Integration, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Values by config variable out of those of the form's fields; what was left empty is left out."""
    named = {f"v{n}": var for n, var in enumerate(integration.config_vars)}
    found = {v.key: text_of(chosen, k) if v.data_type == "schedule" else chosen.get(k) for k, v in named.items()}
    return {name: value for name, value in found.items() if value}


def _config_inputs(
    request: Request, integration: Integration, key: str, var: ConfigVar, given: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    if var.data_type == "schedule":
        return schedule_inputs(
            key, var.key, f"{var.key}: time zone", required=not var.default, comments=var.description
        )
    return [_config_input(request, integration, key, var, given)]


def _config_input(
    request: Request, integration: Integration, key: str, var: ConfigVar, given: Mapping[str, Any]
) -> dict[str, Any]:
    shared = {"key": key, "label": var.key, "comments": var.description, "collection": var.collection or None}
    if var.data_type == "connection":
        return shared | _connection_input(request, var)
    options = [{"label": choice, "value": choice} for choice in var.pick_list]
    kind = {"boolean": "boolean", "code": "code"}.get(var.data_type, "string")
    kind = "code" if var.data_type in values.JSON_TYPES else kind
    asked = not var.default and not var.collection
    drawn = shared | {"type": kind, "model": options or None, "required": asked, "default": var.default}
    return drawn | (_offered(request, integration, var, given) if var.data_source else {})


def _connection_input(request: Request, var: ConfigVar) -> dict[str, Any]:
    connections = site_of(request).host.store.connections
    if var.connection is None:
        options = [{"label": item.name, "value": item.name} for item in connections.all()]
        comments = f"{var.description} The integration shares it with others by the name {var.scoped}.".strip()
        return {"required": False, "model": options, "comments": comments}
    component, kind = var.connection.component.key, var.connection.key
    found = [item for item in connections.all(component) if item.key == kind]
    none = "" if found else f" There is none of this kind ({component}.{kind}) yet; add one first."
    options = [{"label": item.name, "value": item.id} for item in found]
    return {"required": True, "model": options, "comments": var.description + none}


def _offered(request: Request, integration: Integration, var: ConfigVar, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the variable's data source offers, once what it asks for is chosen; until then any text."""
    try:
        found = site_of(request).host.choices(integration, var.key, given)
    except Exception as error:
        if not is_error(error):
            raise
        why = (
            sentence(str(error)) if given else "Choose what it depends on, then load the choices, or enter it yourself."
        )
        return {"comments": f"{var.description} {why}".strip()}
    return {"model": [{"label": item["label"], "value": item["key"]} for item in found]} if found else {}


def _defaults(integration: Integration) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for n, var in enumerate(integration.config_vars):
        if var.data_type == "schedule":
            timetable = Timetable.parse(var.default, var.time_zone) if var.default else None
            found |= {
                f"v{n}": timetable.line if timetable else "",
                f"v{n}-zone": timetable.zone if timetable else var.time_zone,
            }
        elif var.default:
            found[f"v{n}"] = values.read(var, var.default) if var.collection else var.default
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A page of the configuration, drawn as a part of the one form. ``texts`` are its HTML elements, as plain text."""

    title: str = ""
    tagline: str = ""
    texts: Sequence[str] = ()
    form: FormPage


def _sections(integration: Integration, fields: Sequence[Field]) -> list[Section]:
    """The name first, then page by page, then what is on no page."""
    by_name: dict[str, list[Field]] = {
        var.key: [field for field in fields if field.name in {f"v{n}", f"v{n}-zone"}]
        for n, var in enumerate(integration.config_vars)
    }
    sections = [Section(form=FormPage(list(fields[:1])))]
    for page in integration.config_pages:
        elements = page.elements
        texts = [text for item in elements if item.type == "htmlElement" and (text := plain_text(item.value))]
        asked = [item.value for item in elements if item.type != "htmlElement"]
        drawn = [field for name in asked for field in by_name.pop(name, [])]
        if drawn or texts:
            sections.append(Section(title=page.name, tagline=page.tagline, texts=texts, form=FormPage(drawn)))
    rest = [field for fields in by_name.values() for field in fields]
    return [*sections, *([Section(title="More" if len(sections) > 1 else "", form=FormPage(rest))] if rest else [])]


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
    chosen: Mapping[str, Any],
    error: Exception | None = None,
) -> Response:
    name = {"key": "_name", "label": "Name", "required": True, "comments": "What this instance is called here."}
    inputs = [name, *config_inputs(request, integration, chosen)]
    field = getattr(error, "field", None)
    key = {item["label"]: item["key"] for item in inputs}.get("Name" if field == "name" else field)
    errors = {key: str(error).removeprefix(f"config variable {field!r}: ")} if error and key else None
    fields = fields_of(inputs, chosen, errors=errors)
    return site_of(request).pages.page(
        request,
        "deploy.html",
        status=400 if error else 200,
        section="instances",
        title=integration.name,
        lede=integration.description,
        form=FormPage(fields, problem=sentence(str(error)) if error and not errors else ""),
        sections=_sections(integration, fields),
        offers=any(var.data_source for var in integration.config_vars),
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
