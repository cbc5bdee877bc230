"""Tells an account's debugger webhook of each alert: https://www.twilio.com/docs/usage/troubleshooting/debugging-event-webhooks."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from .agenda import Agenda
from .courier import Courier
from .records import Account, Alert, Pairs
from .shapes import iso
from .state import Change, State


class Alarm:
    """Give it a state and it tells of the alerts there, until it is closed."""

    def __init__(self, state: State, courier: Courier, agenda: Agenda) -> None:
        self._state = state
        self._courier = courier
        self._agenda = agenda
        self.close = state.subscribe(self._heed)

    def _heed(self, change: Change) -> None:
        alert = change.alert
        account = self._state.accounts.get(alert.account_sid) if alert else None
        if alert is None or account is None or not account.debugger_url:
            return
        if alert.resource_sid.startswith("NO"):  # telling of an alert failed: that is nothing to tell
            return
        url, told = account.debugger_url, pairs(alert, account)
        self._agenda.after(0, alert.sid, lambda: self._courier.tell(account.sid, url, "POST", told, alert.sid))


def pairs(alert: Alert, account: Account) -> Pairs:
    """Return what the webhook gets."""
    parent = (("ParentAccountSid", account.owner_sid),) if account.owner_sid != account.sid else ()
    return (
        ("AccountSid", alert.account_sid),
        *parent,
        ("Level", alert.level.upper()),
        ("PayloadType", "application/json"),
        ("Payload", json.dumps(_payload(alert))),
        ("Timestamp", iso(alert.created) or ""),
        ("Sid", alert.sid),
    )


def _payload(alert: Alert) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "resource_sid": alert.resource_sid or None,
        "service_sid": None,
        "error_code": str(alert.error_code),
        "more_info": {"Msg": alert.text},
    }
    if alert.url:
        said = dict(parse_qsl(alert.variables, keep_blank_values=True))
        request = {"url": alert.url, "method": alert.method, "headers": {}, "parameters": said}
        response: dict[str, Any] = {"status_code": alert.status, "headers": {}, "body": alert.response}
        payload["webhook"] = {"type": "application/json", "request": request, "response": response}
    return payload
