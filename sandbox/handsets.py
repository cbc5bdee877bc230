"""What is known of handsets: who wants no texts, which are broken, how calls are answered, who wrote to them last."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock

from .records import Answering, Keyword

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})
HELP = frozenset({"HELP", "INFO"})


class Handsets:
    """Remembers at most `most` usual senders."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._forget_handsets()

    def _forget_handsets(self) -> None:
        self._opted_out: set[tuple[str, str]] = set()
        self._bad_handsets: dict[str, int] = {}
        self._usual_senders: dict[tuple[str, str], str] = {}
        self._answers: dict[str, Answering] = {}

    def heed_keyword(self, handset: str, senders: Collection[str], body: str) -> Keyword:
        """Obey Twilio's opt-out words of SMS: https://help.twilio.com/articles/223134027.

        They hold for all of `senders`: the number that was texted, and those of its messaging service.
        """
        word, pairs = body.strip().upper(), {(handset, sender) for sender in senders}
        if ":" in handset:  # other channels have their own ways
            return ""
        if word in STOP:
            self._opted_out |= pairs
            return "stop"
        if word in START and self._opted_out & pairs:
            self._opted_out -= pairs
            return "start"
        return "help" if word in HELP else ""

    def has_opted_out(self, handset: str, senders: Collection[str]) -> bool:
        """Tell whether a handset wants no texts of one of `senders`: https://www.twilio.com/docs/errors/21610."""
        return any((handset, sender) in self._opted_out for sender in senders)

    def break_handset(self, handset: str, error_code: int | None) -> None:
        """Let what is sent to `handset` end undelivered with this code, such as 30003; None mends it."""
        if error_code is None:
            self._bad_handsets.pop(handset, None)
        else:
            self._bad_handsets[handset] = error_code

    def handset_error(self, handset: str) -> int | None:
        return self._bad_handsets.get(handset)

    def let_answer(self, handset: str, answering: Answering) -> None:
        """Say what becomes of calls to `handset`; without a word a person answers them."""
        self._answers[handset] = answering

    def answering(self, handset: str) -> Answering:
        return self._answers.get(handset, "human")

    def remember_sender(self, service_sid: str, to: str, sender: str) -> None:
        """Keep whom a messaging service chose for a recipient."""
        with self._lock:
            self._usual_senders[service_sid, to] = sender
            if len(self._usual_senders) > self._most:
                del self._usual_senders[next(iter(self._usual_senders))]

    def usual_sender(self, service_sid: str, to: str) -> str | None:
        with self._lock:
            return self._usual_senders.get((service_sid, to))
