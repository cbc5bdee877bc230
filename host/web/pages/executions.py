"""Executions: found by filter and text; one as a timeline and as cards; replayed, cancelled."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast, get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import InvalidInput
from ...engine.replays import AT_ONCE
from ...execution.run_as import SYSTEM
from ...store import Store, search
from ...store.executions import ENDED, ExecutionRecord, StartedBy, Status
from ...store.search import Filter
from ...store.steps import StepRow
from ...store.subject import said
from ..cards import Drawing
from ..forms import Form
from ..hints import Trouble
from ..site import Site, missing, names_of, notice, see_other, site_of, with_form
from ..timeline import timeline, value_of
from . import events
from .flows import connections_of, flow_of

PAGE = 50
SHOWN = 10  # of those that are going to be replayed
STATUSES = (
    ("", "All"),
    ("accepted", "Queued"),
    ("running", "Running"),
    ("waiting", "Waiting"),
    ("succeeded", "Succeeded"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
)
STARTED_BY = (
    ("webhook", "a webhook"),
    ("schedule", "its schedule"),
    ("flow", "another flow"),
    ("replay", "a replay"),
)
FIELDS = ("q", "instance", "customer", "flow", "status", "as", "by", "since", "until")
NOTICES = {
    "replaying": "The failed executions are being replayed; each appears below as one of its own.",
    "stopped": "No more failed executions are replayed. Those that are below already run on.",
    "over": "They had all been replayed already.",
    "replayed": "This is the replay.",
    "cancelled": "It is being cancelled: what runs just now ends, and no further step begins.",
}
# ── the list ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def listing(request: Request) -> Response:
    site = site_of(request)
    store, given = site.host.store, given_filter(request.query_params)
    wanted, problems = read_filter(given)
    seen = events.everything(site)
    before = request.query_params.get("before", "")
    found = search.Found() if problems else search.find(store.engine, wanted, before=before, limit=PAGE)
    return site.pages.page(
        request,
        "executions.html",
        status=400 if problems else 200,
        section="executions",
        notice=notice(request, NOTICES),
        found=found,
        names=names_of(store.instances.all()),
        given=given,
        problems=problems,
        before=before,
        statuses=STATUSES,
        choices=_choices(store),
        query=_query(given),
        seen=seen.id,
        jobs=[job for job in site.host.replays.jobs() if job.ended_at is None],
    )


def given_filter(params: Mapping[str, str]) -> dict[str, str]:
    """What the page's fields hold, by name."""
    return {name: params.get(name, "").strip() for name in FIELDS}


