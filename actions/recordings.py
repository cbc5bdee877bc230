"""Recordings and transcriptions of calls: read, list, start, download, delete.

https://www.twilio.com/docs/voice/api/recording, https://www.twilio.com/docs/voice/api/recording-transcription
"""

from typing import Annotated, Any

from pydantic import Field, model_validator

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.result import Example
from ..connector.twilio.fields import Moment
from ..connector.twilio.parameters import Parameter, parameters
from ..connector.twilio.resource import example_sid
from ..connector.twilio.resources.recordings import (
    CALL_RECORDINGS,
    RECORDING_TRANSCRIPTIONS,
    RECORDINGS,
    TRANSCRIPTIONS,
)
from .fields import (
    CallSid,
    RecordingChannels,
    RecordingSid,
    RecordingStatusCallback,
    RecordingStatusCallbackEvent,
    RecordingStatusCallbackMethod,
    RecordingTrack,
    TranscriptionSid,
    Trim,
)
from .operations import ActionInputs, creating, deleting, getting, listing
from .rules import needs

IncludeSoftDeleted = Annotated[
    bool | None,
    Field(
        title="Include Deleted",
        description="Also what is known of deleted recordings; Twilio keeps it for 40 days.",
        examples=["true"],
    ),
    Hint(advanced=True),
]


class OneRecording(ActionInputs):
    """Which recording."""

    sid: RecordingSid


class GetRecording(OneRecording):
    """Which recording to read."""

    include_soft_deleted: IncludeSoftDeleted = None


def get_recording(
    context: ActionContext, inputs: GetRecording
) -> Annotated[dict[str, Any], Example(dict(RECORDINGS.example))]:
    """Read a recording's data; downloadRecording fetches its sound."""
    found: dict[str, Any] = inputs.client(context).fetch(RECORDINGS, inputs.sid, parameters(inputs))
    return found


class RecordingFilters(ActionInputs):
    """Which recordings."""

    call_sid: Annotated[
        Trimmed,
        sid("CA"),
        Field(
            title="Call SID",
            description="Only recordings of this call (starts with CA).",
            examples=[example_sid("CA")],
        ),
    ] = ""
    conference_sid: Annotated[
        Trimmed,
        sid("CF"),
        Field(
            title="Conference SID",
            description="Only recordings of this conference (starts with CF).",
            examples=[example_sid("CF")],
        ),
    ] = ""
    date_created: Annotated[
        Moment | None,
        Field(title="Date Created", description="Only recordings made on this day (UTC).", examples=["2026-03-15"]),
    ] = None
    date_created_before: Annotated[
        Moment | None,
        Parameter("DateCreated<"),
        Field(
            title="Created Before",
            description="Only recordings made at this time or before.",
            examples=["2026-03-16T00:00:00Z"],
        ),
    ] = None
    date_created_after: Annotated[
        Moment | None,
        Parameter("DateCreated>"),
        Field(
            title="Created After",
            description="Only recordings made at this time or after.",
            examples=["2026-03-15T00:00:00Z"],
        ),
    ] = None
    include_soft_deleted: IncludeSoftDeleted = None


class StartRecording(ActionInputs):
    """Which call to record, and how."""

    call_sid: CallSid
    recording_channels: RecordingChannels = None
    recording_track: RecordingTrack = None
    recording_status_callback: RecordingStatusCallback = ""
    recording_status_callback_method: RecordingStatusCallbackMethod = None
    recording_status_callback_event: RecordingStatusCallbackEvent = ()
    trim: Trim = None

    @model_validator(mode="after")
    def _told_somewhere(self) -> "StartRecording":
        events = ("recording_status_callback_method", "recording_status_callback_event")
        needs(self, events, "recording_status_callback")
        return self


class OneTranscription(ActionInputs):
    """Which transcription."""

    sid: TranscriptionSid


class OfRecording(ActionInputs):
    """The recording whose transcriptions to read."""

    recording_sid: RecordingSid


class EveryTranscription(ActionInputs):
    """All of the account."""


list_recordings = listing(RECORDINGS, RecordingFilters)
start_recording = creating(CALL_RECORDINGS, StartRecording)
delete_recording = deleting(RECORDINGS, OneRecording)
list_recording_transcriptions = listing(RECORDING_TRANSCRIPTIONS, OfRecording)
list_transcriptions = listing(TRANSCRIPTIONS, EveryTranscription)
get_transcription = getting(TRANSCRIPTIONS, OneTranscription)
delete_transcription = deleting(TRANSCRIPTIONS, OneTranscription)
