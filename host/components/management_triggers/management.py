"""What happens to an instance. No request from outside starts these flows."""

from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Inputs
from twilio_connector.connector.payload import Payload, TriggerResult, WebhookRequest


def instance_event(context: ActionContext, _request: WebhookRequest, _inputs: Inputs) -> TriggerResult:
    """The payload tells which instance it is, and whose."""
    return TriggerResult(payload=Payload(context=context, headers={}, raw_body=b"", body=None))
