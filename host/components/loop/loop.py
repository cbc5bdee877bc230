"""What a loop goes over. The host runs the steps inside it, once for each item that these give."""

import json
from contextlib import suppress
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.result import ActionResult

MAX_TURNS = 100_000


def _listed(value: Any) -> Any:
    """A list may be given as JSON text."""
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    if not isinstance(value, list | tuple):
        message = f"must be a list, not {type(value).__name__}; refer to the list itself"
        raise ValueError(message)  # noqa: TRY004 - pydantic makes an input's error of ValueError only
    return value


class LoopOverItems(Inputs):
    """The items, one for each turn."""

    items: Annotated[
        list[Any],
        BeforeValidator(_listed),
        Field(title="Items", description="The list to loop over.", max_length=MAX_TURNS),
    ]


class LoopNTimes(Inputs):
    """How often."""

    iteration_count: Annotated[
        int, Field(title="Iteration Count", description="How many times to run the steps inside.", ge=0, le=MAX_TURNS)
    ]


def loop_over_items(_context: ActionContext, inputs: LoopOverItems) -> list[Any]:
    """The items as they are."""
    return inputs.items


def loop_n_times(_context: ActionContext, inputs: LoopNTimes) -> list[int]:
    """The turns, counted from 0."""
    return list(range(inputs.iteration_count))


def break_loop(_context: ActionContext, _inputs: Inputs) -> ActionResult:
    """End the loop; the turn that is broken off has no result."""
    return ActionResult(signal="break")
