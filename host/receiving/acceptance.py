"""What a trigger gives, as an item of the inbox: with the payload's envelope, and with what the flow's queue asks for."""

from typing import Any

from ...connector.errors import InvalidInput
from ...connector.payload import TriggerResult, text_of
from ..definition import model
from ..definition.expressions import Scope, resolve
from ..store import portable
from ..store.subject import subject
from .inbox import Inbound
from .routes import Route

FIFO = "\0flow"  # no sequence of a trigger's own is called so

_NO_QUEUE, _NO_RETRY = model.QueueConfig(), model.RetryConfig()


def inbound(
    route: Route, execution_id: str, result: TriggerResult, *, parent_id: str | None = None, depth: int = 0
) -> Inbound:
    """To be accepted. A FIFO queue is one sequence of all the flow's executions, whatever the trigger says."""
    payload = result.payload.envelope()
    queue, retry = route.flow.queue or _NO_QUEUE, route.flow.retry or _NO_RETRY
    dedupe = _text(queue.dedupe_id, route.flow, payload)
    return Inbound(
        execution_id=execution_id,
        endpoint_id=route.endpoint_id,
        instance_id=route.instance.id,
        version_id=route.instance.version_id,
        flow=route.flow.name,
        payload=_kept(payload),
        subject=subject(result.payload.body),
        identities=(*result.dedupe, *([f"dedupeIdField:{dedupe}"] if dedupe else [])),
        supersedes=result.supersedes,
        sequence=FIFO if queue.fifo else result.sequence,
        concurrency=queue.concurrency_limit,
        request_id=_text(retry.unique_request_id, route.flow, payload),
        parent_id=parent_id,
        depth=depth,
    )


def _kept(payload: dict[str, Any]) -> str:
    """Raises InvalidInput for a body that is JSON but nests without measure: no step could read it."""
    try:
        return portable.dumps(payload, portable.DEEPEST)
    except portable.NotPortable as error:
        raise InvalidInput(f"body: {error}", field="body") from None


def _text(reference: model.Reference | None, flow: model.Flow, payload: Any) -> str:
    """What is blank identifies nothing."""
    return text_of(resolve(reference, Scope.begin(flow, payload))).strip() if reference else ""
