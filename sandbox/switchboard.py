"""Puts calls through: from queued to ringing, to what its handset does with it, through its TwiML to its end.

It listens to the state: a new call starts its life. Status callbacks come in their order, counted from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from . import parameters, voice
from .agenda import Agenda
from .calling import callee
from .courier import Courier
from .errors import TwilioError
from .products import PhoneCall, Program
from .recorder import Recorder
from .records import Pairs
from .settings import new_sid
from .state import Change, State
from .twiml import BadReply, Redirect
from .webhooks import WebhookFailed, shown

PRICE = 0.014  # US dollars a minute
MAX_STEPS = 100  # verbs and redirects of one call: a circle ends
LIVE = frozenset({"queued", "ringing", "in-progress"})
MISSED = {"busy": "busy", "no-answer": "no-answer", "failed": "failed"}
DIALLED = "outbound-dial"
EVENT_OF = {"in-progress": "answered", "ringing": "ringing", "initiated": "initiated"}


@dataclass(frozen=True, slots=True)
class Done:
    """A verb that was done: how long it took, its action if the call goes on there, and what is said there besides."""

    seconds: int
    action: Redirect | None = None
    said: Pairs = ()


class Switchboard:
    """Give it a state and it puts calls through, until it is closed."""

    def __init__(self, state: State, courier: Courier, agenda: Agenda) -> None:
        self._state = state
        self._courier = courier
        self._agenda = agenda
        self.recorder = Recorder(state, courier, agenda)
        self._told: dict[str, int] = {}  # call → status callbacks so far
        self._unsubscribe = state.subscribe(self._heed)

    def close(self) -> None:
        self._unsubscribe()

    def _heed(self, change: Change) -> None:
        call = change.call
        if call is None or not change.made or call.direction == DIALLED:
            return
        delays = self._state.settings.delays
        if call.direction == "inbound":
            self._later(delays.queued, call, lambda: self._let_in(call.sid))
        else:
            self._later(delays.queued, call, lambda: self._dial(call.sid))

    def _later(self, seconds: float, call: PhoneCall, job: Callable[[], None]) -> None:
        self._agenda.after(seconds, call.sid, job)

    # -- from queued or ringing to the end

    def _let_in(self, sid: str) -> None:
        """Ask what is to become of a call that comes in; it rings until that is known."""
        call = self._state.calls.get(sid)
        if call is None or call.status != "ringing":
            return
        verbs = self._verbs(call, call.program)
        if verbs and isinstance(verbs[0], voice.Reject):
            self._end(sid, verbs[0].status)
        elif self._answer(sid):
            self._next(sid, call.program, verbs, 0)

    def _dial(self, sid: str) -> None:
        call = self._state.calls.get(sid)
        if call is None or call.status != "queued":
            return
        self._report(call, "initiated")
        answering = self._state.answering(call.to)
        if answering == "failed":
            self._end(sid, "failed")
        elif ringing := self._step(sid, "queued", status="ringing"):
            self._report(ringing, "ringing")
            wait = self._state.settings.delays.ringing
            self._later(wait, ringing, lambda: self._pick_up(sid))

    def _pick_up(self, sid: str) -> None:
        call = self._state.calls.get(sid)
        answering = self._state.answering(call.to) if call else "failed"
        if answering in MISSED:
            self._end(sid, MISSED[answering])
        elif call := self._answer(sid):
            self._run(call, call.program)

    def _answer(self, sid: str) -> PhoneCall | None:
        """Put a call through and return it; None if it has ended meanwhile."""
        now, call = self._state.settings.clock(), self._state.calls.get(sid)
        if call is None:
            return None
        by = _answered_by(call, self._state.answering(call.to))
        asynchronous = call.asked_for("AsyncAmd").lower() == "true"
        call = self._step(
            sid, call.status, status="in-progress", start_time=now, answered_by=None if asynchronous else by
        )
        if call is None:
            return None
        if call.asked_for("Record").lower() == "true":
            self.recorder.start(call, "OutboundAPI", call.form)
        self._report(call, "in-progress")
        if by and asynchronous:
            self._tell_machine(call, by)
        return call

    def _step(self, sid: str, before: str, **fields: object) -> PhoneCall | None:
        if before not in LIVE:
            return None
        return self._state.calls.change(sid, only=lambda it: it.status == before, **fields)

    def hang_up(self, sid: str) -> PhoneCall | None:
        """End a call at once: completed if it was answered, else canceled. None if it had ended already."""
        call = self._state.calls.get(sid)
        if call is None or call.status not in LIVE:
            return None
        return self._end(sid, "completed" if call.status == "in-progress" else "canceled")

    def _end(self, sid: str, status: str) -> PhoneCall | None:
        now, before = self._state.settings.clock(), self._state.calls.get(sid)
        if before is None:
            return None
        seconds = self._length(before, now)
        minutes = -(-seconds // 60)
        fields = {"status": status, "end_time": now, "duration": str(seconds)}
        fields |= {"price": f"{-PRICE * minutes:.5f}"} if minutes else {}
        fields |= {} if before.start_time else {"start_time": now}
        ended = self._state.calls.change(sid, only=lambda it: it.status in LIVE, **fields)
        if ended is None:
            return None
        if minutes:
            way = "inbound" if ended.direction == "inbound" else "outbound"
            self._state.ledger.charge(ended.account_sid, now, f"calls-{way}", minutes, PRICE * minutes)
        self._later(0, ended, lambda: self._after(ended))
        return ended

    def _length(self, call: PhoneCall, now: datetime) -> int:
        """Return the seconds of a call, as its TwiML tells them; here they may pass faster."""
        if call.start_time is None:
            return 0
        scale = self._state.settings.delays.second
        passed = (now - call.start_time).total_seconds() / scale if scale else call.talk
        return max(1, round(min(passed, call.talk)))

    def _after(self, call: PhoneCall) -> None:
        """Finish the recordings of a call that ended, and report."""
        self.recorder.finish_all(call)
        self._report(call, call.status)
        self._told.pop(call.sid, None)

    # -- TwiML

    def redirect(self, call: PhoneCall, program: Program) -> PhoneCall | None:
        """Give a live call something else to do. None if it is not in progress."""
        live = self._state.calls.change(call.sid, only=lambda it: it.status == "in-progress", program=program)
        if live is not None:
            self._later(0, live, lambda: self._run(live, program))
        return live

    def _run(self, call: PhoneCall, program: Program) -> None:
        self._next(call.sid, program, self._verbs(call, program), 0)

    def _verbs(self, call: PhoneCall, program: Program) -> list[voice.Verb]:
        return self._read(call, program.twiml) if program.twiml else self._fetch(call, program)

    def _read(self, call: PhoneCall, text: str) -> list[voice.Verb]:
        """Read TwiML that came with a request; what cannot be read is an alert, and says nothing."""
        try:
            return voice.verbs(text.encode())
        except BadReply as bad:
            self._state.alert(call.account_sid, bad.code, str(bad), resource_sid=call.sid)
            return []

    def _fetch(self, call: PhoneCall, program: Program, said: Pairs = ()) -> list[voice.Verb]:
        """Return what the URL says, or the fallback, which is told what failed; nothing if both fail.

        Both are told `said` besides.
        """
        failed: Pairs = ()
        for url, method in ((program.url, program.method), (program.fallback_url, program.fallback_method)):
            if not url:
                continue
            current = self._state.calls.get(call.sid) or call
            pairs = (*parameters.call(current), *said, *failed)
            webhook = self._courier.webhook(call.account_sid, url, method, pairs)
            try:
                return self._courier.read(call.account_sid, webhook, call.sid, voice.read)
            except WebhookFailed as error:
                failed = parameters.failure(error.code, shown(url))
        return []

    def _next(self, sid: str, program: Program, verbs: list[voice.Verb], steps: int) -> None:
        """Do the first verb, and the others after it; stop when the call has ended or has been given another program."""
        call = self._state.calls.get(sid)
        if call is None or call.status != "in-progress" or call.program != program:
            return
        if not verbs or isinstance(verbs[0], voice.Hangup | voice.Reject) or steps >= MAX_STEPS:
            self._end(sid, "completed")
            return
        first, rest = verbs[0], verbs[1:]
        if isinstance(first, Redirect):
            self._follow(call, program, _onward(program, first), steps + 1)
            return
        done = self._do(call, first)
        self._state.calls.change(sid, talk=call.talk + done.seconds)
        wait = done.seconds * self._state.settings.delays.second
        if done.action and (done.action.url or program.url):
            onward = _onward(program, done.action)
            self._later(wait, call, lambda: self._follow(call, program, onward, steps + 1, done.said))
        else:
            self._later(wait, call, lambda: self._next(sid, program, rest, steps + 1))

    def _do(self, call: PhoneCall, verb: voice.Doing) -> Done:
        if isinstance(verb, voice.RecordVerb):
            return Done(verb.seconds, verb.action, self.recorder.take_down(call, verb))
        if isinstance(verb, voice.Dial):
            return Done(verb.seconds, verb.action, self._connect(call, verb))
        if isinstance(verb, voice.Gather):
            return self._gather(call, verb)
        return Done(verb.seconds)

    def _gather(self, call: PhoneCall, verb: voice.Gather) -> Done:
        """Do a <Gather>: the handset presses what it has to press, or says what it has to say."""
        handset = call.from_ if call.direction == "inbound" else call.to
        if "dtmf" in verb.listens_for and (digits := self._state.take_digits(handset, verb.most, verb.finish)):
            return Done(1, verb.action, (("Digits", digits),))
        if "speech" in verb.listens_for and (speech := self._state.take_speech(handset)):
            return Done(voice.spoken(speech), verb.action, (("SpeechResult", speech), ("Confidence", "0.9")))
        if verb.tells_nothing:
            name = "Digits" if "dtmf" in verb.listens_for else "SpeechResult"
            return Done(verb.seconds, verb.action, ((name, ""),))
        return Done(verb.seconds)

    def _connect(self, call: PhoneCall, verb: voice.Dial) -> Pairs:
        """Do a <Dial>: a leg, over at once, to the first who answers; return what the action gets."""
        callees = list(_callees(verb))
        if not callees:
            return (("DialCallStatus", "failed" if verb.to else "answered"),)
        to = next((it for it in callees if self._state.answering(it) not in MISSED), callees[0])
        status, now = MISSED.get(self._state.answering(to), "completed"), self._state.settings.clock()
        leg = PhoneCall(
            sid=new_sid("CA"),
            account_sid=call.account_sid,
            created=now,
            updated=now,
            to=to,
            from_=verb.caller_id or call.from_,
            status="ringing",
            direction=DIALLED,
            start_time=now if status == "completed" else None,
            parent_call_sid=call.sid,
            talk=verb.seconds,
        )
        leg = self._state.calls.add(leg)
        return parameters.dialled(self._end(leg.sid, status) or leg)

    def _follow(self, call: PhoneCall, before: Program, onward: Program, steps: int, said: Pairs = ()) -> None:
        still = lambda it: it.status == "in-progress" and it.program == before  # noqa: E731
        if self._state.calls.change(call.sid, only=still, program=onward) is not None:
            self._next(call.sid, onward, self._fetch(call, onward, said), steps)

    # -- callbacks

    def _report(self, call: PhoneCall, status: str) -> None:
        """Call the status callback, if this event is wanted."""
        url, event = call.asked_for("StatusCallback"), EVENT_OF.get(status, "completed")
        if event not in call.events:
            return
        number = self._told.get(call.sid, 0)
        self._told[call.sid] = number + 1
        recorded = self.recorder.pairs(call) if event == "completed" else ()
        pairs = parameters.call_status(call, status, number, self._state.settings.clock(), recorded)
        self._courier.tell(call.account_sid, url, call.asked_for("StatusCallbackMethod") or "POST", pairs, call.sid)

    def _tell_machine(self, call: PhoneCall, by: str) -> None:
        url, method = call.asked_for("AsyncAmdStatusCallback"), call.asked_for("AsyncAmdStatusCallbackMethod") or "POST"
        self._state.calls.change(call.sid, answered_by=by)
        ids = (("CallSid", call.sid), ("AccountSid", call.account_sid))
        pairs = (*ids, ("AnsweredBy", by), ("MachineDetectionDuration", "1200"))
        self._courier.tell(call.account_sid, url, method, pairs, call.sid)


def _callees(verb: voice.Dial) -> Iterator[str]:
    for to in verb.to:
        with suppress(TwilioError):
            yield callee(to)


def _onward(program: Program, to: Redirect) -> Program:
    return Program(url=urljoin(program.url, to.url), method=to.method)


def _answered_by(call: PhoneCall, answering: str) -> str | None:
    """Tell who answered, if detection was asked for: https://www.twilio.com/docs/voice/answering-machine-detection."""
    mode = call.asked_for("MachineDetection")
    if not mode:
        return None
    machine = "machine_end_beep" if mode == "DetectMessageEnd" else "machine_start"
    return machine if answering == "machine" else "human"
