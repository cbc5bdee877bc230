"""One flow starts another. What it gives is the other's ``results.body.data``."""

import json
from typing import Annotated, Any

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.payload import Payload, TriggerResult, WebhookRequest


class InvokeFlow(Inputs):
    """Which flow, and with what."""

    flow_name: Annotated[
        str, Field(title="Flow Name", description="A flow of the same integration.", examples=["Process Order"])
    ]
    data: Annotated[Any, Field(title="Data", description="What the flow's trigger gives as its body.")] = None


def invoke_flow(context: ActionContext, inputs: InvokeFlow) -> dict[str, str]:
    """Start it once, also where this step is run again. Raises InvalidInput for a flow that is not there."""
    return {"executionId": context.invoke_flow(inputs.flow_name, inputs.data)}


def cross_flow(context: ActionContext, request: WebhookRequest, _inputs: Inputs) -> TriggerResult:
    """The data of the other flow, or of a request with JSON to the flow's own address."""
    try:
        body = json.loads(request.body) if request.body else None
    except (ValueError, RecursionError):
        raise InvalidInput("the body is not JSON; send JSON", field="body") from None
    payload = Payload(
        context=context,
        headers=dict(request.headers),
        raw_body=request.body,
        body=body,
        content_type="application/json",
    )
    return TriggerResult(payload=payload)
