"""Moves messages: outbound ones through their statuses, inbound ones to the number's webhook and its answer back.

It listens to the state: a new outbound message starts its life, a new inbound one calls the webhook.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urljoin
from uuid import NAMESPACE_URL, uuid5

from . import parameters, pool, twiml
from .agenda import Agenda
from .courier import Courier
from .records import Message, Pairs
from .segments import count
from .sending import MAX_BODY, WHATSAPP, media_of
from .settings import new_sid
from .state import Change, State
from .twiml import Redirect, Reply
from .webhooks import Webhook, WebhookFailed, shown

PRICE = 0.0079  # US dollars a segment
MAX_DOCUMENTS, MAX_REPLIES = 50, 10  # to one message: https://www.twilio.com/docs/api/errors/14106 and 14109
TOO_MANY_DOCUMENTS, TOO_MANY_REPLIES, INVALID_MESSAGE, UNSUBSCRIBED = 14106, 14109, 14103, 21610  # of the debugger
WINDOW = timedelta(hours=24)  # on WhatsApp, after somebody wrote
OUTSIDE_WINDOW = 63016  # https://www.twilio.com/docs/api/errors/63016

KEYWORD_REPLIES = {
    "stop": "You are unsubscribed and get no more texts from this number. Reply START to get them again.",
    "start": "You are subscribed again. Reply STOP to unsubscribe.",
    "help": "Reply STOP to unsubscribe.",
}


class Carrier:
    """Give it a state and it carries what is put there, until it is closed."""

    def __init__(self, state: State, courier: Courier, agenda: Agenda) -> None:
        self._state = state
        self._courier = courier
        self._agenda = agenda
        self._unsubscribe = state.subscribe(self._heed)

    def close(self) -> None:
        self._unsubscribe()

    def redeliver(self, message: Message) -> None:
        """Call the webhook for an inbound message once more, with the token of the first time."""
        self._later(0, message, lambda: self._deliver_inbound(message))

    def _heed(self, change: Change) -> None:
        message = change.message
        if message is None or not change.made:
            return
        if message.direction == "inbound":
            if message.keyword:
                self._send(message, Reply(KEYWORD_REPLIES[message.keyword]))
            self._later(0, message, lambda: self._deliver_inbound(message))
        elif message.status == "scheduled" and message.send_at:
            wait = (message.send_at - self._state.settings.clock()).total_seconds()
            self._later(max(wait, 0), message, lambda: self._step(message.sid, "scheduled", "queued"))
        else:
            self._rest(message)

    def _later(self, seconds: float, message: Message, job: Callable[[], None]) -> None:
        self._agenda.after(seconds, message.sid, job)

    # -- outbound

    def _rest(self, message: Message) -> None:
        """Let a message rest in its state, then give it the next; the last state has no next."""
        delays = self._state.settings.delays
        following: dict[str, tuple[float, str]] = {
            "accepted": (delays.queued, "queued"),
            "queued": (delays.queued, "sending"),
            "sending": (delays.sending, "sent"),
            "sent": (delays.sent, "delivered"),
        }
        if message.status in following:
            seconds, status = following[message.status]
            self._later(seconds, message, lambda: self._step(message.sid, message.status, status))

    def _step(self, sid: str, before: str, after: str) -> None:
        fields = {"status": after} | self._fields(self._state.message(sid), after)
        message = self._state.change(sid, only_from=frozenset({before}), **fields)
        if message is None:  # deleted or canceled meanwhile
            return
        self._rest(message)
        self._call_back(message)

    def _fields(self, message: Message | None, status: str) -> dict[str, object]:
        if message is None:
            return {}
        if status == "queued" and message.from_ is None:
            return {"from_": pool.choose(self._state, message), "num_segments": count(message.body)}
        if status == "sent":
            now, segments = self._state.settings.clock(), max(message.num_segments, 1)
            self._state.ledger.charge(message.account_sid, now, "sms-outbound", segments, PRICE * segments)
            return {"sent": now, "price": f"{-PRICE * segments:.5f}"}
        if status == "delivered" and (error := self._error(message)):
            return {"status": "undelivered", "error_code": error}
        return {}

    def _error(self, message: Message) -> int | None:
        """Return why a message does not arrive: its handset is broken, or it may not be written to freely on WhatsApp."""
        sender = message.from_ or ""
        if (broken := self._state.handset_error(message.to)) or not sender.startswith(WHATSAPP):
            return broken
        heard = self._state.last_heard(message.to, sender.removeprefix(WHATSAPP))
        may_write = heard is not None and self._state.settings.clock() - heard <= WINDOW
        return None if may_write or dict(message.parameters).get("ContentSid") else OUTSIDE_WINDOW

    def call_back(self, message: Message) -> None:
        """Report a status that did not come of the message's own life, such as canceled."""
        self._later(0, message, lambda: self._call_back(message))

    def _call_back(self, message: Message) -> None:
        pairs = parameters.status(message)
        self._courier.tell(message.account_sid, message.status_callback, "POST", pairs, message.sid)

    # -- inbound

    def _deliver_inbound(self, message: Message) -> None:
        number = self._state.number(message.to, message.account_sid)
        targets = pool.webhooks(self._state, number) if number else []
        pairs = parameters.inbound(message, self._state.settings.url)
        failed: Pairs = ()
        for place, (url, method) in enumerate(targets):
            webhook = self._courier.webhook(message.account_sid, url, method, (*pairs, *failed))
            failed = self._converse(message, webhook if place else replace(webhook, token=_token(message)))
            if not failed:
                return

    def _converse(self, message: Message, webhook: Webhook) -> Pairs:
        """Call the webhook, follow its redirects and send its replies; return what a fallback gets once something failed."""
        replies = 0
        for _ in range(MAX_DOCUMENTS):
            try:
                verbs = self._courier.read(message.account_sid, webhook, message.sid, twiml.read)
            except WebhookFailed as failed:
                return parameters.failure(failed.code, shown(webhook.url))
            self._state.change(message.sid, heard=True, updated=message.updated)
            for verb in verbs:
                if isinstance(verb, Redirect):
                    url = urljoin(webhook.url, verb.url)
                    webhook = self._courier.webhook(message.account_sid, url, verb.method, webhook.parameters)
                    break
                replies += 1
                if replies > MAX_REPLIES:
                    self._alert(message, TOO_MANY_REPLIES, f"More than {MAX_REPLIES} replies to one message")
                    return ()
                self._reply(message, verb)
            else:
                return ()
        self._alert(
            message, TOO_MANY_DOCUMENTS, f"The webhook redirected in a circle: more than {MAX_DOCUMENTS} documents"
        )
        return parameters.failure(TOO_MANY_DOCUMENTS, shown(webhook.url))

    def _alert(self, message: Message, code: int, text: str) -> None:
        self._state.alert(message.account_sid, code, text, resource_sid=message.sid)

    def _reply(self, message: Message, reply: Reply) -> None:
        if not reply.body and not reply.media:
            self._alert(message, INVALID_MESSAGE, "A reply without a body")
        elif len(reply.body) > MAX_BODY:
            text = f"A reply of {len(reply.body)} characters; Twilio sends at most {MAX_BODY}"
            self._alert(message, INVALID_MESSAGE, text)
        elif self._has_opted_out(message, reply):
            self._alert(message, UNSUBSCRIBED, "Attempt to send to unsubscribed recipient")
        else:
            self._send(message, reply)

    def _has_opted_out(self, message: Message, reply: Reply) -> bool:
        senders = self._state.fellows(message.account_sid, reply.from_ or message.to)
        return self._state.has_opted_out(reply.to or message.from_ or "", senders)

    def _send(self, message: Message, reply: Reply) -> None:
        self._state.save(_reply_message(message, reply, self._state.settings.clock()))


def _token(message: Message) -> str:
    """The idempotency token of an inbound message: the same each time its webhook is called."""
    return str(uuid5(NAMESPACE_URL, message.sid))


def _reply_message(asked: Message, reply: Reply, now: datetime) -> Message:
    return Message(
        sid=new_sid("MM" if reply.media else "SM"),
        account_sid=asked.account_sid,
        direction="outbound-reply",
        from_=reply.from_ or asked.to,
        to=reply.to or asked.from_ or "",
        body=reply.body,
        status="queued",
        created=now,
        updated=now,
        num_segments=count(reply.body),
        media=tuple(media_of(url) for url in reply.media),
        status_callback=reply.status_callback,
        parameters=(("InReplyTo", asked.sid),),
    )
