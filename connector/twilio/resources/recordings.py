"""Recordings and their transcriptions.

https://www.twilio.com/docs/voice/api/recording, https://www.twilio.com/docs/voice/api/recording-transcription
"""

from ..resource import ACCOUNT_SID, API_2010, api_2010, dates, example_sid

_ACCOUNT = f"{API_2010}/Accounts/{ACCOUNT_SID}"
_RECORDING = f"{_ACCOUNT}/Recordings/{example_sid('RE')}"
_DATES = dates("start_time")

_EXAMPLE = {
    "accountSid": ACCOUNT_SID,
    "apiVersion": "2010-04-01",
    "callSid": example_sid("CA"),
    "channels": 1,
    "conferenceSid": None,
    "dateCreated": "2026-03-15T14:32:20.000Z",
    "dateUpdated": "2026-03-15T14:33:05.000Z",
    "duration": "42",
    "encryptionDetails": None,
    "errorCode": None,
    "price": "-0.00250",
    "priceUnit": "USD",
    "sid": example_sid("RE"),
    "source": "OutboundAPI",
    "startTime": "2026-03-15T14:32:20.000Z",
    "status": "completed",
    "uri": f"{_RECORDING}.json",
}

RECORDINGS = api_2010(
    "recording",
    "Recordings",
    "recordings",
    dates=_DATES,
    example=_EXAMPLE
    | {
        "mediaUrl": f"https://api.twilio.com{_RECORDING}",
        "subresourceUris": {"transcriptions": f"{_RECORDING}/Transcriptions.json"},
    },
)
CALL_RECORDINGS = api_2010(
    "recording",
    "Calls/{call_sid}/Recordings",
    "recordings",
    dates=_DATES,
    example=_EXAMPLE
    | {
        "dateUpdated": "2026-03-15T14:32:20.000Z",
        "duration": None,
        "price": None,
        "source": "StartCallRecordingAPI",
        "status": "in-progress",
        "track": "both",
        "uri": f"{_ACCOUNT}/Calls/{example_sid('CA')}/Recordings/{example_sid('RE')}.json",
    },
)

_TRANSCRIPTION = {
    "accountSid": ACCOUNT_SID,
    "apiVersion": "2010-04-01",
    "dateCreated": "2026-03-15T14:33:10.000Z",
    "dateUpdated": "2026-03-15T14:33:40.000Z",
    "duration": "42",
    "price": "-0.05000",
    "priceUnit": "USD",
    "recordingSid": example_sid("RE"),
    "sid": example_sid("TR"),
    "status": "completed",
    "transcriptionText": "Hello, this is Ada. Please call me back.",
    "type": "fast",
    "uri": f"{_ACCOUNT}/Transcriptions/{example_sid('TR')}.json",
}

TRANSCRIPTIONS = api_2010("transcription", "Transcriptions", "transcriptions", example=_TRANSCRIPTION)
RECORDING_TRANSCRIPTIONS = api_2010(
    "transcription", "Recordings/{recording_sid}/Transcriptions", "transcriptions", example=_TRANSCRIPTION
)