def read_filter(given: Mapping[str, str]) -> tuple[Filter, dict[str, str]]:
    """The filter, and by field what is wrong with it."""
    moments: dict[str, datetime | None] = {}
    problems = {}
    for name in ("since", "until"):
        try:
            moments[name] = _moment(given[name])
        except (ValueError, OverflowError):
            problems[name] = "give a day and a time in UTC, such as 2026-11-26T09:30"
    if given["status"] not in {"", *get_args(Status)}:
        problems["status"] = f"choose one of {', '.join(get_args(Status))}"
    if given["by"] not in {"", *get_args(StartedBy)}:
        problems["by"] = f"choose one of {', '.join(get_args(StartedBy))}"
    wanted = Filter(
        text=given["q"],
        instance_id=given["instance"],
        customer_id=given["customer"],
        flow=given["flow"],
        status=given["status"],
        run_as=given["as"],
        started_by=cast("StartedBy", given["by"]),
        **moments,
    )
    return wanted, problems


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _choices(store: Store) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in each field: value and label."""
    all_instances = store.instances.all()
    return {
        "instance": [(item.id, f"{item.name} · {item.customer}") for item in all_instances],
        "customer": [(item.id, item.name) for item in store.customers.all()],
        "by": list(STARTED_BY),
        "as": [(SYSTEM, "the system"), *((user.id, f"{user.name} · {of}") for of, user in store.users.all())],
    }


def _query(kept: Mapping[str, str]) -> Any:
    def query(**changed: str) -> str:
        return urlencode({name: value for name, value in {**kept, **changed}.items() if value})

    return query


def ask_to_replay(request: Request) -> Response:
    """What would be replayed, before it is."""
    return _ask(request, given_filter(request.query_params) | {"status": "failed"})


def _ask(request: Request, given: Mapping[str, str], *, status: int = 200) -> Response:
    site = site_of(request)
    wanted, problems = read_filter(given)
    return site.pages.page(
        request,
        "replay.html",
        status=400 if problems else status,
        section="executions",
        given=given,
        query=_query(given),
        problems=problems,
        at_once=AT_ONCE,
        found=search.Found() if problems else site.host.replays.find(wanted, SHOWN),
        names=names_of(site.host.store.instances.all()),
    )


def replay_failed(request: Request, form: Form) -> Response:
    given = {name: form.get(name).strip() for name in FIELDS} | {"status": "failed"}
    wanted, problems = read_filter(given)
    if problems:
        return _ask(request, given)
    try:
        site_of(request).host.executions.replay_failed(wanted, AT_ONCE)
    except InvalidInput:  # nothing can be found by it
        return _ask(request, given, status=400)
    kept = {name: value for name, value in given.items() if value and name != "status"}
    return see_other("/executions", **kept, done="replaying")


def stop_replaying(request: Request, _form: Form) -> Response:
    host, job_id = site_of(request).host, request.path_params["job"]
    if host.replays.job(job_id) is None:
        raise missing("replay of failed executions")
    try:
        host.executions.stop_replaying(job_id)
    except InvalidInput:
        return see_other("/executions", done="over")
    return see_other("/executions", done="stopped")


# ── one ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def detail(request: Request) -> Response:
    return _draw(request)


def replay(request: Request, form: Form) -> Response:
    execution = _execution(request)
    try:
        new_id = site_of(request).host.executions.replay(execution.id, form.get("from") or None)
    except InvalidInput as error:
        return _draw(request, problem=str(error))
    return see_other(f"/executions/{new_id}", done="replayed")


def cancel(request: Request, _form: Form) -> Response:
    execution = _execution(request)
    try:
        site_of(request).host.executions.cancel(execution.id)
    except InvalidInput as error:
        return _draw(request, problem=str(error))
    return see_other(f"/executions/{execution.id}", done="cancelled")


def _execution(request: Request) -> ExecutionRecord:
    execution = site_of(request).host.store.executions.get(request.path_params["id"])
    if execution is None:
        raise missing("execution")
    return execution


def _draw(request: Request, *, problem: str = "") -> Response:
    site = site_of(request)
    store, strike = site.host.store, site.host.redactor.strike_all
    seen = events.one(site, request.path_params["id"])  # before all else: what changes meanwhile is then told
    execution = _execution(request)
    rows, lines = store.steps.of(execution.id), store.logs.of(execution.id)
    running = execution.status not in ENDED
    steps = timeline(execution, rows, lines, site.host.registry)
    payload, result = strike(value_of(execution.payload)), strike(_result(execution))
    instance = store.instances.get(execution.instance_id)
    return site.pages.page(
        request,
        "execution.html",
        status=409 if problem else 200,
        section="executions",
        notice=notice(request, NOTICES),
        problem=problem,
        execution=execution,
        instance=instance,
        user=store.users.get(execution.run_as),
        running=running,
        payload=payload,
        body=said(payload),
        steps=steps,
        result=None if steps and steps[-1].output == result else result,
        error=None if _is_told(rows, execution) else Trouble.of(execution.error),
        replays=store.executions.replays(execution.id),
        cards=_cards(site, execution, rows),
        lines=[line for line in lines if line.path not in {row.path for row in rows}],
        seen=seen.id,
    )


def _cards(site: Site, execution: ExecutionRecord, rows: Sequence[StepRow]) -> Sequence[Any]:
    """The flow as it was then; nothing where its version cannot be read any more."""
    flow = flow_of(site, execution.version_id, execution.flow)
    if flow is None:
        return ()
    last = [row for row in rows if row.flow_attempt == execution.attempt]
    connections = connections_of(site, site.host.store.instances.get(execution.instance_id))
    is_over = execution.status in ENDED
    drawing = Drawing(registry=site.host.registry, connections=connections, rows=last, is_over=is_over)
    return drawing.cards(flow)


def _is_told(rows: Sequence[StepRow], execution: ExecutionRecord) -> bool:
    """Whether the execution's error is that of its last step, which shows it already."""
    return bool(
        rows and execution.error and rows[-1].error and rows[-1].error.get("message") == execution.error.get("message")
    )


def _result(execution: ExecutionRecord) -> Any:
    """The last step's data alone, where nothing else was said with it."""
    value = value_of(execution.result)
    told = {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value
    return told["data"] if isinstance(told, dict) and told.keys() == {"data"} else told or None


def routes() -> list[Route]:
    return [
        Route("/executions", listing),
        Route("/executions/replay", ask_to_replay),
        Route("/executions/replay", with_form(replay_failed), methods=["POST"]),
        Route("/executions/replay/{job}/stop", with_form(stop_replaying), methods=["POST"]),
        Route("/executions/{id}", detail),
        Route("/executions/{id}/replay", with_form(replay), methods=["POST"]),
        Route("/executions/{id}/cancel", with_form(cancel), methods=["POST"]),
    ]
