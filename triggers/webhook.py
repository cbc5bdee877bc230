"""Any webhook of Twilio's, in the platform's envelope, as it was said."""

from typing import Annotated, Any

from pydantic import Field

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.inputs import Inputs
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from .answers import guarded
from .events import identities
from .signed import EMPTY_TWIML, check_account, example, hear

_BODY = {
    "Body": "Hello",
    "From": "+15551234567",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "ApiVersion": "2010-04-01",
    "MessageSid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsStatus": "received",
    "To": "+15557654321",
}
EXAMPLE: dict[str, Any] = example(_BODY, _BODY)


class Webhook(Inputs):
    """Whose webhooks to accept."""

    twilio_connection: Annotated[
        TwilioConnection | None,
        Field(
            title="Connection",
            description="The Twilio connection whose Auth Token verifies the requests. Without it every request is refused. "
            "Requests for another account than its Account SID or Subaccount SID are refused too.",
        ),
    ] = None


def webhook(
    context: ActionContext, request: WebhookRequest, inputs: Webhook
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept what Twilio signed for this account: a form, JSON, or a GET. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    if inputs.twilio_connection and isinstance(heard.said, dict) and "AccountSid" in heard.said:
        check_account(inputs.twilio_connection.accounts, heard.said["AccountSid"])
    return TriggerResult(
        payload=heard.payload(context, heard.said),
        response=EMPTY_TWIML if heard.is_form else None,
        answer=guarded(heard.said),
        dedupe=identities(request, heard.said),
    )
