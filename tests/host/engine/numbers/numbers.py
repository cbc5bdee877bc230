"""A service whose items are the lines of a file, and a trigger that tells what it does as it does it."""

import os
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field
from twilio_connector.connector import errors
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.payload import Payload, TriggerResult, WebhookRequest


class Watch(Inputs):
    """``folder`` has the files ``items``, ``trace``, ``hold`` (wait while it is there) and ``fail`` (kind, seconds)."""

    folder: Annotated[Path, Field(title="Folder")]


def watch(context: ActionContext, request: WebhookRequest, inputs: Watch) -> TriggerResult:
    _trace(inputs, "begin")
    while (inputs.folder / "hold").exists():
        time.sleep(0.01)
    _fail(inputs)
    items = (inputs.folder / "items").read_text().splitlines()
    new = items[context.instance_state.get("given", context.integration_state.get("skipped", 0)) :]
    _trace(inputs, "end")
    return TriggerResult(
        payload=Payload(context=context, body={"new": new, "method": request.method, "url": request.url}),
        dedupe=tuple(item for item in new if item.startswith("same")),
        instance_state={"given": len(items)},
        cross_flow_state={"polls": context.cross_flow_state.get("polls", 0) + 1},
        polled_no_changes=not new,
    )


def _trace(inputs: Watch, what: str) -> None:
    with (inputs.folder / "trace").open("a") as file:
        file.write(f"{what} {os.getpid()}\n")


def _fail(inputs: Watch) -> None:
    said = (inputs.folder / "fail").read_text().split() if (inputs.folder / "fail").exists() else []
    if said:
        cls, *seconds = said
        raise getattr(errors, cls, ValueError)("it broke", **({"retry_after": float(seconds[0])} if seconds else {}))
