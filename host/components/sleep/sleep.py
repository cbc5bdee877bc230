"""A wait that a restart of the host does not begin again."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from twilio_connector.connector.context import LONGEST_WAIT, ActionContext
from twilio_connector.connector.inputs import Inputs

LONGEST = int(LONGEST_WAIT * 1000)


class Sleep(Inputs):
    """How long."""

    ms: Annotated[
        int,
        Field(
            title="Milliseconds",
            description="How long to wait; 15 minutes at most.",
            ge=0,
            le=LONGEST,
            examples=["2000"],
        ),
    ]


def sleep(context: ActionContext, inputs: Sleep) -> None:
    """Wait until the time that was meant when the step first began."""
    now = context.clock()
    until = (context.first_attempt or now) + timedelta(milliseconds=inputs.ms)
    if (left := (until - now).total_seconds()) > 0:
        context.sleep(left)
