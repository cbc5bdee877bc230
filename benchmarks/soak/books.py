"""What is compared at the end: the local Twilio's books, the post's, and the host's; and what names an event in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
NAMES: Mapping[str, Mapping[str, str]] = {
    "Text": {"MessageSid": "messageSid"},
    "Answer": {"MessageSid": "messageSid"},
    "Opt-out": {"MessageSid": "messageSid"},
    "Status": {"MessageSid": "messageSid", "MessageStatus": "status"},
    "Call": {"CallSid": "callSid", "CallStatus": "status"},  # it asks while it rings, and after its recording
    "Call status": {"CallSid": "callSid", "SequenceNumber": "sequenceNumber"},
    "Recording": {"RecordingSid": "recordingSid", "RecordingStatus": "status"},
    "Transcription": {"TranscriptionSid": "transcriptionSid", "TranscriptionStatus": "status"},
    "Alert": {"Sid": "alertSid"},
    "Webhook": {"Person": "Person"},
}
"""What names an event: Twilio's parameters, and the keys of the flow's payload that must have them. Event Streams have ids."""
EVENT = "Event"
OPT_OUT, KEYWORDS = "Opt-out", frozenset({"STOP", "START"})  # to its number, what is no keyword starts no flow


def named_by_twilio(flow: str, said: Json | Sequence[Json]) -> tuple[str, ...]:
    """``said`` is a form, or the JSON of a batch."""
    if flow == EVENT:
        return tuple(event["id"] for event in said)
    return tuple(said[name] for name in NAMES[flow])


def named_by_host(flow: str, event: Json) -> tuple[str, ...]:
    if flow == EVENT:
        return tuple(it["id"] for it in event["events"])
    return tuple(str(event[key]) for key in NAMES[flow].values())


@dataclass(frozen=True)
class Execution:
    """``event`` is the payload's ``body.data``; ``minute`` is when its schedule meant it to start."""

    id: str
    flow: str
    status: str
    event: Any = None
    error: str = ""
    minute: str = ""


@dataclass(frozen=True)
class Delivered:
    """A letter of the post: ``event`` is what names it; an ``execution`` is empty where no flow was started."""

    flow: str
    event: tuple[str, ...]
    executions: frozenset[str]
    told: str | None = None
    forged: tuple[int, ...] = ()


@dataclass(frozen=True)
class Books:
    """``messages``, ``calls`` … are Twilio's, as its API shows them; ``diary`` is the order in which flows saw their events."""

    messages: Sequence[Json]
    calls: Sequence[Json]
    recordings: Sequence[Json]
    transcriptions: Sequence[Json]
    alerts: Sequence[Json]
    numbers: Sequence[Json]
    delivered: Sequence[Delivered]
    executions: Sequence[Execution]
    diary: Sequence[Json]

    def of(self, flow: str) -> list[Execution]:
        return [it for it in self.executions if it.flow == flow]

    def letters(self, flow: str) -> list[Delivered]:
        return [it for it in self.delivered if it.flow == flow]
