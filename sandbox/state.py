"""All that the local Twilio holds: in memory, bounded, safe to use from any thread.

Records are frozen; a change puts a new one in the old one's place, and whoever subscribed is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count as count_up
from threading import Condition
from time import monotonic
from typing import Any

from . import presets
from .errors import TwilioError
from .faults import Faults
from .handsets import Handsets
from .products import (
    Application,
    PhoneCall,
    Program,
    Service,
)
from .records import Account, Alert, ApiKey, Exchange, KeyKind, Media, Message, Number, Pairs, Record
from .segments import count
from .settings import Settings, new_sid
from .shelf import Shelf
from .shelves import Shelves

INBOUND_PRICE = 0.0079  # US dollars a segment


def program_of(application: Application) -> Program:
    """Return what an application says of calls."""
    url, fallback = application.voice_url or "", application.voice_fallback_url or ""
    return Program("", url, application.voice_method, fallback, application.voice_fallback_method)


@dataclass(frozen=True, slots=True)
class Change:
    """A message, a call or an alert that was made or that changed; none of them when something else did."""

    message: Message | None = None
    made: bool = False
    call: PhoneCall | None = None
    alert: Alert | None = None


Listener = Callable[[Change], None]


class Dropped(Exception):
    """Twilio would neither log this text nor tell anybody of it; `str()` says why, and what to set."""


class State(Handsets, Shelves):
    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        super().__init__(self.settings.max_messages)
        self.faults = Faults()
        self._changed = Condition()
        self._listeners: list[Listener] = []
        self._places = count_up(1)  # one order over everything, so that a place is never given twice
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
        self._shelve(self.settings.max_messages, self.settings.max_records, self._shelf)
        self._exchanges: deque[Exchange] = deque(maxlen=self.settings.max_records)
        self._forget_handsets()
        self._furnish()

    def _shelf(self, size: int) -> Shelf[Any]:
        return Shelf(size, self._places, self.settings.clock, self._told)

    def _told(self, record: Record, made: bool) -> None:
        call = record if isinstance(record, PhoneCall) else None
        alert = record if isinstance(record, Alert) else None
        self._tell(Change(call=call, alert=alert, made=made and bool(call or alert)))

    def _furnish(self) -> None:
        own = self.settings
        self.add_account("Local Twilio", sid=own.account_sid, auth_token=own.auth_token)
        key = ApiKey(own.api_key, own.api_secret, own.account_sid, friendly_name="Local key")
        self.keys = {key.sid: key}
        for number in own.numbers:
            self.add_number(number)
        for content in presets.contents(own.account_sid, own.clock()):
            self.contents.add(content)
        self.services.add(presets.service(own.account_sid, own.clock()))
        for sender in presets.senders(own.account_sid, tuple(self.numbers.values())):
            self.senders.add(sender)
        self.verify_services.add(presets.verify_service(own.account_sid, own.clock()))

    # -- accounts, keys, numbers: each mapping is replaced, never changed, so that it may be read at any time

    def add_account(self, name: str = "", *, sid: str = "", auth_token: str = "", owner_sid: str = "") -> Account:
        now, sid = self.settings.clock(), sid or new_sid("AC")
        place = next(self._places)
        account = Account(sid, auth_token or new_sid(""), name or sid, owner_sid or sid, now, now, order=place)
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
        sid = new_sid("PN" if phone_number.startswith("+") else "SC")
        given: dict[str, Any] = {"friendly_name": phone_number, "order": next(self._places)} | fields
        number = Number(sid=sid, account_sid=owner, phone_number=phone_number, created=now, updated=now, **given)
        self.numbers = self.numbers | {number.sid: number}
        return number

    def change_number(self, sid: str, **fields: Any) -> Number:
        number = replace(self.numbers[sid], updated=self.settings.clock(), **fields)
        self.numbers = self.numbers | {sid: number}
        self._tell(Change())
        return number

    def remove_number(self, sid: str) -> None:
        self.numbers = {key: number for key, number in self.numbers.items() if key != sid}
        for sender in self.senders.newest():
            if sender.sid == sid:
                self.senders.remove(sid)
        self._tell(Change())

    def number(self, address: str, account_sid: str | None = None) -> Number | None:
        """Find the number behind an address such as `+1415…` or `whatsapp:+1415…`."""
        wanted = address.rpartition(":")[2]
        for number in self.numbers.values():
            if number.phone_number == wanted and account_sid in (None, number.account_sid):
                return number
        return None

    def service_of(self, number: Number) -> Service | None:
        """Return the messaging service that a number is a sender of."""
        sender = self.senders.get(number.sid)
        return self.services.get(sender.service_sid) if sender else None

    def fellows(self, account_sid: str, address: str | None, service_sid: str = "") -> set[str]:
        """Return who shares opt-outs: the address, the senders of its messaging service and those of `service_sid`."""
        senders = [it for it in self.senders.newest() if it.account_sid == account_sid]
        services = {it.service_sid for it in senders if it.address == address} | {service_sid}
        return {it.address for it in senders if it.service_sid in services} | ({address} if address else set())

    # -- messages

    def save(self, message: Message) -> Message:
        """Take a new message in. The oldest go when there are more than the settings allow."""
        with self._changed:
            message = replace(message, order=next(self._places))
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
        return messages if account_sid is None else [m for m in messages if m.account_sid == account_sid]

    def receive(self, from_: str, to: str, body: str = "", media: tuple[Media, ...] = (), more: Pairs = ()) -> Message:
        """Let a handset text a number of ours; whoever carries messages then calls the number's webhook.

        `more` is what the webhook gets besides, such as a button of WhatsApp's.
        Raises TwilioError 21211 if `to` is not one of the numbers here, and Dropped if its messaging service takes
        no texts; an opt-out holds all the same.
        """
        number = self.number(to)
        if number is None:
            raise TwilioError(21211, to)
        keyword = self.heed_keyword(from_, self.fellows(number.account_sid, to), body)
        now, service = self.settings.clock(), self.service_of(number)
        self.hear(from_, number.phone_number, now)
        if service and service.drops_inbound:
            raise Dropped(
                f"{number.phone_number} is a sender of the messaging service {service.friendly_name}, which has no "
                "InboundRequestUrl: Twilio drops such a text. Set that, or UseInboundWebhookOnNumber to true"
            )
        self.ledger.charge(number.account_sid, now, "sms-inbound", count(body), INBOUND_PRICE * count(body))
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
                messaging_service_sid=service.sid if service else None,
                num_segments=count(body),
                media=media,
                keyword=keyword,
                parameters=more,
            ),
        )

    # -- calls

    def ring(self, from_: str, to: str) -> PhoneCall:
        """Let a handset call a number of ours, whose voice webhook then says what happens.

        Raises TwilioError 21217 if `to` is not one of the numbers here.
        """
        number = self.number(to)
        if number is None:
            raise TwilioError(21217, to)
        now, application = self.settings.clock(), self.applications.get(number.voice_application_sid)
        callback = (("StatusCallback", (number.status_callback,)),)
        asked = (*callback, ("StatusCallbackMethod", (number.status_callback_method,)))
        own = Program(
            "", number.voice_url, number.voice_method, number.voice_fallback_url, number.voice_fallback_method
        )
        return self.calls.add(
            PhoneCall(
                sid=new_sid("CA"),
                account_sid=number.account_sid,
                created=now,
                updated=now,
                to=number.phone_number,
                from_=from_,
                status="ringing",
                direction="inbound",
                phone_number_sid=number.sid,
                program=program_of(application) if application else own,
                asked=asked if number.status_callback else (),
            ),
        )

    # -- records of what happened

    def alert(self, account_sid: str, error_code: int, text: str, **fields: Any) -> Alert:
        now, sid = self.settings.clock(), new_sid("NO")
        given: dict[str, Any] = {"error_code": error_code, "text": text} | fields
        return self.debugger.add(Alert(sid=sid, account_sid=account_sid, created=now, updated=now, **given))

    def alerts(self) -> tuple[Alert, ...]:
        return tuple(self.debugger.newest())

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
