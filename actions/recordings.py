"""Recordings and transcriptions of calls: read, list, start, pause, download, delete.

https://www.twilio.com/docs/voice/api/recording, https://www.twilio.com/docs/voice/api/recording-transcription
"""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..connector.context import ActionContext
from ..connector.errors import Refused
from ..connector.inputs import Hint, Trimmed, sid
from ..connector.payload import buffer
from ..connector.result import ActionResult, Example
from ..connector.twilio.download import download
from ..connector.twilio.fields import Moment
from ..connector.twilio.parameters import NOT_SENT, Parameter, parameters
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
    megabytes,
    since,
    until,
)
from .operations import ActionInputs, creating, deleting, getting, listing, updating
from .rules import needs, wrong

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


class DownloadRecording(OneRecording):
    """Which sound, in which form."""

    format: Annotated[
        Literal["wav", "mp3"],
        NOT_SENT,
        Field(title="Format", description="wav is as recorded; mp3 is about a fifth of its size.", examples=["wav"]),
        Hint(required=True),
    ] = "wav"
    requested_channels: Annotated[
        Literal["1", "2"] | None,
        BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
        NOT_SENT,
        Field(
            title="Channels",
            description="2 gives each party its own channel, if the recording has two; else, and for 1, they share one. "
            "Blank: as recorded.",
            examples=["2"],
        ),
    ] = None
    max_megabytes: Annotated[
        int,
        NOT_SENT,
        megabytes(most=1024, example="100"),
        Hint(advanced=True),
    ] = 100


def download_recording(
    context: ActionContext, inputs: DownloadRecording
) -> Annotated[ActionResult, Example(buffer(b"RIFF"))]:
    """Download a recording: its bytes and their content type. Raises Refused for one that is too large."""
    client = inputs.client(context)
    url = client.resolve(RECORDINGS.content({"account": client.account_sid}, inputs.sid, f".{inputs.format}"))
    fetch = partial(download, client, url, largest=inputs.max_megabytes * 1024**2)
    channels = inputs.requested_channels
    try:
        answer = fetch(params=(("RequestedChannels", channels),) if channels else ())
    except Refused as error:
        if channels != "2" or error.status != HTTPStatus.BAD_REQUEST:
            raise
        answer = fetch(params=(("RequestedChannels", "1"),))  # it has only one
    return ActionResult(data=answer.body, content_type=answer.headers.get("Content-Type"))


RecordingsOfCall = Annotated[
    Trimmed,
    sid("CA"),
    Field(
        title="Call SID",
        description="Only recordings of this call (starts with CA).",
        examples=[example_sid("CA")],
    ),
]
RecordingsOfConference = Annotated[
    Trimmed,
    sid("CF"),
    Field(
        title="Conference SID",
        description="Only recordings of this conference (starts with CF).",
        examples=[example_sid("CF")],
    ),
]


class RecordingFilters(ActionInputs):
    """Which recordings."""

    call_sid: RecordingsOfCall = ""
    conference_sid: RecordingsOfConference = ""
    date_created: Annotated[
        Moment | None,
        Field(title="Date Created", description="Only recordings made on this day (UTC).", examples=["2026-03-15"]),
    ] = None
    date_created_before: Annotated[
        Moment | None,
        Parameter("DateCreated<"),
        until("Created Before", "recordings made"),
    ] = None
    date_created_after: Annotated[
        Moment | None,
        Parameter("DateCreated>"),
        since("Created After", "recordings made"),
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


CURRENT = "Twilio.CURRENT"
"""Twilio's name for the recording that runs in a call."""


class CallRecordingChange(ActionInputs):
    """Which recording of a call in progress, and what it should do."""

    call_sid: CallSid
    sid: Annotated[
        Trimmed,
        NOT_SENT,
        Field(
            title="Recording SID",
            description=f"The recording (starts with RE), or {CURRENT} for the one that runs.",
            pattern=r"^(Twilio\.CURRENT|RE[0-9a-fA-F]{32})$",
            examples=[example_sid("RE")],
        ),
        Hint(placeholder=CURRENT),
    ] = CURRENT
    status: Annotated[
        Literal["paused", "in-progress", "stopped"],
        Field(
            title="Status",
            description="What it should do: pause (paused), go on (in-progress), or end for good (stopped).",
            examples=["paused"],
        ),
    ]
    pause_behavior: Annotated[
        Literal["skip", "silence"] | None,
        Field(
            title="Pause Behavior",
            description="What a pause leaves in the recording: nothing (skip), or as much silence. Blank: silence.",
            examples=["skip"],
        ),
    ] = None

    @model_validator(mode="after")
    def _pauses(self) -> "CallRecordingChange":
        if self.pause_behavior and self.status != "paused":
            raise wrong(self, "pause_behavior", "has no effect unless the status is paused: leave it blank")
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
update_call_recording = updating(CALL_RECORDINGS, CallRecordingChange)
delete_recording = deleting(RECORDINGS, OneRecording)
list_recording_transcriptions = listing(RECORDING_TRANSCRIPTIONS, OfRecording)
list_transcriptions = listing(TRANSCRIPTIONS, EveryTranscription)
get_transcription = getting(TRANSCRIPTIONS, OneTranscription)
delete_transcription = deleting(TRANSCRIPTIONS, OneTranscription)
