"""Moves messages: outbound ones through their statuses, inbound ones to the number's webhook and its answer back.

It listens to the state: a new outbound message starts its life, a new inbound one calls the webhook.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from urllib.parse import urljoin
from uuid import NAMESPACE_URL, uuid5

from . import parameters, twiml
from .agenda import Agenda
from .records import Exchange, Message, Pairs
from .segments import count
from .sending import MAX_BODY, media_of
from .settings import new_sid
from .state import Change, State
from .twiml import BadReply, Redirect, Reply
from .webhooks import Answer, Webhook, WebhookFailed, call, open_session, shown

PRICE = 0.0079  # US dollars a segment
MAX_REDIRECTS = 10
TOO_MANY_REDIRECTS, INVALID_MESSAGE, UNSUBSCRIBED = 11215, 14103, 21610  # codes of Twilio's debugger

KEYWORD_REPLIES = {
    "stop": "You are unsubscribed and get no more texts from this number. Reply START to get them again.",
    "start": "You are subscribed again. Reply STOP to unsubscribe.",
}


class Carrier:
    """Give it a state and it carries what is put there, until it is closed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._agenda = Agenda()
        self._session = open_session()
        self._unsubscribe = state.subscribe(self._heed)

    def close(self) -> None:
        self._unsubscribe()
        self._agenda.close()
        self._session.close()

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
        error = self._state.handset_error(message.to)
        following: dict[str, tuple[float, str]] = {
            "accepted": (delays.queued, "queued"),
            "queued": (delays.queued, "sending"),
            "sending": (delays.sending, "sent"),
            "sent": (delays.sent, "undelivered" if error else "delivered"),
        }
        if message.status in following:
            seconds, status = following[message.status]
            self._later(seconds, message, lambda: self._step(message.sid, message.status, status))

    def _step(self, sid: str, before: str, after: str) -> None:
        fields = self._fields(self._state.message(sid), after)
        message = self._state.change(sid, only_from=frozenset({before}), status=after, **fields)
        if message is None:  # deleted or canceled meanwhile
            return
        self._rest(message)
        self._call_back(message)

    def _fields(self, message: Message | None, status: str) -> dict[str, object]:
        if message is None:
            return {}
        if status == "queued" and message.from_ is None:
            sender = next((n for n in self._state.numbers.values() if n.account_sid == message.account_sid), None)
            return {"from_": sender and sender.phone_number, "num_segments": count(message.body)}
        if status == "sent":
            price = f"{-PRICE * max(message.num_segments, 1):.5f}"
            return {"sent": self._state.settings.clock(), "price": price}
        return {"error_code": self._state.handset_error(message.to)} if status == "undelivered" else {}

    def call_back(self, message: Message) -> None:
        """Report a status that did not come of the message's own life, such as canceled."""
        self._later(0, message, lambda: self._call_back(message))

    def _call_back(self, message: Message) -> None:
        if message.status_callback:
            pairs = parameters.status(message)
            webhook = self._webhook(message.account_sid, message.status_callback, "POST", pairs)
            self._call(message.account_sid, webhook, message.sid)

    # -- inbound

    def _deliver_inbound(self, message: Message) -> None:
        number = self._state.number(message.to, message.account_sid)
        if number is None or not number.sms_url:
            return
        pairs = parameters.inbound(message, self._state.settings.url)
        first = self._webhook(message.account_sid, number.sms_url, number.sms_method, pairs)
        if self._converse(message, replace(first, token=_token(message))) or not number.sms_fallback_url:
            return
        url, method = number.sms_fallback_url, number.sms_fallback_method
        self._converse(message, self._webhook(message.account_sid, url, method, pairs))

    def _converse(self, message: Message, webhook: Webhook) -> bool:
        """Call the webhook, follow its redirects and send its replies; False once something failed."""
        for _ in range(MAX_REDIRECTS):
            answer = self._call(message.account_sid, webhook, message.sid)
            verbs = self._read(message, webhook.url, answer) if answer else None
            if verbs is None:
                return False
            self._state.change(message.sid, heard=True, updated=message.updated)
            for verb in verbs:
                if isinstance(verb, Redirect):
                    url = urljoin(webhook.url, verb.url)
                    webhook = self._webhook(message.account_sid, url, verb.method, webhook.parameters)
                    break
                self._reply(message, verb)
            else:
                return True
        self._state.alert(message.account_sid, TOO_MANY_REDIRECTS, "Too many redirects", resource_sid=message.sid)
        return False

    def _read(self, message: Message, url: str, answer: Answer) -> list[Reply | Redirect] | None:
        try:
            return twiml.read(answer.content_type, answer.body)
        except BadReply as bad:
            self._alert(message.account_sid, WebhookFailed(bad.code, str(bad), answer), message.sid, url)
            return None

    def _reply(self, message: Message, reply: Reply) -> None:
        if not reply.body and not reply.media:
            self._state.alert(message.account_sid, INVALID_MESSAGE, "A reply without a body", resource_sid=message.sid)
        elif len(reply.body) > MAX_BODY:
            text = f"A reply of {len(reply.body)} characters; Twilio sends at most {MAX_BODY}"
            self._state.alert(message.account_sid, INVALID_MESSAGE, text, resource_sid=message.sid)
        elif self._state.has_opted_out(reply.to or message.from_ or "", reply.from_ or message.to):
            text = "Attempt to send to unsubscribed recipient"
            self._state.alert(message.account_sid, UNSUBSCRIBED, text, resource_sid=message.sid)
        else:
            self._send(message, reply)

    def _send(self, message: Message, reply: Reply) -> None:
        self._state.save(_reply_message(message, reply, self._state.settings.clock()))

    # -- calling

    def call(self, account_sid: str, url: str, method: str, pairs: Pairs, body: bytes | None = None) -> Answer | None:
        """Call any webhook for an account, and wait for its answer; None when there is none that is worth the name."""
        webhook = replace(self._webhook(account_sid, url, method, pairs), body=body)
        return self._call(account_sid, webhook, "")

    def _webhook(self, account_sid: str, url: str, method: str, pairs: Pairs) -> Webhook:
        account = self._state.accounts[account_sid]
        return Webhook(url, method, pairs, account.auth_token, account.shared_key)

    def _call(self, account_sid: str, webhook: Webhook, about: str) -> Answer | None:
        """Call a webhook and write down what happened; None when it failed, which then is an alert too."""
        settings, started = self._state.settings, perf_counter()
        answer, note = None, ""
        try:
            answer = call(self._session, webhook, connect=settings.connect_timeout, total=settings.webhook_timeout)
        except WebhookFailed as failed:
            answer, note = failed.answer, str(failed)
            self._alert(account_sid, failed, about, webhook.url)
        seconds, status = perf_counter() - started, answer.status if answer else None
        self._state.record(
            Exchange("out", webhook.method, shown(webhook.url), status, seconds, settings.clock(), note=note),
        )
        return None if note else answer

    def _alert(self, account_sid: str, failed: WebhookFailed, about: str, url: str) -> None:
        answer = failed.answer
        self._state.alert(
            account_sid,
            failed.code,
            str(failed),
            resource_sid=about,
            url=shown(url),
            status=answer and answer.status,
            response=answer.body[:2000].decode("utf-8", "replace") if answer else "",
        )


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
