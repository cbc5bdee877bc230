"""Phone numbers that come to the account. https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource."""

from typing import Annotated

from ..actions.phone_numbers import NumbersLike
from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.resources.phone_numbers import PHONE_NUMBERS
from .polling import Starting, Watching, example, watch
from .watching import Watched

WATCHED = Watched(key="watchPhoneNumbers", resource=PHONE_NUMBERS, dated=())
"""A number may come from another account, with the date that it had there: only its SID tells that it is new here."""


class NumbersWatched(Watching):
    """Which phone numbers."""

    phone_number: NumbersLike = ""


class WatchPhoneNumbers(Starting, NumbersWatched):
    """Which phone numbers to give, and from when on."""


def watch_phone_numbers(
    context: ActionContext, request: WebhookRequest, inputs: WatchPhoneNumbers
) -> Annotated[TriggerResult, Example(example(PHONE_NUMBERS))]:
    """Give the numbers that came to the account since the poll before.

    One that was released and is bought again has another SID, so it comes again; so does one that was away for an hour.
    """
    del request  # a poll asks, nobody asks it
    return watch(context, inputs, WATCHED)
