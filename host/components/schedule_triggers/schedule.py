"""A time that has come. When it comes, the host decides by the step's ``schedule``; here is what the flow is given."""

from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.payload import Payload, TriggerResult, WebhookRequest


def schedule(context: ActionContext, _request: WebhookRequest, _inputs: Inputs) -> TriggerResult:
    """An envelope whose body is empty: nobody sent anything."""
    return TriggerResult(payload=Payload(context=context))
