"""A step as a webhook function of App Services or Stitch is written: it takes the payload and fills a response.

    def save(payload, response, context):
        response.set_body(f"You said {payload['Body']}")

``context`` may be left out. The handler may be ``async``. What it returns is the step's result where it sets no body.
"""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Annotated, Any

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.connector.inputs import Hint
from twilio_connector.connector.payload import document
from twilio_connector.connector.response import Response
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.definition import code

from .run_code import Code

_BY_POSITION = frozenset({Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD})


class RunHandler(Code):
    """Which handler, and what it is given."""

    payload: Annotated[
        Any,
        Field(
            title="Payload",
            description="What the handler is given. Default: the document of the event, {From, To, Body}.",
        ),
        Hint(type="data"),
    ] = None


def run_handler(context: ActionContext, inputs: RunHandler) -> ActionResult:
    """Call the handler. Raises InvalidInput if there is none that fits; its own exceptions name file and line."""
    payload = document(next(iter(context.results.values()), None)) if inputs.payload is None else inputs.payload
    response = Response()
    entry = code.find(context.integration.folder, inputs.code)
    returned = code.use(entry, lambda handler: handler(*_taken(entry, handler, (payload, response, context))))
    return response.result(returned)


def _taken(entry: code.Entry, handler: Callable[..., Any], given: tuple[Any, ...]) -> tuple[Any, ...]:
    """As many of the arguments as the handler takes: in JavaScript, where it comes from, the rest is optional."""
    parameters = signature(handler).parameters.values()
    count = len(given)
    if not any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        count = min(count, sum(parameter.kind in _BY_POSITION for parameter in parameters))
    try:
        signature(handler).bind(*given[:count])
    except TypeError as error:
        mend = "write its parameters as (payload, response) or (payload, response, context)"
        raise InvalidInput(f"{entry.function} cannot be called as a handler: {error}; {mend}", field="code") from None
    return given[:count]
