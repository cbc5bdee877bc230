"""Versions that this program cannot read: hosts are upgraded one after the other, and a newer one has published it.

Its executions go back to the inbox, for a worker that can. Nothing of them was begun, so no attempt is counted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ...connector.context import utc_now
from ...connector.errors import ConnectorError
from ..execution import outcome
from ..execution.runtime import Runtime
from ..loggers import logger
from ..store import portable
from ..store.claiming import Claim
from ..store.executions import postpone

PATIENCE = timedelta(minutes=15)  # for a worker that can read it; then the execution fails with the reason
AGAIN = timedelta(seconds=10)

log = logger("engine")


def left_to_newer(runtime: Runtime, claim: Claim, instances_version: str, executor: str) -> bool:
    """Whether it was put back. The instance's version is the execution's own but where one was upgraded just now."""
    if not _obstacle(runtime, instances_version):
        return False
    record = runtime.store.executions.get(claim.execution_id)
    error = record and _obstacle(runtime, record.version_id)
    if not record or not error:
        return False
    now = utc_now()
    since = _since(record.error, now)
    if now - since >= PATIENCE:
        return False
    if since == now:
        log.warning("execution %s is left to a newer program: this one cannot read its version", claim.execution_id)
    described = runtime.redactor.strike_all(outcome.describe(error)) | {"since": portable.instant(since)}
    runtime.write(
        lambda connection: postpone(
            connection, claim.execution_id, claim.attempt, executor, until=now + AGAIN, error=described, begun=False
        )
    )
    return True


def _obstacle(runtime: Runtime, version_id: str) -> ConnectorError | None:
    try:
        runtime.versions.load(version_id)
    except ConnectorError as error:
        return error
    return None


def _since(before: Mapping[str, Any] | None, now: datetime) -> datetime:
    """When this was first found."""
    told = (before or {}).get("since")
    return datetime.fromisoformat(told) if told else now
