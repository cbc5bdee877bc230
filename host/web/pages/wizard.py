"""The configuration, a page of the file a step; then all of it once more, and the act: deploy, change or upgrade.

What was entered travels with the form from step to step and holds no secret: connections are chosen by their ids. It is
checked again as a whole before anything is done.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.context import Customer
from ....connector.errors import InvalidInput, is_told
from ...definition.model import Integration
from ...integrations.versions import renamed
from ...store.instances import InstanceRecord
from ...store.integrations import VersionRecord
from ..body import BodyRefused
from ..configuring import Asking, Step, about, begun, remembered, steps_of
from ..forms import Form, FormPage, fields_of, values_of
from ..markup import sentence
from ..site import missing, see_other, site_of, with_form
from .instances import instance_of

NAME = {
    "key": "_name",
    "label": "Name",
    "required": True,
    "comments": "What this instance is called here. An instance of that name, if the customer has one, is changed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done: ``instance`` is the one to be changed, None where a new one is to be made."""

    version: VersionRecord
    integration: Integration
    customer: Customer
    instance: InstanceRecord | None = None

    @property
    def steps(self) -> list[Step]:
        return steps_of(self.integration)

    @property
    def is_upgrade(self) -> bool:
        return bool(self.instance and self.instance.version_id != self.version.id)

    @property
    def title(self) -> str:
        if not self.instance:
            return f"Deploy {self.integration.name}"
        return f"Upgrade {self.instance.name}" if self.is_upgrade else f"Configure {self.instance.name}"

    @property
    def button(self) -> str:
        if not self.instance:
            return "Deploy"
        return f"Upgrade to version {self.version.number}" if self.is_upgrade else "Save and deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A value of the summary; ``before`` is None where nothing is changed."""

    name: str
    value: str
    before: str | None
    step: int


def new(request: Request) -> Response:
    return _begin(request, _new(request, request.query_params.get("customer", "")))


def new_step(request: Request, form: Form) -> Response:
    return _go(request, _new(request, form.get("_customer")), form)


def change(request: Request) -> Response:
    return _begin(request, _change(request, request.query_params.get("version", "")))


def change_step(request: Request, form: Form) -> Response:
    return _go(request, _change(request, form.get("_version")), form)


def _new(request: Request, external_id: str) -> Plan:
    customer = site_of(request).host.store.customers.known(external_id)
    if customer is None:
        raise missing("customer")
    version = _version(request, request.path_params["version"])
    return Plan(version=version, integration=_integration(request, version), customer=customer)


def _change(request: Request, version_id: str) -> Plan:
    host, instance = site_of(request).host, instance_of(request)
    version = _version(request, version_id or instance.version_id)
    customer = host.store.customers.get(instance.customer_id)
    if customer is None or version.integration_id != instance.integration_id:
        raise missing("version of this integration")
    _integration(request, _version(request, instance.version_id))
    integration = _integration(request, version)
    return Plan(version=version, integration=integration, customer=customer, instance=instance)


def _version(request: Request, version_id: str) -> VersionRecord:
    try:
        return site_of(request).host.store.integrations.version(version_id)
    except InvalidInput:
        raise missing("version") from None


def _integration(request: Request, version: VersionRecord) -> Integration:
    try:
        return site_of(request).host.versions.load(version.id)
    except Exception as error:
        if not is_told(error):
            raise
        said = f"Version {version.number} cannot be read any more: {error}"
        raise HTTPException(409, f"{said} Deploy the integration anew, under the same name.") from None


def _begin(request: Request, plan: Plan) -> Response:
    host = site_of(request).host
    config = host.instances.carried(plan.instance, plan.version.id) if plan.instance else None
    entered = begun(plan.integration, config) | {
        "_name": plan.instance.name if plan.instance else plan.integration.name
    }
    if plan.is_upgrade and not _unfinished(Asking(host, plan.integration, entered), plan.steps):
        return _draw_summary(request, plan, entered)  # nothing new is asked for
    return _draw(request, plan, 0, entered)


