"""Wait until a message has arrived, or has not."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, repeat
from typing import Annotated, Any

from pydantic import Field

from ..connector.context import ActionContext
from ..connector.errors import TryLater
from ..connector.result import Example
from ..connector.twilio.delivery import ARRIVED, FINAL, meaning
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resources.messages import MESSAGES
from .messages import EXAMPLE, Message, OneMessage

DELIVERED = {**EXAMPLE, "status": "delivered", "delivered": True, "errorMeaning": None}
PAUSES = (1.0, 1.0, 2.0, 3.0)
LONGEST_PAUSE = 5.0
"""Seconds between looks: a text mostly arrives within a few, and a status callback is the way for long waits."""


class Wait(OneMessage):
    """For which message to wait, and how long."""

    timeout: Annotated[
        int,
        NOT_SENT,
        Field(
            title="Timeout",
            description="Seconds to wait at most, 1 to 600. For longer, use a status callback.",
            ge=1,
            le=600,
            examples=["60"],
        ),
    ] = 60


def wait_for_delivery(context: ActionContext, inputs: Wait) -> Annotated[dict[str, Any], Example(DELIVERED)]:
    """Wait for a message's final status; failed and undelivered are results too, with what their code means.

    Raises TryLater when the time is up before that.
    """
    client = inputs.client(context)
    status = None
    for pause in chain(_pauses(context, inputs.timeout), [0.0]):
        found: Message = client.fetch(MESSAGES, inputs.sid)
        status = found.get("status")
        if status in FINAL:
            return _told(found)
        context.sleep(pause)
    message = f"{inputs.sid} is {status} after {inputs.timeout} seconds, which is not final: wait again, or longer"
    raise TryLater(message, field="timeout", retry_after=LONGEST_PAUSE)


def _pauses(context: ActionContext, timeout: float) -> Iterator[float]:
    """The waits until the time is up, which is told by the clock, or by the waits where a clock stands still."""
    began, waited = context.clock(), 0.0
    for pause in chain(PAUSES, repeat(LONGEST_PAUSE)):
        left = timeout - max(waited, _seconds(began, context.clock()))
        if left <= 0:
            return
        yield min(pause, left)
        waited += min(pause, left)


def _seconds(began: datetime, now: datetime) -> float:
    return (now - began).total_seconds()


def _told(found: Message) -> dict[str, Any]:
    code = found.get("errorCode")
    return {
        **found,
        "delivered": found.get("status") in ARRIVED,
        "errorMeaning": meaning(int(code)) if code else None,
    }
