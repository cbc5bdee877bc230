"""A unit: what it takes and gives, and a form to try it for real."""

import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.component import Action, Trigger, Unit
from ....connector.errors import is_told
from ....connector.manifest import inputs_of
from ...execution.trials import Trial
from ..forms import CONFIRMED, Form, FormPage, errors_by_field, fields_of, values_of, with_choices
from ..hints import Trouble
from ..markup import sentence
from ..site import missing, see_other, site_of, with_form
from .components import Entry, entry_of

Inputs = Sequence[Mapping[str, Any]]


def detail(request: Request) -> Response:
    entry, key = entry_of(request), request.query_params.get("trial", "")
    trial = site_of(request).host.trials.of(key) if key else None
    if trial is None or trial.unit is not entry.unit:
        gone = "The result is not kept any more. What was sent stays sent." if key else ""
        return _draw(request, entry, _Draft(_defaults(entry), problem=gone))
    return _draw(request, entry, _Draft(trial.given, errors=_errors(entry, trial)), trial=trial, trial_key=key)


def attempt(request: Request, form: Form) -> Response:
    """Run the unit, or load the choices for its form."""
    entry, trials = entry_of(request), site_of(request).host.trials
    if isinstance(entry.unit, Trigger):
        raise missing("form")
    inputs, key = _inputs(request, entry), form.get("_form")
    given = values_of(inputs, form)
    if form.get("_then") == "choices":
        return _draw(request, entry, _Draft(given, key=key, confirmed=bool(form.get(CONFIRMED)), offer=True))
    if form.get("_then") == "typed":
        return _draw(request, entry, _Draft(given, key=key, confirmed=bool(form.get(CONFIRMED))))
    wrong = _not_json(inputs, given)
    if _is_for_real(entry.unit) and not form.get(CONFIRMED):
        wrong[CONFIRMED] = "Tick this first: it is done for real."
    if wrong:
        return _draw(request, entry, _Draft(given, key=key, errors=wrong))
    try:
        trials.run(key, entry.unit, _read(inputs, given))
    except Exception as error:
        if not is_told(error):
            raise
        return _draw(request, entry, _Draft(given, problem=sentence(str(error))))
    return see_other(entry.href, trial=key)


def result(request: Request) -> Response:
    """The bytes that a trial gave, as a download."""
    trial = site_of(request).host.trials.of(request.query_params.get("trial", ""))
    data = trial.result.data if trial and trial.result and trial.unit is entry_of(request).unit else None
    if trial is None or not isinstance(data, bytes):
        raise missing("result")
    kind = (trial.result.content_type or "").partition(";")[0] if trial.result else ""
    name = f"{trial.unit.key}{mimetypes.guess_extension(kind) or '.bin'}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/octet-stream", headers=headers)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A form as it stands: ``key`` of the form that was sent, if that may still be sent; ``offer`` loads the choices."""

    given: Mapping[str, Any]
    key: str = ""
    problem: str = ""
    errors: Mapping[str, str] | None = None
    confirmed: bool = False
    offer: bool = False


def _draw(
    request: Request, entry: Entry, draft: _Draft, *, trial: Trial | None = None, trial_key: str = ""
) -> Response:
    site, tried = site_of(request), not isinstance(entry.unit, Trigger)
    inputs = _inputs(request, entry)
    if draft.offer:
        inputs = [_offered(request, entry, item, draft.given) for item in inputs]
    if _is_for_real(entry.unit):
        inputs = [*inputs, _confirmation()]
    given = {**draft.given, CONFIRMED: draft.confirmed}
    form = FormPage(fields_of(inputs, given, errors=draft.errors) if tried else [], problem=draft.problem)
    return site.pages.page(
        request,
        "unit.html",
        status=400 if draft.problem or (draft.errors and not trial) else 200,
        section="components",
        entry=entry,
        unit=entry.unit,
        inputs=inputs_of(entry.unit.model),
        example=entry.unit.example,
        tried=tried,
        for_real=_is_for_real(entry.unit),
        form=form,
        key=draft.key or (site.host.trials.form() if tried else ""),
        offers=any(item.get("dataSource") for item in inputs),
        offered=draft.offer,
        needs=_needs(request, entry),
        trial=trial,
        trial_key=trial_key,
        is_bytes=bool(trial and trial.result and isinstance(trial.result.data, bytes)),
        trouble=Trouble.of(trial.error) if trial else None,
    )


def _errors(entry: Entry, trial: Trial) -> dict[str, str]:
    """At which input what went wrong is to be mended."""
    if not trial.error or trial.error.get("kind") != "input":
        return {}
    found = errors_by_field(str(trial.error["message"]), [item["key"] for item in inputs_of(entry.unit.model)])
    return {key: text for key, text in found.items() if key}


def _inputs(request: Request, entry: Entry) -> list[dict[str, Any]]:
    """The form: a connection is chosen among those of the component."""
    connections = site_of(request).host.store.connections.all(entry.component.key)
    options = [{"label": record.name, "value": record.id} for record in connections]
    return [dict(_drawn(item, options)) for item in inputs_of(entry.unit.model)]


def _drawn(item: Mapping[str, Any], connections: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    if item["type"] == "connection":
        return {**item, "type": "string", "model": connections}
    if item["type"] == "conditional":
        return {**item, "comments": f"{item.get('comments') or ''} As JSON.".strip()}
    return item


def _offered(request: Request, entry: Entry, item: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """With the choices of its data source; what is there already stays one of them."""
    if not item.get("dataSource"):
        return item
    try:
        found = site_of(request).host.trials.choices(entry.component, item["dataSource"], given)
    except Exception as error:
        if not is_told(error):
            raise
        return item | {"comments": f"{item.get('comments') or ''} No choices: {sentence(str(error))}".strip()}
    return with_choices(item, found, given.get(item["key"]))


def _confirmation() -> dict[str, Any]:
    return {
        "key": CONFIRMED,
        "type": "boolean",
        "label": "Do this for real",
        "comments": "What it sends or changes cannot be taken back here, and may cost money.",
        "required": True,
    }


def _is_for_real(unit: Unit) -> bool:
    return isinstance(unit, Action) and not unit.repeatable


def _needs(request: Request, entry: Entry) -> bool:
    """Whether it asks for a connection and there is none."""
    required = any(item["type"] == "connection" and item.get("required") for item in inputs_of(entry.unit.model))
    return required and not site_of(request).host.store.connections.all(entry.component.key)


def _defaults(entry: Entry) -> dict[str, Any]:
    return {item["key"]: item["default"] for item in inputs_of(entry.unit.model) if item.get("default")}


def _not_json(inputs: Inputs, given: Mapping[str, Any]) -> dict[str, str]:
    wrong = {}
    for item in _structured(inputs):
        try:
            json.loads(given.get(item["key"], "null"))
        except (ValueError, RecursionError) as error:
            wrong[item["key"]] = f"is not JSON: {error}"
    return wrong


def _read(inputs: Inputs, given: Mapping[str, Any]) -> dict[str, Any]:
    read = {item["key"]: json.loads(given[item["key"]]) for item in _structured(inputs) if item["key"] in given}
    return {**given, **read}


def _structured(inputs: Inputs) -> list[Mapping[str, Any]]:
    """Inputs whose value has no form of its own: it is written as JSON."""
    return [item for item in inputs if item["type"] == "conditional"]


def routes() -> list[Route]:
    one = "/components/{component}/{kind}/{unit}"
    return [
        Route(one, detail),
        Route(one, with_form(attempt), methods=["POST"]),
        Route(f"{one}/result", result),
    ]
