"""All that the local Twilio holds: in memory, bounded, safe to use from any thread.

Records are frozen; a change puts a new one in the old one's place, and whoever subscribed is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Condition
from time import monotonic
from typing import Any

from .errors import TwilioError
from .faults import Faults
from .records import Account, Alert, ApiKey, Exchange, KeyKind, Keyword, Media, Message, Number
from .segments import count
from .settings import Settings, new_sid

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})


@dataclass(frozen=True, slots=True)
class Change:
    """A message that was made or that changed; None when something else did."""

    message: Message | None = None
    made: bool = False


Listener = Callable[[Change], None]


class State:
    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.faults = Faults()
        self._changed = Condition()
        self._listeners: list[Listener] = []
        self._order = 0
        self._version = 0
        self._clear()

    def reset(self) -> None:
        """Forget everything but the settings: the first account, its key and its numbers are there again."""
        with self._changed:
            self.faults.clear()
            self._clear()
        self._tell(Change())

    def _clear(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, ApiKey] = {}
        self.numbers: dict[str, Number] = {}
        self._messages: dict[str, Message] = {}
        self._alerts: deque[Alert] = deque(maxlen=self.settings.max_records)
        self._exchanges: deque[Exchange] = deque(maxlen=self.settings.max_records)
        self._opted_out: set[tuple[str, str]] = set()
        self._bad_handsets: dict[str, int] = {}
        self._furnish()

    def _furnish(self) -> None:
        own = self.settings
        self.add_account("Local Twilio", sid=own.account_sid, auth_token=own.auth_token)
        key = ApiKey(own.api_key, own.api_secret, own.account_sid, friendly_name="Local key")
        self.keys = {key.sid: key}
        for number in own.numbers:
            self.add_number(number)

    # -- accounts, keys, numbers: each mapping is replaced, never changed, so that it may be read at any time

    def add_account(self, name: str = "", *, sid: str = "", auth_token: str = "", owner_sid: str = "") -> Account:
        now, sid = self.settings.clock(), sid or new_sid("AC")
        account = Account(sid, auth_token or new_sid(""), name or sid, owner_sid or sid, now, now)
        self.accounts = self.accounts | {sid: account}
        return account

    def change_account(self, sid: str, **fields: Any) -> Account:
        account = replace(self.accounts[sid], updated=self.settings.clock(), **fields)
        self.accounts = self.accounts | {sid: account}
        return account

    def add_key(self, account_sid: str = "", kind: KeyKind = "standard", allow: frozenset[str] = frozenset()) -> ApiKey:
        key = ApiKey(new_sid("SK"), new_sid(""), account_sid or self.settings.account_sid, kind, kind, allow)
        self.keys = self.keys | {key.sid: key}
        return key

    def add_number(self, phone_number: str, account_sid: str = "", **fields: Any) -> Number:
        now, owner = self.settings.clock(), account_sid or self.settings.account_sid
        number = Number(new_sid("PN"), owner, phone_number, phone_number, now, now, **fields)
        self.numbers = self.numbers | {number.sid: number}
        return number

    def change_number(self, sid: str, **fields: Any) -> Number:
        number = replace(self.numbers[sid], updated=self.settings.clock(), **fields)
        self.numbers = self.numbers | {sid: number}
        self._tell(Change())
        return number

    def number(self, address: str, account_sid: str | None = None) -> Number | None:
        """Find the number behind an address such as `+1415…` or `whatsapp:+1415…`."""
        wanted = address.rpartition(":")[2]
        for number in self.numbers.values():
            if number.phone_number == wanted and account_sid in (None, number.account_sid):
                return number
        return None

    # -- messages

    def save(self, message: Message) -> Message:
        """Take a new message in. The oldest go when there are more than the settings allow."""
        with self._changed:
            self._order += 1
            message = replace(message, order=self._order)
            self._messages[message.sid] = message
            while len(self._messages) > self.settings.max_messages:
                del self._messages[next(iter(self._messages))]
        self._tell(Change(message, made=True))
        return message

    def change(self, sid: str, *, only_from: frozenset[str] | None = None, **fields: Any) -> Message | None:
        """Change a message; None if it is gone, or if its status is not one of `only_from`."""
        with self._changed:
            message = self._messages.get(sid)
            if message is None or (only_from is not None and message.status not in only_from):
                return None
            message = self._messages[sid] = replace(message, **{"updated": self.settings.clock()} | fields)
        self._tell(Change(message))
        return message

    def remove(self, sid: str) -> None:
        with self._changed:
            self._messages.pop(sid, None)
        self._tell(Change())

    def message(self, sid: str) -> Message | None:
        with self._changed:
            return self._messages.get(sid)

    def messages(self, account_sid: str | None = None) -> list[Message]:
        """Return the messages of one account, or of all, newest first."""
        with self._changed:
            messages = list(reversed(self._messages.values()))
        return [m for m in messages if account_sid in (None, m.account_sid)]

    def receive(self, from_: str, to: str, body: str = "", media: tuple[Media, ...] = ()) -> Message:
        """Let a handset text a number of ours; whoever carries messages then calls the number's webhook.

        Raises TwilioError 21211 if `to` is not one of the numbers here.
        """
        number = self.number(to)
        if number is None:
            raise TwilioError(21211, to)
        keyword = self._heed_keyword(from_, to, body)
        now = self.settings.clock()
        return self.save(
            Message(
                sid=new_sid("MM" if media else "SM"),
                account_sid=number.account_sid,
                direction="inbound",
                from_=from_,
                to=to,
                body=body,
                status="received",
                created=now,
                updated=now,
                sent=now,
                num_segments=count(body),
                media=media,
                keyword=keyword,
            ),
        )

    # -- handsets

    def _heed_keyword(self, handset: str, number: str, body: str) -> Keyword:
        """Obey Twilio's opt-out words of SMS: https://help.twilio.com/articles/223134027."""
        word, pair = body.strip().upper(), (handset, number)
        if ":" in handset:  # other channels have their own ways
            return ""
        if word in STOP:
            self._opted_out.add(pair)
            return "stop"
        if word in START and pair in self._opted_out:
            self._opted_out.discard(pair)
            return "start"
        return ""

    def has_opted_out(self, handset: str, number: str) -> bool:
        return (handset, number) in self._opted_out

    def break_handset(self, handset: str, error_code: int | None) -> None:
        """Let what is sent to `handset` end undelivered with this code, such as 30003; None mends it."""
        if error_code is None:
            self._bad_handsets.pop(handset, None)
        else:
            self._bad_handsets[handset] = error_code

    def handset_error(self, handset: str) -> int | None:
        return self._bad_handsets.get(handset)

    # -- records of what happened

    def alert(self, account_sid: str, error_code: int, text: str, **fields: Any) -> Alert:
        alert = Alert(new_sid("NO"), account_sid, error_code, text, self.settings.clock(), **fields)
        with self._changed:
            self._alerts.appendleft(alert)
        self._tell(Change())
        return alert

    def alerts(self) -> tuple[Alert, ...]:
        with self._changed:
            return tuple(self._alerts)

    def record(self, exchange: Exchange) -> None:
        with self._changed:
            self._exchanges.appendleft(exchange)
        self._tell(Change())

    def exchanges(self) -> tuple[Exchange, ...]:
        with self._changed:
            return tuple(self._exchanges)

    # -- who wants to know

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change, in the thread that made it; returns how to stop that."""
        self._listeners = [*self._listeners, listener]
        return lambda: self._unsubscribe(listener)

    def _unsubscribe(self, listener: Listener) -> None:
        self._listeners = [known for known in self._listeners if known is not listener]

    def wait_for(self, wanted: Callable[[], Any], timeout: float = 10.0) -> Any:
        """Return what `wanted()` says once it is true, looking after each change; TimeoutError after `timeout` s."""
        deadline = monotonic() + timeout
        while True:
            seen = self._version
            if found := wanted():  # without the lock: it may well ask over HTTP
                return found
            with self._changed:
                if not self._changed.wait_for(lambda: self._version != seen, deadline - monotonic()):  # noqa: B023
                    raise TimeoutError(f"not seen within {timeout:g} seconds")

    def _tell(self, change: Change) -> None:
        with self._changed:
            self._version += 1
            self._changed.notify_all()
        for listener in self._listeners:
            listener(change)
