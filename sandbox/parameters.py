"""The parameters Twilio sends to a webhook, in the order it sends them.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from datetime import datetime

from .products import PhoneCall, Recording, Transcription
from .records import Media, Message, Pairs
from .shapes import VERSION, rfc2822

# Prefix → country, and of US area codes the place. What Twilio does not know it sends empty, and so is it here.
COUNTRIES = {"+1": "US", "+44": "GB", "+49": "DE", "+33": "FR", "+61": "AU", "+91": "IN", "+353": "IE"}
PLACES = {
    "+1415": ("SAN FRANCISCO", "CA", "94105"),
    "+1212": ("NEW YORK", "NY", "10001"),
    "+1206": ("SEATTLE", "WA", "98101"),
    "+1312": ("CHICAGO", "IL", "60601"),
}


def inbound(message: Message, base_url: str) -> Pairs:
    """Return what a number's webhook gets for a text that came in; media URLs stand under `base_url`.

    Every messaging service here has advanced opt-out, which names the keyword. What a script gave wins.
    """
    from_, service = message.from_ or "", message.messaging_service_sid
    known = (
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
        *((("OptOutType", message.keyword.upper()),) if service and message.keyword else ()),
        *(pair for index, it in enumerate(message.media) for pair in _media(index, it, message, base_url)),
    )
    return tuple((dict(known) | dict(message.parameters)).items())


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


def call(it: PhoneCall, status: str = "") -> Pairs:
    """Return what the webhook of a call gets."""
    answered = (("AnsweredBy", it.answered_by),) if it.answered_by else ()
    return (
        ("CallSid", it.sid),
        ("AccountSid", it.account_sid),
        ("From", it.from_),
        ("To", it.to),
        ("Caller", it.from_),
        ("Called", it.to),
        ("CallStatus", status or it.status),
        ("ApiVersion", VERSION),
        ("Direction", it.direction),
        *geography("From", it.from_),
        *geography("To", it.to),
        *answered,
    )


def call_status(it: PhoneCall, status: str, number: int, at: datetime, recording: Pairs = ()) -> Pairs:
    """Return what a status callback of a call gets; `number` counts its callbacks from 0."""
    last: Pairs = ()
    if it.duration is not None and status == it.status:
        minutes = -(-int(it.duration) // 60)
        last = (("Duration", str(minutes)), ("CallDuration", it.duration), ("SipResponseCode", "200"), *recording)
    return (
        *call(it, status),
        ("Timestamp", rfc2822(at) or ""),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(number)),
        *last,
    )


def dialled(leg: PhoneCall) -> Pairs:
    """Return what the action of <Dial> gets once the leg has ended."""
    bridged = leg.status == "completed"
    return (
        ("DialCallSid", leg.sid),
        ("DialCallStatus", leg.status),
        *((("DialCallDuration", leg.duration or "0"),) if bridged else ()),
        ("DialBridged", str(bridged).lower()),
    )


def failure(error_code: int, url: str) -> Pairs:
    """Return what a fallback gets besides: https://www.twilio.com/docs/usage/security/availability-reliability."""
    return (("ErrorCode", str(error_code)), ("ErrorUrl", url))


def recording(it: Recording, base_url: str) -> Pairs:
    """Return what a recording's status callback gets."""
    return (
        ("AccountSid", it.account_sid),
        ("CallSid", it.call_sid),
        ("RecordingSid", it.sid),
        ("RecordingUrl", recording_url(it, base_url)),
        ("RecordingStatus", it.status),
        ("RecordingDuration", it.duration or ""),
        ("RecordingChannels", str(it.channels)),
        ("RecordingStartTime", rfc2822(it.start_time) or ""),
        ("RecordingSource", it.source),
        ("RecordingTrack", it.track),
        ("ErrorCode", str(it.error_code or 0)),
    )


def recorded(it: Recording, base_url: str) -> Pairs:
    """Return what the webhooks of a call say of its recording."""
    return (
        ("RecordingUrl", recording_url(it, base_url)),
        ("RecordingSid", it.sid),
        ("RecordingDuration", it.duration or ""),
    )


def transcription(it: Transcription, url: str) -> Pairs:
    return (
        ("TranscriptionSid", it.sid),
        ("TranscriptionText", it.transcription_text),
        ("TranscriptionStatus", it.status),
        ("RecordingSid", it.recording_sid),
        ("RecordingUrl", url),
    )


def recording_url(it: Recording, base_url: str) -> str:
    return f"{base_url}/api/{VERSION}/Accounts/{it.account_sid}/Recordings/{it.sid}"


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