def _go(request: Request, plan: Plan, form: Form) -> Response:
    """To where the button leads, with what was entered; on only from a step that is right."""
    number, entered, host = (
        _number(form, plan),
        remembered(plan.integration, form.get("_entered")),
        site_of(request).host,
    )
    if number < len(plan.steps):
        inputs = Asking(host, plan.integration, entered).inputs(plan.steps[number], offered=False)
        shown = {item["key"] for item in inputs}
        entered = {key: value for key, value in entered.items() if key not in shown} | values_of(inputs, form)
    else:
        entered |= {"_name": form.get("_name", str(entered.get("_name", ""))).strip()}
    asking, wanted = Asking(host, plan.integration, entered), form.get("_go") or "next"
    if wanted == "deploy" and number == len(plan.steps):
        if not entered["_name"]:
            return _draw_summary(request, plan, entered, errors={"_name": "Give the instance a name."})
        return _deploy(request, plan, entered)
    if wanted in {"back", "choices", "typed"} or wanted.startswith("to-"):
        return _draw(request, plan, _target(wanted, number, plan), entered, typed=wanted == "typed")
    wrong = asking.wrong(plan.steps[number]) if number < len(plan.steps) else {}
    if wrong:
        return _draw(request, plan, number, entered, errors=wrong, typed=bool(form.get("_typed")))
    return _draw(request, plan, number + 1, entered)


def _number(form: Form, plan: Plan) -> int:
    number = form.get("_step")
    if not (number.isascii() and number.isdecimal() and len(number) < 4 and int(number) <= len(plan.steps)):  # noqa: PLR2004
        raise BodyRefused(400, "the form cannot be read: it does not say which page it is")
    return int(number)


def _target(wanted: str, number: int, plan: Plan) -> int:
    there = wanted.removeprefix("to-")
    if wanted.startswith("to-") and there.isascii() and there.isdecimal() and len(there) < 4:  # noqa: PLR2004
        return min(int(there), len(plan.steps))
    return max(0, number - 1) if wanted == "back" else number


def _deploy(request: Request, plan: Plan, entered: Mapping[str, Any]) -> Response:
    host = site_of(request).host
    config = Asking(host, plan.integration, entered).given
    try:
        if plan.instance:
            cleared = {var.key: "" for var in plan.integration.config_vars}
            done = host.instances.upgrade(plan.instance.id, version_id=plan.version.id, config=cleared | config)
        else:
            name = str(entered["_name"])
            done = host.instances.deploy_version(
                plan.version.id, customer=plan.customer.external_id, config=config, name=name
            )
    except Exception as error:
        if not is_told(error):
            raise
        return _refused(request, plan, entered, error)
    said = "upgraded" if plan.is_upgrade else "configured" if plan.instance else "deployed"
    return see_other(f"/instances/{done.id}", done=said)


def _refused(request: Request, plan: Plan, entered: Mapping[str, Any], error: Exception) -> Response:
    """At the field that is wrong, on the page that asks for it."""
    field = getattr(error, "field", None)
    for number, step in enumerate(plan.steps):
        for key, var in step.config_vars.items():
            if var.key == field:
                return _draw(request, plan, number, entered, errors={key: about(var.key, error)})
    if field == "name":
        return _draw_summary(request, plan, entered, errors={"_name": str(error).removeprefix("name: ")})
    return _draw_summary(request, plan, entered, problem=sentence(str(error)))


