"""Messages that a flow writes to the log of its execution."""

import logging
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.payload import text_of

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class WriteLog(Inputs):
    """What to write, and how loud."""

    message: Annotated[Any, Field(title="Message", description="A text, or a value to write as JSON.")] = ""
    level: Annotated[
        Literal["debug", "info", "warn", "error"], Field(title="Level", description="How important it is.")
    ] = "info"


def write_log(context: ActionContext, inputs: WriteLog) -> None:
    """Write one line."""
    context.logger.log(LEVELS[inputs.level], "%s", text_of(inputs.message))
