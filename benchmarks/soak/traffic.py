"""What happens at the local Twilio meanwhile: texts, calls, opt-outs, webhooks, numbers bought, handsets that break."""

import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from random import Random

import requests
from twilios import NUMBERS, Twilio

UNREACHABLE, OFTEN = 30003, 0.15  # what some handsets are, and how many
ALL = ["initiated", "ringing", "answered", "completed"]
SHARES = {"text": 40, "answer": 14, "opt_out": 10, "ring": 8, "call": 8, "webhook": 8, "alert": 6, "buy": 2}


class Traffic:
    """``rate`` is of events a second. Each text and each call is another person's, by a number that counts up."""

    def __init__(self, seed: int, twilio: Twilio, addresses: dict[str, str], rate: float) -> None:
        self._random, self._twilio, self._addresses, self._rate = Random(seed), twilio, addresses, rate
        self._numbers = count(1)
        self._over = threading.Event()
        self.made = 0

    def run(self) -> None:
        """Until it is ended."""
        while not self._over.wait(self._random.expovariate(self._rate)):
            (kind,) = self._random.choices(list(SHARES), list(SHARES.values()))
            act: Callable[[str], None] = getattr(self, f"_{kind}")
            act(f"+1555{next(self._numbers):07d}")
            self.made += 1

    def end(self) -> None:
        self._over.set()

    def _text(self, person: str) -> None:
        if self._random.random() < OFTEN:
            self._twilio.break_handset(person, UNREACHABLE)
        self._twilio.text("Text", person, f"text {person}")

    def _answer(self, person: str) -> None:
        self._twilio.text("Answer", person, f"question {person}")

    def _opt_out(self, person: str) -> None:
        """Out, and in again; what is no keyword starts no flow."""
        for body in ("hello", "STOP", "START")[: self._random.randint(1, 3)]:
            self._twilio.text("Opt-out", person, body)

    def _ring(self, person: str) -> None:
        self._twilio.ring(person)

    def _call(self, person: str) -> None:
        """By Twilio's own API, which may refuse it, or do it and not say so."""
        form = {"From": NUMBERS["Call"], "To": person, "Twiml": "<Response><Say>Hello</Say></Response>"}
        form |= {"StatusCallback": self._addresses["Call status"], "StatusCallbackEvent": ALL}
        with suppress(requests.RequestException):
            self._twilio.post("Calls", form)

    def _webhook(self, person: str) -> None:
        self._twilio.call_webhook(self._addresses["Webhook"], {"Person": person, "Number": "a number"})

    def _alert(self, person: str) -> None:
        """Its number's webhook is nobody's: that is an alert."""
        self._twilio.text("Nobody", person, "anybody?")

    def _buy(self, person: str) -> None:
        self._twilio.buy(person)
