"""Recordings, of an account and of a call, and what was made out in them."""

from __future__ import annotations

from typing import Any

from .. import dates, shapes
from ..downloads import location
from ..errors import TwilioError
from ..parameters import recording_url
from ..products import Recording, Transcription
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation, Resource, equal
from .calls import CALLS

STATUSES = ("in-progress", "paused", "stopped")
CREATED = dates.filters("DateCreated", "created")


def shape(it: Recording, path: str) -> dict[str, Any]:
    base = path.removesuffix(f"/{it.sid}")
    return {
        "track": shapes.ABSENT,
        "subresource_uris": {
            "add_on_results": f"{base}/{it.sid}/AddOnResults.json",
            "transcriptions": f"{base}/{it.sid}/Transcriptions.json",
        },
    }


RECORDINGS = Resource(
    product="api",
    path=f"{ACCOUNT}/Recordings",
    items="recordings",
    element="Recording",
    prefix="RE",
    record=Recording,
    shelf=lambda state: state.recordings,
    permission="recordings",
    shape=shape,
    filters={"CallSid": equal("call_sid"), "ConferenceSid": equal("conference_sid"), **CREATED},
    may_delete=lambda it: it.status == "completed",
)
OF_CALL = Resource(
    product="api",
    path=f"{ACCOUNT}/Calls/{{call_sid}}/Recordings",
    items="recordings",
    element="Recording",
    prefix="RE",
    record=Recording,
    shelf=lambda state: state.recordings,
    permission="recordings",
    filters=CREATED,
    parent=CALLS,
    may_delete=lambda it: it.status == "completed",
)
TRANSCRIPTIONS = Resource(
    product="api",
    path=f"{ACCOUNT}/Transcriptions",
    items="transcriptions",
    element="Transcription",
    prefix="TR",
    record=Transcription,
    shelf=lambda state: state.transcriptions,
    permission="transcriptions",
)
OF_RECORDING = Resource(
    product="api",
    path=f"{ACCOUNT}/Recordings/{{recording_sid}}/Transcriptions",
    items="transcriptions",
    element="Transcription",
    prefix="TR",
    record=Transcription,
    shelf=lambda state: state.transcriptions,
    permission="transcriptions",
    parent=RECORDINGS,
)


def fetch_recording(request: ApiRequest) -> ApiResponse:
    """With `.json` what it is, else the sound, by a redirect, in as many channels as it was recorded.

    RequestedChannels=1 mixes two into one; 2 wants a recording that has two.
    """
    recording = RECORDINGS.find(request, "read")
    if request.extension in (".json", ".xml"):
        data = RECORDINGS.shown(recording, request.state)
        return ApiResponse(data | {"media_url": recording_url(recording, request.state.settings.url)}, name="Recording")
    channels = request.query.get("RequestedChannels") or str(recording.channels)
    if channels not in ("1", "2") or int(channels) > recording.channels:
        raise TwilioError(20001, f"RequestedChannels is {channels}; the recording has {recording.channels}")
    if recording.status != "completed":
        raise request.missing()
    name = recording.sid if channels == "1" else f"{recording.sid}-2"
    extension = request.extension or ".wav"
    return ApiResponse({}, location=location(request.state.settings, request.host, f"{name}{extension}"))


def start_recording(request: ApiRequest) -> ApiResponse:
    """Record a live call. Raises TwilioError 21220 if it is not in progress."""
    request.account("recordings:create")
    call = CALLS.find(request, "read", request.ids["call_sid"])
    if call.status != "in-progress":
        raise TwilioError(21220)
    recording = request.switchboard.recorder.start(call, "StartCallRecordingAPI", request.form)
    return ApiResponse(OF_CALL.shown(recording, request.state), 201, "Recording")


def update_recording(request: ApiRequest) -> ApiResponse:
    """Pause, resume or stop; `Twilio.CURRENT` in place of the SID is the one that runs."""
    request.account("recordings:update")
    sid = request.ids["sid"]
    if sid == "Twilio.CURRENT":
        running = (it for it in request.state.recordings.newest() if it.call_sid == request.ids["call_sid"])
        sid = next((it.sid for it in running if it.status != "completed"), "")
    recording, status = OF_CALL.find(request, "update", sid or "-"), request.given("Status") or ""
    if status not in STATUSES:
        raise TwilioError(20001, f"Status must be one of {', '.join(STATUSES)}")
    if recording.status == "completed":
        raise TwilioError(21220)
    recorder, shelf = request.switchboard.recorder, request.state.recordings
    changed = recorder.finish(recording) if status == "stopped" else shelf.change(recording.sid, status=status)
    return ApiResponse(OF_CALL.shown(changed or recording, request.state), name="Recording")


ROUTES: dict[str, dict[str, Operation]] = {
    **RECORDINGS.routes(list=RECORDINGS.list, fetch=fetch_recording, delete=RECORDINGS.delete),
    **OF_CALL.routes(
        list=OF_CALL.list,
        create=start_recording,
        fetch=OF_CALL.fetch,
        update=update_recording,
        delete=OF_CALL.delete,
    ),
    **TRANSCRIPTIONS.routes(list=TRANSCRIPTIONS.list, fetch=TRANSCRIPTIONS.fetch, delete=TRANSCRIPTIONS.delete),
    **OF_RECORDING.routes(list=OF_RECORDING.list, fetch=OF_RECORDING.fetch, delete=OF_RECORDING.delete),
}
