"""Messages that people send: SMS, MMS, WhatsApp, RCS and other channels.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import re
from typing import Annotated, Any

from ..connector.context import ActionContext
from ..connector.payload import TriggerResult, WebhookRequest
from ..connector.result import Example
from .answers import Answering, answered
from .events import identities
from .parameters import Parameters, form_of
from .signed import example, hear
from .targets import RegistersMessages

REQUIRED = ("MessageSid", "From", "To", "Body")
MOST_MEDIA = 100
"""Of a message; Twilio sends ten at most."""

_MEDIA_SID = re.compile(r"/Media/(ME[0-9a-fA-F]{32})(?:[/?.]|$)")


def body_of(said: Parameters) -> dict[str, Any]:
    """An inbound message. ``document`` is the payload that MongoDB's Twilio service gave its webhooks.

    ``from`` and ``to`` are plain numbers; whoever answers on the same channel sends to ``parameters.From``.
    """
    sender, receiver, text = said.address("From"), said.address("To"), str(said.said["Body"])
    return {
        "messageSid": said.text("MessageSid"),
        "accountSid": said.text("AccountSid"),
        "messagingServiceSid": said.text("MessagingServiceSid"),
        "channel": said.channel("From", "To", usual="sms"),
        "from": sender,
        "to": receiver,
        "body": text,
        "document": {"From": sender, "To": receiver, "Body": text},
        "messageType": said.text("MessageType"),
        "numSegments": said.integer("NumSegments"),
        "numMedia": said.integer("NumMedia"),
        "media": _media(said),
        "optOutType": said.text("OptOutType"),
        "geography": {"from": said.place("From"), "to": said.place("To")},
        "profileName": said.text("ProfileName"),
        "waId": said.text("WaId"),
        "forwarded": said.flag("Forwarded"),
        "frequentlyForwarded": said.flag("FrequentlyForwarded"),
        "button": said.group(payload="ButtonPayload", text="ButtonText", type="ButtonType"),
        "location": _location(said),
        "repliedTo": said.group(messageSid="OriginalRepliedMessageSid", sender="OriginalRepliedMessageSender"),
        "referral": said.group(
            body="ReferralBody",
            headline="ReferralHeadline",
            sourceId="ReferralSourceId",
            sourceType="ReferralSourceType",
            sourceUrl="ReferralSourceUrl",
            mediaId="ReferralMediaId",
            mediaContentType="ReferralMediaContentType",
            mediaUrl="ReferralMediaUrl",
            ctwaClid="ReferralCtwaClid",
        ),
        "interactiveData": said.json("InteractiveData"),
        "flowData": said.json("FlowData"),
        "channelMetadata": said.json("ChannelMetadata"),
        "addOns": said.json("AddOns"),
        "parameters": said.said,
    }


def _media(said: Parameters) -> list[dict[str, Any]]:
    """What is attached, in Twilio's order; the count says how much to look for, as far as it can be believed."""
    count = min(said.integer("NumMedia") or 0, MOST_MEDIA)
    return [_attachment(said, index) for index in range(count) if said.text(f"MediaUrl{index}")]


def _attachment(said: Parameters, index: int) -> dict[str, Any]:
    url = said.text(f"MediaUrl{index}") or ""
    found = _MEDIA_SID.search(url)
    return {"url": url, "contentType": said.text(f"MediaContentType{index}"), "sid": found[1] if found else None}


def _location(said: Parameters) -> dict[str, Any] | None:
    latitude, longitude = said.number("Latitude"), said.number("Longitude")
    named = said.group(address="Address", label="Label")
    if latitude is None and longitude is None and named is None:
        return None
    return {"latitude": latitude, "longitude": longitude, **(named or {"address": None, "label": None})}


SAID = {
    "Body": "Hello! How are you?",
    "From": "+15558675309",
    "To": "+18057166646",
    "MessageSid": "MM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "MessagingServiceSid": "MG1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "NumMedia": "1",
    "MediaUrl0": "https://api.twilio.com/2010-04-01/Accounts/ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6/Messages/"
    "MM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d/Media/ME1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "MediaContentType0": "image/jpeg",
    "NumSegments": "1",
    "FromCity": "SAN FRANCISCO",
    "FromState": "CA",
    "FromZip": "94105",
    "FromCountry": "US",
    "SmsStatus": "received",
    "ApiVersion": "2010-04-01",
}
EXAMPLE: dict[str, Any] = example(SAID, body_of(Parameters(SAID)))


class InboundMessage(RegistersMessages, Answering):
    """Whose messages to accept, where to register for them, and how to answer them."""


def inbound_message(
    context: ActionContext, request: WebhookRequest, inputs: InboundMessage
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept a message that Twilio signed. Raises WebhookRejected for all else, a status callback too."""
    heard = hear(request, inputs.twilio_connection)
    said = form_of(heard, inputs.twilio_connection, "an inbound message", *REQUIRED)
    result = TriggerResult(
        payload=heard.payload(context, body_of(said)),
        dedupe=identities(request, said.said, "MessageSid"),
    )
    return answered(result, inputs, said)
