"""The end of an execution that is no failure, and the answer to its caller."""

from typing import Annotated, Any

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Inputs, KeyValues
from twilio_connector.connector.payload import text_of
from twilio_connector.connector.result import ActionResult


class StopExecution(Inputs):
    """What the caller of a synchronous flow is answered."""

    status_code: Annotated[
        int, Field(title="HTTP Status Code", description="Of the answer.", ge=200, le=599, examples=["200"])
    ] = 200
    content_type: Annotated[
        str, Field(title="HTTP Response Content Type", description="What the answer is.", examples=["text/xml"])
    ] = "application/json"
    json_body: Annotated[
        Any, Field(title="HTTP Response Body", description="A text, sent as it is, or a value, sent as JSON.")
    ] = None
    headers: Annotated[KeyValues, Field(title="HTTP Response Headers", description="More headers of the answer.")] = ()


def stop_execution(_context: ActionContext, inputs: StopExecution) -> ActionResult:
    """No step runs after this one."""
    return ActionResult(
        data=inputs.json_body,
        status_code=inputs.status_code,
        content_type=inputs.content_type,
        headers={name: text_of(value) for name, value in inputs.headers},
        signal="stop",
    )
