"""Errors and warnings of Twilio's debugger. https://www.twilio.com/docs/usage/troubleshooting/debugging-event-webhooks."""

from collections.abc import Mapping
from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio.delivery import meaning
from .events import identities
from .parameters import Parameters, form_of
from .signed import EMPTY_TWIML, example, hear
from .typed import Typed

REQUIRED = ("Sid", "Level", "Payload")


def body_of(said: Parameters) -> dict[str, Any]:
    """An alert: the code as a number with its meaning, and what the payload says of the request that went wrong."""
    payload = said.json("Payload")
    told: Mapping[str, Any] = payload if isinstance(payload, Mapping) else {}
    code = _code(told.get("error_code"))
    return {
        "alertSid": said.text("Sid"),
        "accountSid": said.text("AccountSid"),
        "parentAccountSid": said.text("ParentAccountSid"),
        "timestamp": said.moment("Timestamp"),
        "level": (said.text("Level") or "").lower(),
        "errorCode": code,
        "errorMeaning": meaning(code),
        "resourceSid": told.get("resource_sid"),
        "serviceSid": told.get("service_sid"),
        "moreInfo": told.get("more_info"),
        "webhook": told.get("webhook"),
        "parameters": said.said,
    }


def _code(value: Any) -> int | None:
    """Twilio writes it as text here, as a number elsewhere."""
    return Parameters({"code": str(value)}).integer("code")


SAID = {
    "Sid": "NO1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "Level": "ERROR",
    "Timestamp": "2026-11-26T10:09:00Z",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "PayloadType": "application/json",
    "Payload": '{"resource_sid": "CA1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d", "service_sid": null, "error_code": "11200", '
    '"more_info": {"Msg": "HTTP retrieval failure"}, "webhook": {"type": "application/json", '
    '"request": {"url": "https://example.com/voice", "method": "POST"}, "response": {"status_code": 500}}}',
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class DebuggerAlert(Typed):
    """Whose alerts to hear of."""


def debugger_alert(
    context: ActionContext, request: WebhookRequest, inputs: DebuggerAlert
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept an alert that Twilio signed, of the account or of a subaccount of it. Raises WebhookRejected for all else."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "a debugger alert", *REQUIRED, parent="ParentAccountSid")
    return TriggerResult(
        payload=heard.payload(context, body_of(said)),
        response=EMPTY_TWIML,
        wait=False,
        dedupe=identities(request, said.said, "Sid"),
    )