def _draw(
    request: Request,
    plan: Plan,
    number: int,
    entered: Mapping[str, Any],
    *,
    errors: Mapping[str, str] | None = None,
    typed: bool = False,
) -> Response:
    """A page of the file; ``typed`` leaves the choices of data sources out."""
    if number >= len(plan.steps):
        return _draw_summary(request, plan, entered)
    step, asking = plan.steps[number], Asking(site_of(request).host, plan.integration, entered)
    return site_of(request).pages.page(
        request,
        "wizard.html",
        status=400 if errors else 200,
        form=FormPage(fields_of(asking.inputs(step, offered=not typed), entered, errors=errors)),
        step=step,
        offers=any(var.data_source for var in step.config_vars.values()),
        typed=typed,
        **_shared(plan, number, entered, typed=typed),
    )


def _draw_summary(
    request: Request,
    plan: Plan,
    entered: Mapping[str, Any],
    *,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
) -> Response:
    host = site_of(request).host
    asking = Asking(host, plan.integration, entered)
    unfinished = _unfinished(asking, plan.steps)
    if unfinished:
        return _draw(request, plan, unfinished[0], entered, errors=asking.wrong(plan.steps[unfinished[0]]))
    inputs = [] if plan.instance else [NAME]
    return site_of(request).pages.page(
        request,
        "summary.html",
        status=400 if errors or problem else 200,
        form=FormPage(fields_of(inputs, entered, errors=errors), problem=problem),
        rows=list(_rows(request, plan, asking)),
        flows=_flows(request, plan),
        **_shared(plan, len(plan.steps), entered),
    )


def _shared(plan: Plan, number: int, entered: Mapping[str, Any], *, typed: bool = False) -> dict[str, Any]:
    return {
        "section": "instances",
        "plan": plan,
        "number": number,
        "kept": {
            "_step": str(number),
            "_entered": json.dumps(entered),
            "_customer": plan.customer.external_id,
            "_version": plan.version.id,
            "_typed": "true" if typed else "",
        },
        "action": f"/instances/{plan.instance.id}/configure" if plan.instance else f"/instances/new/{plan.version.id}",
    }


def _unfinished(asking: Asking, steps: Sequence[Step]) -> list[int]:
    return [number for number, step in enumerate(steps) if asking.wrong(step)]


def _rows(request: Request, plan: Plan, asking: Asking) -> list[Row]:
    """What is configured, as it is going to be; and as it was, where that is another."""
    host = asking.host
    config, connections = host.configuration.check(plan.integration, asking.given)
    before = host.instances.carried(plan.instance, plan.version.id) if plan.instance else {}
    after = {**config, **connections}
    return [
        Row(
            name=var.key,
            value=_text(request, after[var.key]),
            before=_before(request, before.get(var.key), after[var.key]) if plan.instance else None,
            step=number,
        )
        for number, step in enumerate(plan.steps)
        for var in step.config_vars.values()
    ]


def _before(request: Request, before: Any, after: Any) -> str | None:
    if before == after:
        return None
    return "nothing" if before is None else _text(request, before)


def _text(request: Request, value: Any) -> str:
    record = site_of(request).host.store.connections.get(value) if isinstance(value, str) else None
    if record:
        return record.name
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flows(request: Request, plan: Plan) -> list[str]:
    """What an upgrade does to the flows, in words."""
    if not plan.instance or not plan.is_upgrade:
        return []
    old = site_of(request).host.versions.load(plan.instance.version_id)
    moved = renamed(old, plan.integration).flows
    before, after = {flow.name for flow in old.flows}, {flow.name for flow in plan.integration.flows}
    renames = [f"{name} becomes {moved[name]} and keeps its address" for name in sorted(moved)]
    gone = [f"{name} goes, and its address with it" for name in sorted(before - after - moved.keys())]
    come = [f"{name} is new and gets an address" for name in sorted(after - before - set(moved.values()))]
    return [*renames, *gone, *come]


def routes() -> list[Route]:
    return [
        Route("/instances/new/{version}", new),
        Route("/instances/new/{version}", with_form(new_step), methods=["POST"]),
        Route("/instances/{id}/configure", change),
        Route("/instances/{id}/configure", with_form(change_step), methods=["POST"]),
    ]
