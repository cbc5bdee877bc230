"""Status callbacks: what becomes of one thing, told in any order and heard in the order of its life."""

from collections.abc import Sequence

from ..connector.payload import Payload, TriggerResult
from .events import identities, overtaken
from .parameters import Parameters
from .signed import EMPTY_TWIML, Heard


def told(heard: Heard, said: Parameters, payload: Payload, names: Sequence[str], order: Sequence[str]) -> TriggerResult:
    """The callback as an event: ``names`` are the parameters that name it, the thing first and last what ``order`` orders.

    Twilio wants no answer, so it gets one at once; those about one thing are one sequence.
    """
    return TriggerResult(
        payload=payload,
        response=EMPTY_TWIML,
        wait=False,
        dedupe=identities(heard.request, said.said, *names, ordered=True),
        supersedes=overtaken(heard.request, said.said, names, order),
        sequence=str(said.text(names[0])),
    )
