"""A step in Python: a function of a module beside the integration's file.

    def reply(context, results):
        return f"You said {results['receiveText']['body']['data']['Body']}"

``results`` has the results of earlier steps by step key. What the function returns is the step's result; an ActionResult may
also set a content type, change state or end the flow. It may be ``async``.
"""

from typing import Annotated

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Hint, Inputs
from twilio_connector.connector.result import ActionResult
from twilio_connector.host import code


class RunCode(Inputs):
    """Which function."""

    code: Annotated[
        str,
        Field(title="Code", description="module:function, in the integration's folder.", examples=["steps:reply"]),
        Hint(type="code", language="python"),
    ]


def run_code(context: ActionContext, inputs: RunCode) -> ActionResult:
    """Call the function. Raises InvalidInput if there is none; its own exceptions as errors that name file and line."""
    folder = context.integration.folder
    if folder is None:
        raise InvalidInput(
            f"{inputs.code}: the integration came without its folder; deploy it from there", field="code"
        )
    result = code.call(code.find(folder, inputs.code), context, context.results)
    return result if isinstance(result, ActionResult) else ActionResult(data=result)
