"""A step in Python: a function of a module beside the integration's file.

    def reply(context, results):
        return f"You said {results['receiveText']['body']['data']['Body']}"

``results`` has the results of earlier steps by step key. What the function returns is the step's result; an ActionResult may
also set a content type, change state or end the flow. It may be ``async``.
"""

from typing import Annotated

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Hint, Inputs
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.definition import code


class Code(Inputs):
    """Which function, and whether calling it again does harm."""

    code: Annotated[
        str,
        Field(title="Code", description="module:function, in the integration's folder.", examples=["steps:reply"]),
        Hint(type="code", language="python"),
    ]
    repeatable: Annotated[
        bool,
        Field(
            title="Repeatable",
            description="Whether the function may be called again after the host died in the midst of it. It can tell by "
            "context.first_attempt. If false, the step then fails, since what it did is unknown.",
        ),
    ] = False


def run_code(context: ActionContext, inputs: Code) -> ActionResult:
    """Call the function. Raises InvalidInput if there is none; its own exceptions as errors that name file and line."""
    entry = code.find(context.integration.folder, inputs.code)
    result = code.call(entry, context, context.results)
    return result if isinstance(result, ActionResult) else ActionResult(data=result)
