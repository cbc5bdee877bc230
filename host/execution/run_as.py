"""On whose behalf an execution runs: Stitch's "Run Webhook As", as a flow's ``runAs`` says.

    runAs: {type: user, value: ada}
    runAs: {type: script, value: "whom:sender"}     # def sender(payload): return payload["From"]

A script is given the event's document, as handlers are. It returns a user of the customer, by external id or id, or None for
the system. It is called in the execution, before its first step, and only looks: a process that dies meanwhile calls it again.
"""

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...connector.context import ActionContext, User
from ...connector.errors import InvalidInput
from ...connector.payload import document
from ..definition import code, model
from ..definition.expressions import copied
from ..loggers import logger
from ..store import executions, portable
from ..store.executions import ExecutionRecord
from . import outcome
from .runtime import INTERRUPTIONS, Checkpoint, Runtime

SYSTEM = "system"

log = logger("engine")


@dataclass(frozen=True, kw_only=True)
class Case:
    """An execution with what it runs, before it is known as whom."""

    record: ExecutionRecord
    integration: model.Integration
    flow: model.Flow
    payload: Any = field(repr=False)
    context: ActionContext


def identify(runtime: Runtime, case: Case, checkpoint: Checkpoint) -> User:
    """The user, empty for the system. Raises InvalidInput for one that the customer does not have, or what a script raised."""
    if case.flow.run_as.type == SYSTEM:
        return User()
    kept = portable.loads(checkpoint("runAs", lambda: _decided(runtime, case)))
    if "error" in kept:
        raise outcome.revive(kept["error"])
    return User(**kept["user"])


def payload(given: Any, user: User) -> Any:
    """The payload as the flow sees it, with its user."""
    return {**given, "user": user.to_json()} if user.id and isinstance(given, Mapping) else given


def _decided(runtime: Runtime, case: Case) -> str:
    try:
        user = _user(runtime, case)
    except INTERRUPTIONS:
        raise
    except BaseException as error:  # noqa: BLE001 (whatever a script raises ends the execution)
        return runtime.redactor.strike(outcome.pack_error(error))
    execution_id = case.record.id
    runtime.write(lambda connection: executions.run_as(connection, execution_id, user.id or SYSTEM))
    log.info("execution %s runs as %s", execution_id, f"user {user.external_id!r}" if user.id else "the system")
    return portable.dumps({"user": asdict(user)})


def _user(runtime: Runtime, case: Case) -> User:
    """As an earlier attempt decided, or else as the flow says."""
    if case.record.run_as:
        return _as_before(runtime, case.record.run_as)
    asked, customer = case.flow.run_as, case.context.customer
    name, where = (asked.value, "runAs") if asked.type == "user" else _ask(case)
    if not name:
        return User()
    found = runtime.patiently(lambda: runtime.store.users.find(customer.id, name))
    if found is None:
        raise InvalidInput(
            f"{where}: the customer {customer.name!r} has no user {name!r}; add them on the customer's page",
            field="runAs",
        )
    return found


def _as_before(runtime: Runtime, decided: str) -> User:
    found = User() if decided == SYSTEM else runtime.patiently(lambda: runtime.store.users.get(decided))
    if found is None:
        raise InvalidInput("runAs: the user as whom the execution began was removed", field="runAs")
    return found


def _ask(case: Case) -> tuple[str, str]:
    """Whom the script names, and where it stands."""
    entry = code.find(case.integration.folder, case.flow.run_as.value)
    name = code.call(entry, copied(document(case.payload)))
    where = f"{entry.file.name}:{_line(entry)}: {entry.function}"
    if name is not None and not isinstance(name, str):
        kind = type(name).__name__
        raise InvalidInput(f"{where}: must return a user's id, or None for the system, not {kind}", field="runAs")
    return (name or "").strip(), where


def _line(entry: code.Entry) -> int | str:
    function = inspect.unwrap(code.load(entry))
    return function.__code__.co_firstlineno if inspect.isfunction(function) else "?"
