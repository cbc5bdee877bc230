"""When a flow starts by itself: shown with its flow, changed on a page of its own, and made to start now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import InvalidInput
from ...definition.timetable import MEND, Timetable, check_line, check_zone
from ...store.instances import EndpointRecord, InstanceRecord
from ...store.schedules import ScheduleRecord
from ..forms import Form, FormPage, fields_of, values_of
from ..markup import sentence
from ..schedule_form import inputs_of, text_of
from ..site import missing, see_other, site_of, with_form

_INPUTS = inputs_of("times", "Times", "Time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleCard:
    """``times`` in words, ``next_at`` as texts in the schedule's zone and in UTC; empty while it is paused."""

    times: str
    next_at: Sequence[str]
    is_polling: bool
    is_own: bool
    is_running: bool
    last_at: datetime | None
    failures: int
    error: str


def card_of(record: ScheduleRecord) -> ScheduleCard:
    timetable = record.timetable
    zones_shown = (timetable.tz, None) if timetable.zone != "UTC" else (None,)
    return ScheduleCard(
        times=in_words(timetable),
        next_at=[moment_in(record.next_at, zone) for zone in zones_shown] if record.next_at else (),
        is_polling=record.polling,
        is_own=record.override is not None,
        is_running=record.lease is not None,
        last_at=record.last_at,
        failures=record.failures,
        error=sentence(record.error["message"]) if record.error else "",
    )


def in_words(timetable: Timetable) -> str:
    """``every 15 minutes``, or ``0 9 * * 1-5, Europe/Berlin``."""
    return timetable.line if timetable.interval else f"{timetable.line}, {timetable.zone}"


def moment_in(moment: datetime, zone: Any) -> str:
    """To the second, with the zone's name; UTC without one."""
    shown = moment.astimezone(zone) if zone else moment
    return f"{shown:%Y-%m-%d %H:%M:%S} {zone.key if zone else 'UTC'}"


def edit(request: Request) -> Response:
    timetable = _schedule(request)[1].timetable
    return _draw(request, {"times": timetable.line, "times-zone": timetable.zone})


def save(request: Request, form: Form) -> Response:
    endpoint, _ = _schedule(request)
    values = values_of(_INPUTS, form)
    errors = _wrong(values)
    if errors:
        return _draw(request, values, errors)
    site_of(request).host.endpoints.set_schedule(endpoint.id, Timetable.parse(text_of(values, "times")))
    return see_other(f"/instances/{endpoint.instance_id}", done="scheduled")


def reset(request: Request, _form: Form) -> Response:
    endpoint, _ = _schedule(request)
    site_of(request).host.endpoints.set_schedule(endpoint.id, None)
    return see_other(f"/instances/{endpoint.instance_id}", done="scheduled")


def run_now(request: Request, _form: Form) -> Response:
    endpoint, _ = _schedule(request)
    try:
        site_of(request).host.endpoints.run_now(endpoint.id)
    except InvalidInput:  # it runs or was paused since the page was drawn, which the page now shows
        return see_other(f"/instances/{endpoint.instance_id}", done="busy")
    return see_other(f"/instances/{endpoint.instance_id}", done="started")


def _wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field."""
    found: dict[str, str] = {}
    for key, check in (("times", check_line), ("times-zone", check_zone)):
        try:
            check(values.get(key, ""))
        except ValueError as error:
            found[key] = str(error) if values.get(key) else f"is required; {MEND}"
    return found


def _draw(request: Request, values: Mapping[str, Any], errors: Mapping[str, str] | None = None) -> Response:
    endpoint, record = _schedule(request)
    instance = _instance(request)
    return site_of(request).pages.page(
        request,
        "schedule.html",
        status=400 if errors else 200,
        section="instances",
        instance=instance,
        endpoint=endpoint,
        is_own=record.override is not None,
        of_file=in_words(Timetable.parse(record.plan)),
        form=FormPage(fields_of(_INPUTS, values, errors=errors)),
    )


def _instance(request: Request) -> InstanceRecord:
    instance = site_of(request).host.store.instances.get(request.path_params["id"])
    if instance is None:
        raise missing("instance")
    return instance


def _schedule(request: Request) -> tuple[EndpointRecord, ScheduleRecord]:
    store, wanted = site_of(request).host.store, request.path_params["endpoint"]
    endpoint = next((item for item in store.instances.endpoints(_instance(request).id) if item.id == wanted), None)
    record = store.schedules.get(endpoint.id) if endpoint else None
    if endpoint is None or record is None:
        raise missing("schedule")
    return endpoint, record


def routes() -> list[Route]:
    base = "/instances/{id}/schedules/{endpoint}"
    return [
        Route(base, edit),
        Route(base, with_form(save), methods=["POST"]),
        Route(f"{base}/reset", with_form(reset), methods=["POST"]),
        Route(f"{base}/run", with_form(run_now), methods=["POST"]),
    ]
