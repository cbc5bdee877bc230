"""Records calls: with the call, on request while it is live, or by <Record>; and writes down what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import parameters
from .agenda import Agenda
from .courier import Courier
from .products import PhoneCall, Recording, Transcription
from .records import Pairs
from .settings import new_sid
from .state import State
from .voice import RecordVerb

PRICE, WORDS_PRICE = 0.0025, 0.05  # US dollars a minute
SAID = "This is what the local handset said."
OPEN = frozenset({"in-progress", "paused"})
Asked = Mapping[str, Sequence[str]]


class Recorder:
    def __init__(self, state: State, courier: Courier, agenda: Agenda) -> None:
        self._state = state
        self._courier = courier
        self._agenda = agenda
        self._running: dict[str, list[str]] = {}  # call → recordings that end with it

    def start(self, call: PhoneCall, source: str, asked: Asked) -> Recording:
        """Start to record a call, as the parameters of the request ask for it."""
        now, given = self._state.settings.clock(), {key: values[-1] for key, values in asked.items() if values}
        made = Recording(
            sid=new_sid("RE"),
            account_sid=call.account_sid,
            created=now,
            updated=now,
            call_sid=call.sid,
            start_time=now,
            source=source,
            channels=2 if given.get("RecordingChannels", "").lower() == "dual" else 1,
            track=given.get("RecordingTrack", "both"),
            callback=_callback(given, asked),
        )
        recording = self._state.recordings.add(made)
        self._running.setdefault(call.sid, []).append(recording.sid)
        if source == "OutboundAPI":
            self._state.calls.change(call.sid, recorded=recording.sid)
        self._report(recording)
        current = self._state.calls.get(call.sid)
        if current is None or current.status != "in-progress":  # it ended while this was asked for
            self.finish_all(call)
        return recording

    def finish(self, recording: Recording) -> Recording | None:
        """End a recording; it can be downloaded then. None if it had ended."""
        now = self._state.settings.clock()
        seconds = max(1, round((now - recording.start_time).total_seconds()))
        minutes = -(-seconds // 60)
        fields = {"duration": str(seconds), "price": f"{-PRICE * minutes:.5f}", "price_unit": "USD"}
        done = self._state.recordings.change(
            recording.sid, only=lambda it: it.status in OPEN, status="completed", **fields
        )
        if done is not None:
            self._state.ledger.charge(done.account_sid, now, "recordings", minutes, PRICE * minutes)
            self._report(done)
        return done

    def finish_all(self, call: PhoneCall) -> None:
        for sid in self._running.pop(call.sid, ()):
            if recording := self._state.recordings.get(sid):
                self.finish(recording)

    def take_down(self, call: PhoneCall, verb: RecordVerb) -> Pairs:
        """Do a <Record>: what the other end says is a recording of its own, and words if they are wanted.

        Return what the action gets.
        """
        asked = {"RecordingStatusCallback": (verb.recording_callback,)} if verb.recording_callback else {}
        started = self.start(call, "RecordVerb", asked)
        recording = self.finish(started) or started
        if verb.transcribe:
            self._transcribe(call, recording, verb.transcribe_callback)
        return parameters.recorded(recording, self._state.settings.url)

    def _transcribe(self, call: PhoneCall, recording: Recording, callback: str) -> None:
        now = self._state.settings.clock()
        words = self._state.transcriptions.add(
            Transcription(
                sid=new_sid("TR"),
                account_sid=call.account_sid,
                created=now,
                updated=now,
                recording_sid=recording.sid,
                transcription_text=SAID,
                duration=recording.duration or "1",
            ),
        )
        self._state.ledger.charge(call.account_sid, now, "transcriptions", 1, WORDS_PRICE)
        url = parameters.recording_url(recording, self._state.settings.url)
        pairs = (*parameters.call(call), *parameters.transcription(words, url))
        self._courier.tell(call.account_sid, callback, "POST", pairs, call.sid)

    def pairs(self, call: PhoneCall) -> Pairs:
        """Return what the last status callback of a call says of its recording."""
        current = self._state.calls.get(call.sid)
        recording = self._state.recordings.get(current.recorded) if current else None
        return () if recording is None else parameters.recorded(recording, self._state.settings.url)

    def _report(self, recording: Recording) -> None:
        url, method, events = recording.callback
        if not url or recording.status not in events:
            return
        pairs = parameters.recording(recording, self._state.settings.url)

        def tell() -> None:
            self._courier.tell(recording.account_sid, url, method, pairs, recording.sid)

        self._agenda.after(0, recording.call_sid, tell)


def _callback(given: Mapping[str, str], asked: Asked) -> tuple[str, str, frozenset[str]]:
    events = frozenset(event for text in asked.get("RecordingStatusCallbackEvent", ()) for event in text.split())
    method = given.get("RecordingStatusCallbackMethod", "POST")
    return given.get("RecordingStatusCallback", ""), method, events or frozenset({"completed"})
