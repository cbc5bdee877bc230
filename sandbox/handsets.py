"""What is known of handsets: who wants no texts, which are broken, how they answer calls, who wrote to them last."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from threading import Lock
from typing import TypeVar

from .records import Answering, Keyword

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})
DIGITS, MAX_SPEECH = re.compile(r"[0-9*#]{0,64}"), 1000  # of one handset; characters


Key = TypeVar("Key")
Value = TypeVar("Value")
Pair = tuple[str, str]


class Handsets:
    """Remembers at most `most` of each: opt-outs, broken handsets, ways to answer and so on; the oldest go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._forget_handsets()

    def _forget_handsets(self) -> None:
        self._opted_out: dict[Pair, None] = {}
        self._bad_handsets: dict[str, int] = {}
        self._usual_senders: dict[Pair, str] = {}
        self._answers: dict[str, Answering] = {}
        self._held: dict[str, Pair] = {}
        self._heard: dict[Pair, datetime] = {}

    def _keep(self, book: dict[Key, Value], key: Key, value: Value) -> None:
        with self._lock:
            book.pop(key, None)
            book[key] = value
            if len(book) > self._most:
                del book[next(iter(book))]

    def _forget(self, book: dict[Key, Value], key: Key) -> None:
        with self._lock:
            book.pop(key, None)

    def heed_keyword(self, handset: str, senders: Collection[str], body: str) -> Keyword:
        """Obey Twilio's opt-out words of SMS: https://help.twilio.com/articles/223134027.

        They hold for all of `senders`: the number that was texted, and those of its messaging service.
        """
        word, pairs = body.strip().upper(), [(handset, sender) for sender in senders]
        if ":" in handset:  # other channels have their own ways
            return ""
        if word in STOP:
            for pair in pairs:
                self._keep(self._opted_out, pair, None)
            return "stop"
        if word in START and self.has_opted_out(handset, senders):
            for pair in pairs:
                self._forget(self._opted_out, pair)
            return "start"
        return "help" if word in HELP else ""

    def has_opted_out(self, handset: str, senders: Collection[str]) -> bool:
        """Tell whether a handset wants no texts of one of `senders`: https://www.twilio.com/docs/errors/21610."""
        return any((handset, sender) in self._opted_out for sender in senders)

    def break_handset(self, handset: str, error_code: int | None) -> None:
        """Let what is sent to `handset` end undelivered with this code, such as 30003; None mends it."""
        if error_code is None:
            self._forget(self._bad_handsets, handset)
        else:
            self._keep(self._bad_handsets, handset, error_code)

    def handset_error(self, handset: str) -> int | None:
        return self._bad_handsets.get(handset)

    def let_answer(self, handset: str, answering: Answering) -> None:
        """Say what becomes of calls to `handset`; without a word a person answers them."""
        self._keep(self._answers, handset, answering)

    def answering(self, handset: str) -> Answering:
        return self._answers.get(handset, "human")

    def hold(self, handset: str, digits: str, speech: str) -> None:
        """Give a handset what it is to press and to say in calls, where <Gather> takes it; ValueError if it cannot."""
        if not DIGITS.fullmatch(digits):
            raise ValueError(f"digits: {digits!r}; use 0 to 9, * and #, at most 64")
        if len(speech) > MAX_SPEECH:
            raise ValueError(f"speech: {len(speech)} characters; use at most {MAX_SPEECH}")
        self._keep(self._held, handset, (digits, speech))

    def held(self, handset: str) -> Pair:
        """Return the digits and the speech that a handset still has."""
        return self._held.get(handset, ("", ""))

    def take_digits(self, handset: str, most: int, finish: str) -> str:
        """Let a handset press its digits up to the key `finish`, `most` if that is not 0; the others it presses later."""
        with self._lock:
            held, speech = self.held(handset)
            held = held.lstrip(finish)  # a key ends digits only where some precede it
            taken = held.partition(finish)[0] if finish else held
            taken = taken[: most or None]
            if handset in self._held:
                self._held[handset] = (held[len(taken) :].removeprefix(finish), speech)
        return taken

    def take_speech(self, handset: str) -> str:
        with self._lock:
            digits, speech = self.held(handset)
            if handset in self._held:
                self._held[handset] = (digits, "")
        return speech

    def hear(self, handset: str, number: str, at: datetime) -> None:
        """Keep when a handset wrote to a number last."""
        self._keep(self._heard, (handset, number), at)

    def last_heard(self, handset: str, number: str) -> datetime | None:
        return self._heard.get((handset, number))

    def remember_sender(self, service_sid: str, to: str, sender: str) -> None:
        """Keep whom a messaging service chose for a recipient."""
        self._keep(self._usual_senders, (service_sid, to), sender)

    def usual_sender(self, service_sid: str, to: str) -> str | None:
        return self._usual_senders.get((service_sid, to))
