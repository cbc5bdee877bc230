"""Send a message: on any channel with everything that Twilio knows, or on WhatsApp; or only show what would be sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.errors import InvalidInput
from ..connector.result import Example
from ..connector.twilio.resource import form_pairs
from ..connector.twilio.segments import segmented, smart
from .callbacks import told_to_flow
from .messages import EXAMPLE, Message, send
from .outgoing import Outgoing, SendMessage, SendWhatsApp

SOONEST, LATEST = timedelta(seconds=300), timedelta(days=35)


def send_message(context: ActionContext, inputs: SendMessage) -> Annotated[Message | dict[str, Any], Example(EXAMPLE)]:
    """Send a message, never twice. Raises OutcomeUnknown where it cannot be told whether Twilio took it."""
    return _sent(context, inputs, encoded=bool(inputs.smart_encoded))


def send_whatsapp(
    context: ActionContext, inputs: SendWhatsApp
) -> Annotated[Message | dict[str, Any], Example(EXAMPLE)]:
    """Send a text, media or a template on WhatsApp, never twice. Raises OutcomeUnknown like send_message."""
    return _sent(context, inputs)


def _sent(
    context: ActionContext, inputs: SendMessage | SendWhatsApp, *, encoded: bool = False
) -> Message | dict[str, Any]:
    inputs = told_to_flow(context, inputs)
    if inputs.send_at:  # a later attempt looks first for what the first one scheduled
        check_schedule(inputs.send_at, context.first_attempt or context.clock())
    if inputs.dry_run:
        return preview(inputs, encoded=encoded)
    return send(context, inputs.client(context), tuple(inputs.parameters()))


def check_schedule(moment: datetime, now: datetime) -> None:
    """Error 35114, found before anything is sent."""
    if not SOONEST <= moment - now <= LATEST:
        ahead = f"{(moment - now).total_seconds():.0f} seconds"
        raise InvalidInput(f"sendAt: is {ahead} ahead; it must be 300 seconds to 35 days ahead", field="sendAt")


def preview(inputs: Outgoing, *, encoded: bool = False) -> dict[str, Any]:
    """What would be sent, by Twilio's names; ``sms`` says how it is cut into segments, where it is one."""
    parameters = _grouped(list(form_pairs(inputs.parameters())))
    text = smart(inputs.body) if encoded and inputs.body else inputs.body
    sms = segmented(text).summary() if text and _is_sms(parameters) else None
    return {"dryRun": True, "parameters": parameters, "text": text, "sms": sms}


def _grouped(pairs: Sequence[tuple[str, str]]) -> dict[str, str | list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _is_sms(parameters: Mapping[str, Any]) -> bool:
    """Media, templates and other channels are not charged by the segment."""
    addresses = f"{parameters.get('To')}{parameters.get('From')}"
    other = {"MediaUrl", "ContentSid"} & parameters.keys() or parameters.get("SendAsMms") == "true"
    return ":" not in addresses and not other
