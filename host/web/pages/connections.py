"""Connections: list, choose a type, fill in its form, test, delete."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.component import Component, ConnectionType
from ....connector.errors import is_told
from ...store.connections import ConnectionRecord
from ...store.instances import InstanceRecord
from ..forms import Form, FormPage, calls_of, errors_by_field, fields_of, forgotten, values_of, with_calls
from ..markup import sentence
from ..site import Site, missing, notice, see_other, site_of, with_form

NAME = {
    "key": "_name",
    "type": "string",
    "label": "Name",
    "comments": "What you call it here, such as the account's name.",
    "required": True,
}
NOTICES = {"saved": "Saved.", "deleted": "The connection was deleted."}


def listing(request: Request) -> Response:
    site = site_of(request)
    labels = {(c.key, unit.key): unit.label for c, unit in _types(site)}
    return site.pages.page(
        request,
        "connections.html",
        section="connections",
        notice=notice(request, NOTICES),
        connections=site.host.store.connections.all(),
        labels=labels,
    )


def new(request: Request) -> Response:
    site, wanted = site_of(request), request.query_params.get("type", "")
    if wanted:
        component, unit = _type(site, wanted)
        suggested = {"_name": f"My {component.display['label']} account"} | _defaults(unit.inputs)
        fields = fields_of([NAME, *unit.inputs], suggested, names=_secret_names(site))
        return _form_page(request, component, unit, FormPage(fields))
    choices = [
        {
            "value": f"{c.key}.{unit.key}",
            "label": unit.label,
            "component": c.display["label"],
            "comments": unit.description,
        }
        for c, unit in _types(site)
    ]
    return site.pages.page(request, "connection_types.html", section="connections", choices=choices)


def create(request: Request, form: Form) -> Response:
    component, unit = _type(site_of(request), form.get("_type"))
    return _save(request, form, component, unit, None)


def detail(request: Request) -> Response:
    record, component, unit = _record(request)
    return _form_page(request, component, unit, _filled(request, record, unit), record)


def update(request: Request, form: Form) -> Response:
    record, component, unit = _record(request)
    return _save(request, form, component, unit, record)


def test(request: Request, _form: Form) -> Response:
    record, _, _ = _record(request)
    site_of(request).host.connections.test(record.id)
    return see_other(f"/connections/{record.id}")


def delete(request: Request, _form: Form) -> Response:
    record, component, unit = _record(request)
    try:
        site_of(request).host.connections.remove(record.id)
    except Exception as error:
        if not is_told(error):
            raise
        page = _filled(request, record, unit, problem=sentence(str(error)))
        return _form_page(request, component, unit, page, record, status=409)
    return see_other("/connections", done="deleted")


def _save(
    request: Request, form: Form, component: Component, unit: ConnectionType, record: ConnectionRecord | None
) -> Response:
    host = site_of(request).host
    kept, stored = host.connections.form(record.id) if record else ({}, frozenset[str]())
    values, name = values_of(unit.inputs, form, kept), form.get("_name").strip()
    reserved = form.all("_reserved") if form.get("_reserves") else None
    calls = calls_of(unit.inputs, form)
    try:
        fields = with_calls(values, calls, kept)
        if record:
            forget = forgotten(unit.inputs, form, kept)
            saved = host.connections.update(
                record.id,
                name=name,
                fields=fields,
                forget=forget,
                reserved_for=reserved,
                tested=form.get("_then") == "tested",
            )
        else:
            saved = host.connections.add(
                name=name, component=component.key, key=unit.key, fields=fields, reserved_for=reserved or ()
            )
    except Exception as error:
        if not is_told(error):
            raise
        asked = {"_name": name} | values | calls
        page = _refused(site_of(request), unit.inputs, asked, host.redactor.strike(str(error)), stored)
        return _form_page(request, component, unit, page, record, reserved=reserved, status=400)
    if form.get("_then") == "test":
        host.connections.test(saved.id)
    return see_other(f"/connections/{saved.id}", done="saved")


def _filled(request: Request, record: ConnectionRecord, unit: ConnectionType, problem: str = "") -> FormPage:
    values, stored = site_of(request).host.connections.form(record.id)
    names = _secret_names(site_of(request))
    shown = {"_name": record.name} | values
    return FormPage(fields_of([NAME, *unit.inputs], shown, stored=stored, names=names), problem)


def _refused(
    site: Site,
    inputs: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    problem: str,
    stored: Collection[str],
) -> FormPage:
    found = errors_by_field(problem, [item["key"] for item in inputs] + ["name"])
    if not values["_name"]:
        found["name"] = "Give the connection a name."
    errors = {"_name" if key == "name" else key: text for key, text in found.items() if key}
    fields = fields_of([NAME, *inputs], values, stored=stored, errors=errors, names=_secret_names(site))
    return FormPage(fields, problem="" if errors else f"Not saved: {sentence(problem)}")


def _form_page(
    request: Request,
    component: Component,
    unit: ConnectionType,
    form: FormPage,
    record: ConnectionRecord | None = None,
    *,
    reserved: Sequence[str] | None = None,
    status: int = 200,
) -> Response:
    return site_of(request).pages.page(
        request,
        "connection.html",
        status=status,
        section="connections",
        title=record.name if record else unit.label,
        label=unit.label,
        comments=unit.description,
        documentation=component.documentation_url,
        notice=notice(request, NOTICES),
        form=form,
        reservable=[
            {"id": user.id, "name": user.name, "customer": customer}
            for customer, user in site_of(request).host.store.users.all()
        ],
        reserved=reserved if reserved is not None else record.reserved_for if record else (),
        record=record,
        type="" if record else f"{component.key}.{unit.key}",
        action=f"/connections/{record.id}" if record else "/connections",
        users=_users(request, record.id) if record else [],
        secrets=[item["label"] for item in unit.inputs if item["type"] == "password"],
    )


def _users(request: Request, connection_id: str) -> list[InstanceRecord]:
    instances = site_of(request).host.store.instances.all()
    return [instance for instance in instances if connection_id in instance.connections.values()]


def _secret_names(site: Site) -> list[str]:
    return list(site.host.secrets.names())


def _defaults(inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {item["key"]: item["default"] for item in inputs if item.get("default")}


def _types(site: Site) -> list[tuple[Component, ConnectionType]]:
    return [(component, unit) for component in site.host.registry.values() for unit in component.connections.values()]


def _type(site: Site, wanted: str) -> tuple[Component, ConnectionType]:
    component = site.host.registry.get(wanted.partition(".")[0])
    unit = component.connections.get(wanted.partition(".")[2]) if component else None
    if component is None or unit is None:
        raise missing("kind of connection")
    return component, unit


def _record(request: Request) -> tuple[ConnectionRecord, Component, ConnectionType]:
    site = site_of(request)
    record = site.host.store.connections.get(request.path_params["id"])
    if record is None:
        raise missing("connection")
    return record, *_type(site, f"{record.component}.{record.key}")


def routes() -> list[Route]:
    return [
        Route("/connections", listing),
        Route("/connections", with_form(create), methods=["POST"]),
        Route("/connections/new", new),
        Route("/connections/{id}", detail),
        Route("/connections/{id}", with_form(update), methods=["POST"]),
        Route("/connections/{id}/test", with_form(test), methods=["POST"]),
        Route("/connections/{id}/delete", with_form(delete), methods=["POST"]),
    ]
