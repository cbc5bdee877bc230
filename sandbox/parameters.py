"""The parameters Twilio sends to a webhook, in the order it sends them.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from .records import Media, Message, Pairs
from .shapes import VERSION

# Prefix → country, and of US area codes the place. What Twilio does not know it sends empty, and so is it here.
COUNTRIES = {"+1": "US", "+44": "GB", "+49": "DE", "+33": "FR", "+61": "AU", "+91": "IN", "+353": "IE"}
PLACES = {
    "+1415": ("SAN FRANCISCO", "CA", "94105"),
    "+1212": ("NEW YORK", "NY", "10001"),
    "+1206": ("SEATTLE", "WA", "98101"),
    "+1312": ("CHICAGO", "IL", "60601"),
}


def inbound(message: Message, base_url: str) -> Pairs:
    """Return what a number's webhook gets for a text that came in; media URLs stand under `base_url`."""
    from_, service = message.from_ or "", message.messaging_service_sid
    return (
        *geography("To", message.to),
        ("SmsMessageSid", message.sid),
        ("NumMedia", str(len(message.media))),
        *geography("From", from_),
        ("SmsSid", message.sid),
        ("SmsStatus", "received"),
        ("Body", message.body),
        ("To", message.to),
        ("NumSegments", str(message.num_segments)),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", from_),
        ("ApiVersion", VERSION),
        *((("MessagingServiceSid", service),) if service else ()),
        *_whatsapp(from_),
        *(pair for index, it in enumerate(message.media) for pair in _media(index, it, message, base_url)),
    )


def status(message: Message) -> Pairs:
    """Return what a status callback gets."""
    service, error = message.messaging_service_sid, message.error_code
    return (
        ("SmsSid", message.sid),
        ("SmsStatus", message.status),
        ("MessageStatus", message.status),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_ or ""),
        ("ApiVersion", VERSION),
        *((("MessagingServiceSid", service),) if service else ()),
        *((("ErrorCode", str(error)),) if error else ()),
        *_receipt(message),
    )


def geography(end: str, address: str) -> Pairs:
    number = address.rpartition(":")[2]
    city, state, postcode = PLACES.get(number[:5], ("", "", ""))
    country = next((name for prefix, name in COUNTRIES.items() if number.startswith(prefix)), "")
    return ((f"{end}Country", country), (f"{end}State", state), (f"{end}City", city), (f"{end}Zip", postcode))


def media_url(media: Media, message: Message, base_url: str) -> str:
    if media.url:
        return media.url
    return f"{base_url}/api/{VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}/Media/{media.sid}"


def _media(index: int, media: Media, message: Message, base_url: str) -> Pairs:
    return (
        (f"MediaContentType{index}", media.content_type),
        (f"MediaUrl{index}", media_url(media, message, base_url)),
    )


def _whatsapp(from_: str) -> Pairs:
    if not from_.startswith("whatsapp:"):
        return ()
    return (("ProfileName", "Local handset"), ("WaId", from_.removeprefix("whatsapp:+")))


def _receipt(message: Message) -> Pairs:
    """The carrier's receipt, YYMMDDhhmm, comes with the last status of an SMS."""
    if message.status not in ("delivered", "undelivered"):
        return ()
    return (("RawDlrDoneDate", message.updated.strftime("%y%m%d%H%M")),)
