"""Calls webhooks for an account and writes down what became of it: requests, and alerts for what failed."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlencode

from .records import Exchange, Pairs
from .state import State
from .twiml import BadReply
from .webhooks import Answer, Webhook, WebhookFailed, call, open_session, shown

Said = TypeVar("Said")


class Courier:
    def __init__(self, state: State) -> None:
        self._state = state
        self._session = open_session(state.settings.callers)

    def close(self) -> None:
        self._session.close()

    def webhook(self, account_sid: str, url: str, method: str, pairs: Pairs) -> Webhook:
        account = self._state.accounts[account_sid]
        return Webhook(url, method, pairs, account.auth_token, account.shared_key)

    def tell(self, account_sid: str, url: str, method: str, pairs: Pairs, about: str) -> None:
        """Report to a callback, whose answer says nothing."""
        if url:
            self.call(account_sid, self.webhook(account_sid, url, method, pairs), about)

    def call(self, account_sid: str, webhook: Webhook, about: str) -> Answer | None:
        """Call a webhook whose answer need not be acted upon; None when it failed."""
        try:
            return self.ask(account_sid, webhook, about)
        except WebhookFailed:
            return None

    def ask(self, account_sid: str, webhook: Webhook, about: str) -> Answer:
        """Call a webhook and wait for its answer. Raises WebhookFailed when it failed, which then is an alert too."""
        settings, started = self._state.settings, perf_counter()
        answer, note = None, ""
        try:
            answer = call(self._session, webhook, connect=settings.connect_timeout, total=settings.webhook_timeout)
        except WebhookFailed as failed:
            answer, note = failed.answer, str(failed)
            raise self.alert(account_sid, failed, about, webhook) from None
        finally:
            seconds, status = perf_counter() - started, answer.status if answer else None
            self._state.record(
                Exchange("out", webhook.method, shown(webhook.url), status, seconds, settings.clock(), note=note),
            )
        return answer

    def read(self, account_sid: str, webhook: Webhook, about: str, understand: Callable[[str, bytes], Said]) -> Said:
        """Call a webhook and return what its answer says. Raises WebhookFailed as `ask`, also for a BadReply."""
        answer = self.ask(account_sid, webhook, about)
        try:
            return understand(answer.content_type, answer.body)
        except BadReply as bad:
            raise self.alert(account_sid, WebhookFailed(bad.code, str(bad), answer), about, webhook) from bad

    def alert(self, account_sid: str, failed: WebhookFailed, about: str, webhook: Webhook) -> WebhookFailed:
        """Write down what failed, and return it."""
        answer = failed.answer
        self._state.alert(
            account_sid,
            failed.code,
            str(failed),
            resource_sid=about,
            url=shown(webhook.url),
            method=webhook.method,
            variables=urlencode(webhook.parameters),
            status=answer and answer.status,
            response=answer.body[:2000].decode("utf-8", "replace") if answer else "",
        )
        return failed
